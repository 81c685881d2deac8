;; Tail calls between functions whose arguments take different room on the stack, with registers to restore.

(module
  (type $wide (func (param i32 i64 i64 i64 i64 i64 i64 i64 i64 i64) (result i64)))
  (table funcref (elem $wide $narrow))

  ;; (n, nine values): n tail calls back and forth, each adding one to the last value
  (func $wide (type $wide)
    (local i64 i64 i64)
    (local.set 10 (i64.add (local.get 8) (i64.const 1)))
    (local.set 11 (i64.add (local.get 9) (i64.const 1)))
    (if (i32.eqz (local.get 0))
      (then (return (i64.add (i64.mul (local.get 1) (i64.const 1000)) (i64.add (local.get 8) (local.get 9))))))
    (loop (br_if 0 (i64.lt_u (local.tee 12 (i64.add (local.get 12) (i64.const 1))) (i64.const 3))))
    (return_call $narrow (i32.sub (local.get 0) (i32.const 1)) (local.get 1) (local.get 10) (local.get 11)))

  (func $narrow (param i32 i64 i64 i64) (result i64)
    (if (i32.eqz (local.get 0)) (then (return (local.get 3))))
    (return_call_indirect (type $wide) (i32.sub (local.get 0) (i32.const 1)) (local.get 1) (i64.const 2) (i64.const 3)
      (i64.const 4) (i64.const 5) (i64.const 6) (i64.const 7) (local.get 2) (local.get 3) (i32.const 0)))

  (func (export "wide") (param i32) (result i64)
    (call $wide (local.get 0) (i64.const 5) (i64.const 0) (i64.const 0) (i64.const 0) (i64.const 0) (i64.const 0)
      (i64.const 0) (i64.const 10) (i64.const 20)))

  ;; the caller's own stack goes on as it was
  (func (export "around") (param i32) (result i64)
    (local i64)
    (local.set 1 (i64.const 7))
    (i64.add (call $wide (local.get 0) (local.get 1) (i64.const 0) (i64.const 0) (i64.const 0) (i64.const 0) (i64.const 0)
        (i64.const 0) (i64.const 1) (i64.const 2))
      (i64.add (local.get 1) (call $wide (i32.const 0) (i64.const 1) (i64.const 0) (i64.const 0) (i64.const 0) (i64.const 0)
        (i64.const 0) (i64.const 0) (i64.const 3) (i64.const 4)))))

  ;; vectors, results in memory
  (func $swap (param i32 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128) (result v128 v128 v128)
    (if (i32.eqz (local.get 0)) (then (return (local.get 8) (local.get 9) (local.get 10))))
    (return_call $swap (i32.sub (local.get 0) (i32.const 1)) (local.get 2) (local.get 3) (local.get 4) (local.get 5)
      (local.get 6) (local.get 7) (local.get 8) (local.get 9) (local.get 10) (local.get 1)))
  (func (export "swap") (param i32) (result v128 v128 v128)
    (call $swap (local.get 0) (v128.const i64x2 1 1) (v128.const i64x2 2 2) (v128.const i64x2 3 3) (v128.const i64x2 4 4)
      (v128.const i64x2 5 5) (v128.const i64x2 6 6) (v128.const i64x2 7 7) (v128.const i64x2 8 8) (v128.const i64x2 9 9)
      (v128.const i64x2 10 10)))
)

(assert_return (invoke "wide" (i32.const 0)) (i64.const 5030))
(assert_return (invoke "wide" (i32.const 1)) (i64.const 21))
(assert_return (invoke "wide" (i32.const 2)) (i64.const 5032))
(assert_return (invoke "wide" (i32.const 1000000)) (i64.const 1005030))
(assert_return (invoke "wide" (i32.const 1000001)) (i64.const 500021))
(assert_return (invoke "around" (i32.const 0)) (i64.const 8017))
(assert_return (invoke "around" (i32.const 4)) (i64.const 8021))
(assert_return (invoke "swap" (i32.const 0)) (v128.const i64x2 8 8) (v128.const i64x2 9 9) (v128.const i64x2 10 10))
(assert_return (invoke "swap" (i32.const 3)) (v128.const i64x2 1 1) (v128.const i64x2 2 2) (v128.const i64x2 3 3))
(assert_return (invoke "swap" (i32.const 100003)) (v128.const i64x2 1 1) (v128.const i64x2 2 2) (v128.const i64x2 3 3))

;; into another instance, and to the host: the context of the caller comes back
(module $A
  (memory (data "\2a"))
  (func (export "load") (param i64 i64 i64 i64 i64 i64 i64 i32) (result i32) (i32.load8_u (local.get 7)))
)
(register "A" $A)
(module
  (import "A" "load" (func $load (param i64 i64 i64 i64 i64 i64 i64 i32) (result i32)))
  (import "spectest" "print_i32" (func $print (param i32)))
  (memory (data "\01"))
  (func $tail (result i32)
    (return_call $load (i64.const 1) (i64.const 2) (i64.const 3) (i64.const 4) (i64.const 5) (i64.const 6) (i64.const 7)
      (i32.const 0)))
  (func (export "both") (result i32) (i32.add (call $tail) (i32.load8_u (i32.const 0))))
  (func $say (param i32) (return_call $print (local.get 0)))
  (func (export "say") (result i32) (call $say (i32.const 3)) (i32.load8_u (i32.const 0)))
)
(assert_return (invoke "both") (i32.const 43))
(assert_return (invoke "say") (i32.const 1))
