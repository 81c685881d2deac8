;; What the machine has no instruction for: shifts of bytes and of signed 64-bit lanes, 64-bit products, NaN and -0 of min
;; and max, conversions that saturate, unsigned ones, and one rounding of a product and a sum.
(module
  (func $shl_bytes (param v128 i32) (result v128) (i8x16.shl (local.get 0) (local.get 1)))
  (func $shr_bytes (param v128) (result v128) (i8x16.shr_u (local.get 0) (i32.const 3)))
  (func $sar_bytes (param v128 i32) (result v128) (i8x16.shr_s (local.get 0) (local.get 1)))
  (func $sar_words (param v128 i32) (result v128) (i16x8.shr_s (local.get 0) (local.get 1)))
  (func $sar_64 (param v128) (result v128) (i64x2.shr_s (local.get 0) (i32.const 5)))
  (func $mul_64 (param v128 v128) (result v128) (i64x2.mul (local.get 0) (local.get 1)))
  (func $popcnt (param v128) (result v128) (i8x16.popcnt (local.get 0)))
  (func $q15 (param v128 v128) (result v128) (i16x8.q15mulr_sat_s (local.get 0) (local.get 1)))
  (func $extmul (param v128 v128) (result v128)
    (i32x4.extmul_high_i16x8_u (local.get 0) (local.get 1)))
  (func $extadd (param v128) (result v128) (i32x4.extadd_pairwise_i16x8_u (local.get 0)))
  (func $min (param v128 v128) (result v128) (f32x4.min (local.get 0) (local.get 1)))
  (func $max (param v128 v128) (result v128) (f64x2.max (local.get 0) (local.get 1)))
  (func $trunc_s (param v128) (result v128) (i32x4.trunc_sat_f32x4_s (local.get 0)))
  (func $trunc_u (param v128) (result v128) (i32x4.trunc_sat_f32x4_u (local.get 0)))
  (func $trunc_64_u (param v128) (result v128) (i32x4.trunc_sat_f64x2_u_zero (local.get 0)))
  (func $convert_u (param v128) (result v128) (f32x4.convert_i32x4_u (local.get 0)))
  (func $convert_64_u (param v128) (result v128) (f64x2.convert_low_i32x4_u (local.get 0)))
  (func $madd (param v128 v128 v128) (result v128)
    (f32x4.relaxed_madd (local.get 0) (local.get 1) (local.get 2)))
  (func $madd_into (param v128 v128 v128) (result v128)
    (local.set 2 (f64x2.relaxed_nmadd (local.get 0) (local.get 1) (local.get 2)))
    (local.get 2)))
