;; The loop of memcmp, before which equal bytes are stepped over, against one that is not recognized; loops that are nearly
;; it; and accesses beyond the end, which trap where the bytes before are equal, and only there.
(module
  (memory 1)
  (global $wrong (mut i32) (i32.const 0))
  (func $compare (param $a i32) (param $b i32) (param $n i32) (result i32) (local $x i32) (local $y i32)
    (block $same
      (br_if $same (i32.eqz (local.get $n)))
      (block $differ
        (loop $next
          (br_if $differ (i32.ne (local.tee $x (i32.load8_u (local.get $a))) (local.tee $y (i32.load8_u (local.get $b)))))
          (local.set $b (i32.add (local.get $b) (i32.const 1)))
          (local.set $a (i32.add (local.get $a) (i32.const 1)))
          (br_if $next (local.tee $n (i32.add (local.get $n) (i32.const -1)))))
        (br $same))
      (return (i32.sub (local.get $x) (local.get $y))))
    ;; what the loop leaves in its locals, but where they depend on how long it was
    (i32.add (i32.sub (local.get $x) (local.get $y)) (local.get $n)))
  ;; Where it ended: the locals themselves.
  (func $end_of (export "end") (param $a i32) (param $b i32) (param $n i32) (result i32) (local $x i32) (local $y i32)
    (block $differ
      (loop $next
        (br_if $differ (i32.ne (local.tee $x (i32.load8_u (local.get $a))) (local.tee $y (i32.load8_u (local.get $b)))))
        (local.set $a (i32.add (local.get $a) (i32.const 1)))
        (local.set $b (i32.add (local.get $b) (i32.const 1)))
        (br_if $next (local.tee $n (i32.add (local.get $n) (i32.const -1))))))
    (i32.add (i32.add (i32.mul (local.get $a) (i32.const 31)) (i32.mul (local.get $b) (i32.const 17)))
             (i32.add (i32.mul (local.get $n) (i32.const 7))
                      (i32.add (i32.mul (local.get $x) (i32.const 3)) (local.get $y)))))
  (func $end_of_slow (param $a i32) (param $b i32) (param $n i32) (result i32) (local $x i32) (local $y i32)
    (block $differ
      (loop $next
        (local.set $x (i32.load8_u (local.get $a)))
        (local.set $y (i32.load8_u (local.get $b)))
        (br_if $differ (i32.ne (local.get $x) (local.get $y)))
        (local.set $a (i32.add (local.get $a) (i32.const 1)))
        (local.set $b (i32.add (local.get $b) (i32.const 1)))
        (br_if $next (local.tee $n (i32.add (local.get $n) (i32.const -1))))))
    (i32.add (i32.add (i32.mul (local.get $a) (i32.const 31)) (i32.mul (local.get $b) (i32.const 17)))
             (i32.add (i32.mul (local.get $n) (i32.const 7))
                      (i32.add (i32.mul (local.get $x) (i32.const 3)) (local.get $y)))))
  ;; $a twice, $b not: the number of steps until a byte is not $b's.
  (func (export "run") (param $a i32) (param $b i32) (param $n i32) (result i32) (local $x i32) (local $y i32) (local $from i32)
    (local.set $from (local.get $n))
    (block $differ
      (loop $next
        (br_if $differ (i32.ne (local.tee $x (i32.load8_u (local.get $a))) (local.tee $y (i32.load8_u (local.get $b)))))
        (local.set $a (i32.add (local.get $a) (i32.const 1)))
        (local.set $a (i32.add (local.get $a) (i32.const 1)))
        (br_if $next (local.tee $n (i32.add (local.get $n) (i32.const -1))))))
    (i32.sub (local.get $from) (local.get $n)))
  ;; What is loaded is where the next is loaded from.
  (func (export "chain") (param $a i32) (param $b i32) (param $n i32) (result i32) (local $y i32)
    (block $differ
      (loop $next
        (br_if $differ (i32.ne (local.tee $a (i32.load8_u (local.get $a))) (local.tee $y (i32.load8_u (local.get $b)))))
        (local.set $a (i32.add (local.get $a) (i32.const 1)))
        (local.set $b (i32.add (local.get $b) (i32.const 1)))
        (br_if $next (local.tee $n (i32.add (local.get $n) (i32.const -1))))))
    (local.get $n))
  ;; All lengths from 1 to 40, all places of a difference, all distances of the ranges, which overlap, too.
  (func (export "all") (result i32) (local $n i32) (local $at i32) (local $far i32)
    (local.set $far (i32.const 1))
    (loop $fars
      (local.set $n (i32.const 1))
      (loop $lengths
        (local.set $at (i32.const 0))
        (loop $places
          (memory.fill (i32.const 1000) (i32.const 7) (i32.const 200))
          (i32.store8 (i32.add (i32.const 1000) (local.get $at)) (i32.const 9))
          (global.set $wrong (i32.add (global.get $wrong)
            (i32.ne (call $end_of (i32.const 1000) (i32.add (i32.const 1000) (local.get $far)) (local.get $n))
                    (call $end_of_slow (i32.const 1000) (i32.add (i32.const 1000) (local.get $far)) (local.get $n)))))
          (br_if $places (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 1))) (i32.const 48))))
        (br_if $lengths (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 41))))
      (br_if $fars (i32.lt_u (local.tee $far (i32.add (local.get $far) (i32.const 1))) (i32.const 60))))
    (global.get $wrong))
  (func (export "fill") (param $at i32) (param $byte i32) (param $n i32)
    (memory.fill (local.get $at) (local.get $byte) (local.get $n)))
  (func (export "compare") (param i32 i32 i32) (result i32)
    (call $compare (local.get 0) (local.get 1) (local.get 2))))

