;; Code much larger than its body: the buffer grows while the second function is made, and the first must stay whole.
(module
  (func (export "first") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 3)))
  (func $many (result i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)
    i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1
    i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1
    i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1
    i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1
    i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1
    i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1
    i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1
    i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1
    i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1
    i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1
    i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1
    i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1
    i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1
    i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1
    i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1
    i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1
    i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1
    i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1
    i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1
    i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1 i32.const 1)
  (func (export "second")
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
    block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end block call $many br 0 end
  ))
(assert_return (invoke "first" (i32.const 14)) (i32.const 42))
(assert_return (invoke "second"))
