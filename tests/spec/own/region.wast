;; Registers at the edges between loops and what is around them.

;; The slow path of a conversion is made at the end of the function, where a register that holds a local in the loop holds
;; none: it must not write to it. Four busier locals take the registers that calls keep, so $x has another, in the loop only.
(module
  (func $nothing)
  (func (export "convert") (param $x i64) (result i64)
    (local $n i32) (local $a i64) (local $b i64) (local $c i64) (local $d f64)
    (call $nothing)
    (loop $again
      (local.set $a (i64.add (local.get $a) (i64.const 1)))
      (local.set $b (i64.add (local.get $b) (i64.add (local.get $a) (local.get $a))))
      (local.set $c (i64.add (local.get $c) (i64.add (local.get $b) (local.get $b))))
      (local.set $n (i32.add (i32.add (local.get $n) (i32.const 1)) (i32.sub (local.get $n) (local.get $n))))
      (local.set $d (f64.convert_i64_u (local.get $x)))
      (br_if $again (i32.lt_u (local.get $n) (i32.const 3))))
    (call $nothing)
    (i64.add (local.get $x) (i64.trunc_f64_u (local.get $d))))
)
(assert_return (invoke "convert" (i64.const 7)) (i64.const 14))
(assert_return (invoke "convert" (i64.const -9223372036854775808)) (i64.const 0))
(assert_return (invoke "convert" (i64.const 0x8000000000000800)) (i64.const 0x1000))
