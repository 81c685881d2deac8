;; Comparisons and tests: unsigned ones by min and max, the machine's order reversed where it has one only, tests as flags of
;; the branch that follows.
(module
  (func $gt_s (param v128 v128) (result v128) (i8x16.gt_s (local.get 0) (local.get 1)))
  (func $lt_s (param v128 v128) (result v128) (i16x8.lt_s (local.get 0) (local.get 1)))
  (func $ge_s (param v128 v128) (result v128) (i32x4.ge_s (local.get 0) (local.get 1)))
  (func $ge_s_64 (param v128 v128) (result v128) (i64x2.ge_s (local.get 0) (local.get 1)))
  (func $gt_u (param v128 v128) (result v128) (i8x16.gt_u (local.get 0) (local.get 1)))
  (func $le_u (param v128 v128) (result v128) (i16x8.le_u (local.get 0) (local.get 1)))
  (func $ne (param v128 v128) (result v128) (i64x2.ne (local.get 0) (local.get 1)))
  (func $fgt (param v128 v128) (result v128) (f64x2.gt (local.get 0) (local.get 1)))
  (func $branch (param v128) (result i32)
    (if (result i32) (v128.any_true (local.get 0)) (then (i32.const 3)) (else (i32.const 5))))
  (func $all (param v128) (result i32) (i32.eqz (i8x16.all_true (local.get 0))))
  (func $mask (param v128) (result i32) (i16x8.bitmask (local.get 0)))
  (func $bitselect (param v128 v128 v128) (result v128)
    (v128.bitselect (local.get 0) (local.get 1) (local.get 2))))
;; code
;; func0 func[0]:
;;   push rbp
;;   mov rbp,rsp
;;   vmovaps xmm6,xmm0
;;   vmovaps xmm7,xmm1
;;   vpcmpgtb xmm0,xmm6,xmm7
;;   pop rbp
;;   ret
;; func1 func[1]:
;;   push rbp
;;   mov rbp,rsp
;;   vmovaps xmm6,xmm0
;;   vmovaps xmm7,xmm1
;;   vpcmpgtw xmm0,xmm7,xmm6
;;   pop rbp
;;   ret
;; func2 func[2]:
;;   push rbp
;;   mov rbp,rsp
;;   vmovaps xmm6,xmm0
;;   vmovaps xmm7,xmm1
;;   vpmaxsd xmm1,xmm6,xmm7
;;   vpcmpeqd xmm0,xmm1,xmm6
;;   pop rbp
;;   ret
;; func3 func[3]:
;;   push rbp
;;   mov rbp,rsp
;;   vmovaps xmm6,xmm0
;;   vmovaps xmm7,xmm1
;;   vpcmpgtq xmm0,xmm7,xmm6
;;   vpcmpeqd xmm1,xmm1,xmm1
;;   vpxor xmm0,xmm0,xmm1
;;   pop rbp
;;   ret
;; func4 func[4]:
;;   push rbp
;;   mov rbp,rsp
;;   vmovaps xmm6,xmm0
;;   vmovaps xmm7,xmm1
;;   vpminub xmm1,xmm6,xmm7
;;   vpcmpeqb xmm0,xmm1,xmm6
;;   vpcmpeqd xmm1,xmm1,xmm1
;;   vpxor xmm0,xmm0,xmm1
;;   pop rbp
;;   ret
;; func5 func[5]:
;;   push rbp
;;   mov rbp,rsp
;;   vmovaps xmm6,xmm0
;;   vmovaps xmm7,xmm1
;;   vpminuw xmm1,xmm6,xmm7
;;   vpcmpeqw xmm0,xmm1,xmm6
;;   pop rbp
;;   ret
;; func6 func[6]:
;;   push rbp
;;   mov rbp,rsp
;;   vmovaps xmm6,xmm0
;;   vmovaps xmm7,xmm1
;;   vpcmpeqq xmm0,xmm6,xmm7
;;   vpcmpeqd xmm1,xmm1,xmm1
;;   vpxor xmm0,xmm0,xmm1
;;   pop rbp
;;   ret
;; func7 func[7]:
;;   push rbp
;;   mov rbp,rsp
;;   vmovaps xmm6,xmm0
;;   vmovaps xmm7,xmm1
;;   vcmpgtpd xmm0,xmm6,xmm7
;;   pop rbp
;;   ret
;; func8 func[8]:
;;   push rbp
;;   mov rbp,rsp
;;   vmovaps xmm6,xmm0
;;   vptest xmm6,xmm6
;;   je L1
;;   mov eax,0x3
;;   jmp L2
;; L1:
;;   mov eax,0x5
;; L2:
;;   pop rbp
;;   ret
;; func9 func[9]:
;;   push rbp
;;   mov rbp,rsp
;;   vmovaps xmm6,xmm0
;;   vpxor xmm0,xmm0,xmm0
;;   vpcmpeqb xmm0,xmm0,xmm6
;;   vptest xmm0,xmm0
;;   setne al
;;   movzx eax,al
;;   pop rbp
;;   ret
;; func10 func[10]:
;;   push rbp
;;   mov rbp,rsp
;;   vmovaps xmm6,xmm0
;;   vpacksswb xmm0,xmm6,xmm6
;;   vpmovmskb eax,xmm0
;;   movzx eax,al
;;   pop rbp
;;   ret
;; func11 func[11]:
;;   push rbp
;;   mov rbp,rsp
;;   vmovaps xmm6,xmm0
;;   vmovaps xmm8,xmm2
;;   vmovaps xmm7,xmm1
;;   vpand xmm1,xmm6,xmm8
;;   vpandn xmm0,xmm8,xmm7
;;   vpor xmm0,xmm0,xmm1
;;   pop rbp
;;   ret
