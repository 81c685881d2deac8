;; Numbers: all constants, conversions, saturation, sign extension, long LEB128.
(module
  (func (export "n") (param f32 f64) (result i64)
    (i64.add
      (i64.trunc_sat_f64_u (f64.copysign (local.get 1) (f64.const -0x1p-1074)))
      (i64.extend_i32_u
        (i32.rotl (i32.trunc_f32_s (f32.nearest (f32.const nan:0x200000)))
                  (i32.extend8_s (i32.const -2147483648))))))
  (func (result i64) (i64.extend16_s (i64.const -9223372036854775808)))
  (func (result f32) (f32.demote_f64 (f64.convert_i64_u (i64.popcnt (i64.const 0x7fffffffffffffff))))))
