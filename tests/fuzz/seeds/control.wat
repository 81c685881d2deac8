;; Blocks with parameters, branches, tables of branches, dead code.
(module
  (type $pair (func (param i32 i64) (result i64 i32)))
  (func $swap (type $pair) (local.get 1) (local.get 0))
  (func $sum (param i32) (result i32) (local i32)
    (loop $top
      (local.set 1 (i32.add (local.get 1) (local.get 0)))
      (br_if $top (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get 1))
  (func $pick (param i32) (result i64)
    (block $a (result i64)
      (block $b
        (block $c
          (br_table $c $b $b $c (local.get 0)))
        (br $a (i64.const 1)))
      (if (result i64) (local.get 0)
        (then (i32.const 1) (i64.const 2) (call $swap) (drop))
        (else (return (i64.const -5))))))
  (func $dead (result f64)
    (block (result f64)
      (unreachable)
      (select)
      (br_if 0)
      (drop)
      (f64.const 1)))
  (func $carry (param i64) (result i32)
    (local.get 0)
    (block (param i64) (result i32) (i32.wrap_i64))
    (if (param) (result i32) (i32.eqz) (then (i32.const 7)) (else (i32.const 8)))))