(assert_return (invoke "all") (i32.const 0))
(assert_return (invoke "fill" (i32.const 0) (i32.const 5) (i32.const 65536)))
(assert_return (invoke "compare" (i32.const 0) (i32.const 32768) (i32.const 32768)) (i32.const 0))
(assert_return (invoke "compare" (i32.const 0) (i32.const 32768) (i32.const 0)) (i32.const 0))
(assert_trap (invoke "compare" (i32.const 0) (i32.const 32768) (i32.const 32769)) "out of bounds memory access")
(assert_trap (invoke "compare" (i32.const 32768) (i32.const 0) (i32.const 32769)) "out of bounds memory access")
(assert_trap (invoke "compare" (i32.const 65536) (i32.const 0) (i32.const 20)) "out of bounds memory access")
(assert_trap (invoke "compare" (i32.const 0) (i32.const -8) (i32.const 20)) "out of bounds memory access")
(assert_trap (invoke "compare" (i32.const -1) (i32.const 0) (i32.const -1)) "out of bounds memory access")
(assert_return (invoke "fill" (i32.const 10) (i32.const 6) (i32.const 1)))
(assert_return (invoke "compare" (i32.const 0) (i32.const 65520) (i32.const 100)) (i32.const 1))
(assert_return (invoke "compare" (i32.const 65520) (i32.const 0) (i32.const 100)) (i32.const -1))
(assert_return (invoke "compare" (i32.const 0) (i32.const 65525) (i32.const 100)) (i32.const 1))
(assert_trap (invoke "compare" (i32.const 0) (i32.const 65526) (i32.const 100)) "out of bounds memory access")
(assert_return (invoke "compare" (i32.const 10) (i32.const 65535) (i32.const 2)) (i32.const 1))
;; none to go: round all 2^32
(assert_trap (invoke "end" (i32.const 20) (i32.const 40) (i32.const 0)) "out of bounds memory access")
(assert_return (invoke "run" (i32.const 1) (i32.const 0) (i32.const 20)) (i32.const 20))
(assert_return (invoke "run" (i32.const 0) (i32.const 0) (i32.const 20)) (i32.const 5))
(assert_return (invoke "chain" (i32.const 100) (i32.const 20) (i32.const 30)) (i32.const 0))
