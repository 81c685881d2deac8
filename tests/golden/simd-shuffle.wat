;; Shuffles: one instruction where the machine has it, without a table; zeros make extensions and byte shifts; what is left
;; is vpshufb, for each source. Lanes: in the frame they are read alone.
(module
  (memory 1)
  (func $splat (param v128) (result v128)
    (i8x16.shuffle 4 5 6 7 4 5 6 7 4 5 6 7 4 5 6 7 (local.get 0) (local.get 0)))
  (func $interleave (param v128 v128) (result v128)
    (i8x16.shuffle 16 17 0 1 18 19 2 3 20 21 4 5 22 23 6 7 (local.get 0) (local.get 1)))
  (func $window (param v128 v128) (result v128)
    (i8x16.shuffle 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 (local.get 0) (local.get 1)))
  (func $rotate (param v128) (result v128)
    (i8x16.shuffle 3 4 5 6 7 8 9 10 11 12 13 14 15 0 1 2 (local.get 0) (local.get 0)))
  (func $blend (param v128 v128) (result v128)
    (i8x16.shuffle 0 1 18 19 4 5 6 7 8 9 10 11 28 29 30 31 (local.get 0) (local.get 1)))
  (func $pairs (param v128 v128) (result v128)
    (i8x16.shuffle 0 1 2 3 8 9 10 11 16 17 18 19 24 25 26 27 (local.get 0) (local.get 1)))
  (func $extend (param v128) (result v128)
    (i8x16.shuffle 0 16 1 17 2 18 3 19 4 20 5 21 6 22 7 23 (local.get 0) (v128.const i64x2 0 0)))
  (func $shift (param v128) (result v128)
    (i8x16.shuffle 16 16 16 16 0 1 2 3 4 5 6 7 8 9 10 11 (local.get 0) (v128.const i64x2 0 0)))
  (func $reverse (param v128) (result v128)
    (i8x16.shuffle 15 14 13 12 11 10 9 8 7 6 5 4 3 2 1 0 (local.get 0) (local.get 0)))
  (func $any (param v128 v128) (result v128)
    (i8x16.shuffle 5 21 3 9 30 0 17 2 8 8 8 24 1 16 31 7 (local.get 0) (local.get 1)))
  (func $swizzle (param v128 v128) (result v128) (i8x16.swizzle (local.get 0) (local.get 1)))
  (func $get (param v128) (result i32)
    (i32.add (i8x16.extract_lane_s 3 (local.get 0)) (i32x4.extract_lane 0 (local.get 0))))
  (func $set (param v128 f32 i64) (result v128)
    (i64x2.replace_lane 1 (f32x4.replace_lane 2 (local.get 0) (local.get 1)) (local.get 2)))
  (func $lane_accesses (param i32 v128)
    (v128.store8_lane 7 (local.get 0) (v128.load64_lane 1 (local.get 0) (local.get 1)))
    (v128.store32_lane offset=4 0 (local.get 0) (local.get 1))
    (v128.store64_lane offset=8 1 (local.get 0) (local.get 1)))
  (func $splats (param i32) (result v128)
    (v128.xor (v128.load8_splat (local.get 0)) (i16x8.splat (i32.load16_u (local.get 0))))))