;; code
;; func0 func[0]:
;;   push rbp
;;   mov rbp,rsp
;;   vmovaps xmm6,xmm0
;;   mov eax,edi
;;   and eax,0x7
;;   vmovd xmm1,eax
;;   vpcmpeqd xmm2,xmm2,xmm2
;;   vpsrlw xmm2,xmm2,0x8
;;   vpsrlw xmm2,xmm2,xmm1
;;   vpackuswb xmm2,xmm2,xmm2
;;   vpand xmm2,xmm2,xmm6
;;   vpsllw xmm0,xmm2,xmm1
;;   pop rbp
;;   ret
;; func1 func[1]:
;;   push rbp
;;   mov rbp,rsp
;;   vmovaps xmm6,xmm0
;;   vpsrlw xmm0,xmm6,0x3
;;   vpand xmm0,xmm0,XMMWORD PTR [data1]
;;   pop rbp
;;   ret
;; func2 func[2]:
;;   push rbp
;;   mov rbp,rsp
;;   vmovaps xmm6,xmm0
;;   mov eax,edi
;;   and eax,0x7
;;   add eax,0x8
;;   vmovd xmm1,eax
;;   vpunpckhbw xmm2,xmm6,xmm6
;;   vpunpcklbw xmm0,xmm6,xmm6
;;   vpsraw xmm2,xmm2,xmm1
;;   vpsraw xmm0,xmm0,xmm1
;;   vpacksswb xmm0,xmm0,xmm2
;;   pop rbp
;;   ret
;; func3 func[3]:
;;   push rbp
;;   mov rbp,rsp
;;   vmovaps xmm6,xmm0
;;   mov eax,edi
;;   and eax,0xf
;;   vmovd xmm1,eax
;;   vpsraw xmm0,xmm6,xmm1
;;   pop rbp
;;   ret
;; func4 func[4]:
;;   push rbp
;;   mov rbp,rsp
;;   vmovaps xmm6,xmm0
;;   vpsrlq xmm0,xmm6,0x5
;;   vpxor xmm0,xmm0,XMMWORD PTR [data1]
;;   vpsubq xmm0,xmm0,XMMWORD PTR [data1]
;;   pop rbp
;;   ret
;; func5 func[5]:
;;   push rbp
;;   mov rbp,rsp
;;   vmovaps xmm6,xmm0
;;   vmovaps xmm7,xmm1
;;   vpshufd xmm1,xmm7,0xb1
;;   vpmulld xmm1,xmm1,xmm6
;;   vpsrlq xmm2,xmm1,0x20
;;   vpaddd xmm1,xmm1,xmm2
;;   vpsllq xmm1,xmm1,0x20
;;   vpmuludq xmm0,xmm6,xmm7
;;   vpaddq xmm0,xmm0,xmm1
;;   pop rbp
;;   ret
;; func6 func[6]:
;;   push rbp
;;   mov rbp,rsp
;;   vmovaps xmm6,xmm0
;;   vpand xmm1,xmm6,XMMWORD PTR [data1]
;;   vpsrlw xmm2,xmm6,0x4
;;   vpand xmm2,xmm2,XMMWORD PTR [data1]
;;   vmovdqu xmm0,XMMWORD PTR [data2]
;;   vpshufb xmm1,xmm0,xmm1
;;   vpshufb xmm2,xmm0,xmm2
;;   vpaddb xmm0,xmm1,xmm2
;;   pop rbp
;;   ret
;; func7 func[7]:
;;   push rbp
;;   mov rbp,rsp
;;   vmovaps xmm6,xmm0
;;   vmovaps xmm7,xmm1
;;   vpmulhrsw xmm0,xmm6,xmm7
;;   vpcmpeqw xmm1,xmm0,XMMWORD PTR [data1]
;;   vpxor xmm0,xmm0,xmm1
;;   pop rbp
;;   ret
;; func8 func[8]:
;;   push rbp
;;   mov rbp,rsp
;;   vmovaps xmm6,xmm0
;;   vmovaps xmm7,xmm1
;;   vpmullw xmm1,xmm6,xmm7
;;   vpmulhuw xmm0,xmm6,xmm7
;;   vpunpckhwd xmm0,xmm1,xmm0
;;   pop rbp
;;   ret
;; func9 func[9]:
;;   push rbp
;;   mov rbp,rsp
;;   vmovaps xmm6,xmm0
;;   vpsrld xmm1,xmm6,0x10
;;   vpand xmm0,xmm6,XMMWORD PTR [data1]
;;   vpaddd xmm0,xmm0,xmm1
;;   pop rbp
;;   ret
;; func10 func[10]:
;;   push rbp
;;   mov rbp,rsp
;;   vmovaps xmm6,xmm0
;;   vmovaps xmm7,xmm1
;;   vminps xmm1,xmm6,xmm7
;;   vminps xmm2,xmm7,xmm6
;;   vorps xmm1,xmm1,xmm2
;;   vcmpunordps xmm2,xmm1,xmm2
;;   vorps xmm1,xmm1,xmm2
;;   vpsrld xmm2,xmm2,0xa
;;   vandnps xmm0,xmm2,xmm1
;;   pop rbp
;;   ret
;; func11 func[11]:
;;   push rbp
;;   mov rbp,rsp
;;   vmovaps xmm6,xmm0
;;   vmovaps xmm7,xmm1
;;   vmaxpd xmm1,xmm6,xmm7
;;   vmaxpd xmm2,xmm7,xmm6
;;   vxorpd xmm2,xmm1,xmm2
;;   vorpd xmm1,xmm1,xmm2
;;   vsubpd xmm1,xmm1,xmm2
;;   vcmpunordpd xmm2,xmm1,xmm2
;;   vorpd xmm1,xmm1,xmm2
;;   vpsrlq xmm2,xmm2,0xd
;;   vandnpd xmm0,xmm2,xmm1
;;   pop rbp
;;   ret
;; func12 func[12]:
;;   push rbp
;;   mov rbp,rsp
;;   vmovaps xmm6,xmm0
;;   vcvttps2dq xmm1,xmm6
;;   vcmpgeps xmm2,xmm6,XMMWORD PTR [data1]
;;   vpxor xmm1,xmm1,xmm2
;;   vcmpordps xmm2,xmm6,xmm6
;;   vpand xmm0,xmm1,xmm2
;;   pop rbp
;;   ret
;; func13 func[13]:
;;   push rbp
;;   mov rbp,rsp
;;   vmovaps xmm6,xmm0
;;   vpxor xmm2,xmm2,xmm2
;;   vmaxps xmm0,xmm6,xmm2
;;   vsubps xmm1,xmm0,XMMWORD PTR [data1]
;;   vcmpgeps xmm2,xmm1,XMMWORD PTR [data1]
;;   vcvttps2dq xmm1,xmm1
;;   vpxor xmm1,xmm1,xmm2
;;   vpxor xmm2,xmm2,xmm2
;;   vpmaxsd xmm1,xmm1,xmm2
;;   vcvttps2dq xmm0,xmm0
;;   vpaddd xmm0,xmm0,xmm1
;;   pop rbp
;;   ret
;; func14 func[14]:
;;   push rbp
;;   mov rbp,rsp
;;   vmovaps xmm6,xmm0
;;   vpxor xmm1,xmm1,xmm1
;;   vmaxpd xmm0,xmm6,xmm1
;;   vminpd xmm0,xmm0,XMMWORD PTR [data1]
;;   vroundpd xmm0,xmm0,0xb
;;   vaddpd xmm0,xmm0,XMMWORD PTR [data2]
;;   vshufps xmm0,xmm0,xmm1,0x88
;;   pop rbp
;;   ret
;; func15 func[15]:
;;   push rbp
;;   mov rbp,rsp
;;   vmovaps xmm6,xmm0
;;   vpand xmm1,xmm6,XMMWORD PTR [data1]
;;   vpsrld xmm0,xmm6,0x10
;;   vcvtdq2ps xmm1,xmm1
;;   vcvtdq2ps xmm0,xmm0
;;   vfmadd132ps xmm0,xmm1,XMMWORD PTR [data2]
;;   pop rbp
;;   ret
;; func16 func[16]:
;;   push rbp
;;   mov rbp,rsp
;;   vmovaps xmm6,xmm0
;;   vunpcklps xmm0,xmm6,XMMWORD PTR [data1]
;;   vsubpd xmm0,xmm0,XMMWORD PTR [data2]
;;   pop rbp
;;   ret
;; func17 func[17]:
;;   push rbp
;;   mov rbp,rsp
;;   vmovaps xmm6,xmm0
;;   vmovaps xmm8,xmm2
;;   vmovaps xmm7,xmm1
;;   vmovaps xmm0,xmm6
;;   vfmadd213ps xmm0,xmm7,xmm8
;;   pop rbp
;;   ret
;; func18 func[18]:
;;   push rbp
;;   mov rbp,rsp
;;   vmovaps xmm7,xmm0
;;   vmovaps xmm6,xmm2
;;   vmovaps xmm8,xmm1
;;   vfnmadd231pd xmm6,xmm7,xmm8
;;   vmovaps xmm0,xmm6
;;   pop rbp
;;   ret
