;; Vectors: constants, shuffles, lanes, memory, arithmetic, comparisons.
(module
  (memory 1)
  (func (export "mix") (param v128 i32) (result v128) (local v128)
    (local.set 2 (v128.const i32x4 1 2 3 4))
    (local.set 2 (i8x16.shuffle 0 17 2 19 4 21 6 23 8 25 10 27 12 29 14 31 (local.get 0) (local.get 2)))
    (v128.store8_lane offset=5 3 (local.get 1) (local.get 2))
    (v128.bitselect
      (i16x8.add_sat_s (local.get 0) (v128.load16_splat (local.get 1)))
      (f32x4.max (local.get 2) (f32x4.splat (f32x4.extract_lane 2 (local.get 0))))
      (v128.load32_lane 1 (local.get 1) (i64x2.gt_s (local.get 0) (local.get 2)))))
  (func (result i32)
    (i8x16.bitmask (i8x16.swizzle (v128.load8x8_u (i32.const 0)) (i32x4.trunc_sat_f32x4_u (v128.const f32x4 1 2 3 4))))))