;; code
;; func0 func[0]:
;;   push rbp
;;   mov rbp,rsp
;;   vmovaps xmm6,xmm0
;;   vpshufd xmm0,xmm6,0x55
;;   pop rbp
;;   ret
;; func1 func[1]:
;;   push rbp
;;   mov rbp,rsp
;;   vmovaps xmm6,xmm0
;;   vmovaps xmm7,xmm1
;;   vpunpcklwd xmm0,xmm7,xmm6
;;   pop rbp
;;   ret
;; func2 func[2]:
;;   push rbp
;;   mov rbp,rsp
;;   vmovaps xmm6,xmm0
;;   vmovaps xmm7,xmm1
;;   vpalignr xmm0,xmm7,xmm6,0x3
;;   pop rbp
;;   ret
;; func3 func[3]:
;;   push rbp
;;   mov rbp,rsp
;;   vmovaps xmm6,xmm0
;;   vpalignr xmm0,xmm6,xmm6,0x3
;;   pop rbp
;;   ret
;; func4 func[4]:
;;   push rbp
;;   mov rbp,rsp
;;   vmovaps xmm6,xmm0
;;   vmovaps xmm7,xmm1
;;   vpblendw xmm0,xmm6,xmm7,0xc2
;;   pop rbp
;;   ret
;; func5 func[5]:
;;   push rbp
;;   mov rbp,rsp
;;   vmovaps xmm6,xmm0
;;   vmovaps xmm7,xmm1
;;   vshufps xmm0,xmm6,xmm7,0x88
;;   pop rbp
;;   ret
;; func6 func[6]:
;;   push rbp
;;   mov rbp,rsp
;;   vmovaps xmm6,xmm0
;;   vpmovzxbw xmm0,xmm6
;;   pop rbp
;;   ret
;; func7 func[7]:
;;   push rbp
;;   mov rbp,rsp
;;   vmovaps xmm6,xmm0
;;   vpslldq xmm0,xmm6,0x4
;;   pop rbp
;;   ret
;; func8 func[8]:
;;   push rbp
;;   mov rbp,rsp
;;   vmovaps xmm6,xmm0
;;   vpshufb xmm0,xmm6,XMMWORD PTR [data1]
;;   pop rbp
;;   ret
;; func9 func[9]:
;;   push rbp
;;   mov rbp,rsp
;;   vmovaps xmm6,xmm0
;;   vmovaps xmm7,xmm1
;;   vpshufb xmm1,xmm6,XMMWORD PTR [data1]
;;   vpshufb xmm0,xmm7,XMMWORD PTR [data2]
;;   vpor xmm0,xmm0,xmm1
;;   pop rbp
;;   ret
;; func10 func[10]:
;;   push rbp
;;   mov rbp,rsp
;;   vmovaps xmm6,xmm0
;;   vmovaps xmm7,xmm1
;;   vpaddusb xmm1,xmm7,XMMWORD PTR [data1]
;;   vpshufb xmm0,xmm6,xmm1
;;   pop rbp
;;   ret
;; func11 func[11]:
;;   push rbp
;;   mov rbp,rsp
;;   vmovaps xmm6,xmm0
;;   vpextrb eax,xmm6,0x3
;;   movsx eax,al
;;   vmovd ecx,xmm6
;;   add eax,ecx
;;   pop rbp
;;   ret
;; func12 func[12]:
;;   push rbp
;;   mov rbp,rsp
;;   vmovaps xmm6,xmm0
;;   vmovaps xmm7,xmm1
;;   vinsertps xmm0,xmm6,xmm7,0x20
;;   vpinsrq xmm0,xmm0,rdi,0x1
;;   pop rbp
;;   ret
;; func13 func[13]:
;;   push rbp
;;   mov rbp,rsp
;;   vmovaps xmm6,xmm0
;;   vpinsrq xmm0,xmm6,QWORD PTR [r13+rdi*1+0x0],0x1
;;   vpextrb BYTE PTR [r13+rdi*1+0x0],xmm0,0x7
;;   vmovss DWORD PTR [r13+rdi*1+0x4],xmm6
;;   vmovhps QWORD PTR [r13+rdi*1+0x8],xmm6
;;   pop rbp
;;   ret
;; func14 func[14]:
;;   push rbp
;;   mov rbp,rsp
;;   vpbroadcastb xmm0,BYTE PTR [r13+rdi*1+0x0]
;;   movzx eax,WORD PTR [r13+rdi*1+0x0]
;;   vmovd xmm1,eax
;;   vpbroadcastw xmm1,xmm1
;;   vpxor xmm0,xmm0,xmm1
;;   pop rbp
;;   ret
