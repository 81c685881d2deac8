;; memory.copy of every small size, at every distance at which the ranges overlap, against a copy byte by byte through a third place.
(module
  (memory 1)
  (func $fill (local $i i32)
    (loop $l
      (i32.store8 (local.get $i) (i32.add (i32.mul (local.get $i) (i32.const 167)) (i32.const 13)))
      (i32.store8 offset=1024 (local.get $i) (i32.load8_u (local.get $i)))
      (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 512)))))
  (func $bytes (param $to i32) (param $from i32) (param $n i32) (local $i i32)
    (if (i32.eqz (local.get $n)) (then (return)))
    (loop $l
      (i32.store8 (i32.add (local.get $to) (local.get $i)) (i32.load8_u (i32.add (local.get $from) (local.get $i))))
      (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n)))))
  ;; how many bytes of the 512 differ
  (func $differ (result i32) (local $i i32) (local $sum i32)
    (loop $l
      (local.set $sum (i32.add (local.get $sum)
        (i32.ne (i32.load8_u (local.get $i)) (i32.load8_u offset=1024 (local.get $i)))))
      (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 512))))
    (local.get $sum))
  (func (export "all") (param $max i32) (result i32) (local $n i32) (local $to i32) (local $sum i32)
    (loop $sizes
      (local.set $to (i32.const 120))
      (loop $places
        (call $fill)
        (memory.copy (local.get $to) (i32.const 200) (local.get $n))
        (call $bytes (i32.const 4096) (i32.const 1224) (local.get $n))
        (call $bytes (i32.add (i32.const 1024) (local.get $to)) (i32.const 4096) (local.get $n))
        (local.set $sum (i32.add (local.get $sum) (call $differ)))
        (br_if $places (i32.le_u (local.tee $to (i32.add (local.get $to) (i32.const 1))) (i32.const 280))))
      (br_if $sizes (i32.le_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (local.get $max))))
    (local.get $sum))
  (func (export "copy") (param i32 i32 i32) (memory.copy (local.get 0) (local.get 1) (local.get 2)))
  (func (export "load") (param i32) (result i32) (i32.load8_u (local.get 0)))
)
(assert_return (invoke "all" (i32.const 70)) (i32.const 0))

;; up to the end, and nothing is written when a byte is beyond it
(assert_return (invoke "copy" (i32.const 65520) (i32.const 0) (i32.const 16)))
(assert_trap (invoke "copy" (i32.const 65521) (i32.const 300) (i32.const 16)) "out of bounds memory access")
(assert_return (invoke "load" (i32.const 65535)) (i32.const 214))
(assert_trap (invoke "copy" (i32.const 0) (i32.const 65535) (i32.const 2)) "out of bounds memory access")
(assert_trap (invoke "copy" (i32.const 0xffffffff) (i32.const 0) (i32.const 1)) "out of bounds memory access")
(assert_trap (invoke "copy" (i32.const 0) (i32.const 0xfffffff8) (i32.const 32)) "out of bounds memory access")
(assert_return (invoke "copy" (i32.const 65536) (i32.const 65536) (i32.const 0)))
(assert_trap (invoke "copy" (i32.const 65537) (i32.const 0) (i32.const 0)) "out of bounds memory access")
