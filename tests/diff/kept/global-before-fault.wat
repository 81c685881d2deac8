;; What was written to a global before an access that faults was lost, or what comes after it was written: LLVM moves
;; stores of globals over accesses of memory unless both are volatile.
(module
  (memory 1 1)
  (global $g (mut i64) (i64.const 0))
  (func (export "f0") (param i64 i64 i64 i64) (result i64)
    (global.set $g (i64.add (global.get $g) (i64.const 3)))
    (drop (i64.load (i32.const 65536)))
    (global.set $g (i64.const 99))
    (local.get 0))
  (func (export "sum") (result i64)
    (global.get $g)))
