;; f32.convert_i64_u of 2^63 and up changed the local it read, where the local had a register through a loop that it did
;; not have elsewhere: the four hotter locals take those that the call keeps.
(module
  (memory 1)
  (func (export "f0") (param i64 i64 i64 i64) (result i64)
    (local $n i32) (local $b i32) (local $c i32) (local $d i32) (local $sum f32) (local $all f64)
    i32.const 0
    memory.grow
    local.set $d
    i32.const 3
    local.set $n
    loop
      local.get $b
      local.get $c
      i32.add
      local.tee $b
      local.set $c
      local.get $c
      local.get $d
      i32.add
      local.tee $c
      local.set $d
      local.get $d
      local.get $b
      i32.add
      local.tee $d
      local.set $b
      local.get $b
      local.get $n
      i32.add
      local.tee $b
      drop
      local.get 0
      f32.convert_i64_u
      local.get $sum
      f32.add
      local.set $sum
      local.get 1
      f64.convert_i64_u
      local.get $all
      f64.add
      local.set $all
      local.get $n
      i32.const 1
      i32.sub
      local.tee $n
      br_if 0
    end
    local.get $sum
    f64.promote_f32
    local.get $all
    f64.add
    i64.reinterpret_f64
    local.get $b
    i64.extend_i32_u
    i64.xor)
  (func (export "sum") (result i64)
    i64.const 0))
