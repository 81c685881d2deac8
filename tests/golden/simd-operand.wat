;; Operands of vector instructions: loads, constants and spilled locals are folded, whichever side they are on; results go
;; straight into the register of the local that takes them; zeros and ones need no load.
(module
  (memory 1)
  (func $dot (param $a i32) (param $b i32) (param $n i32) (result f32) (local $sum v128)
    (loop $again
      (local.set $sum (f32x4.add (local.get $sum)
        (f32x4.mul (v128.load (local.get $a)) (v128.load offset=16 (local.get $b)))))
      (local.set $a (i32.add (local.get $a) (i32.const 16)))
      (local.set $b (i32.add (local.get $b) (i32.const 16)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (f32x4.extract_lane 3 (local.get $sum)))
  (func $const_right (param v128) (result v128)
    (i32x4.add (local.get 0) (v128.const i32x4 1 2 3 4)))
  (func $const_left (param v128) (result v128)
    (i32x4.add (v128.const i32x4 1 2 3 4) (i32x4.neg (local.get 0))))
  (func $const_unary (result v128) (i16x8.extend_low_i8x16_s (v128.const i64x2 -1 1)))
  (func $load_unary (param i32) (result v128) (f64x2.sqrt (v128.load offset=8 (local.get 0))))
  (func $load_swapped (param v128 i32) (result v128)
    (f32x4.pmin (v128.load (local.get 1)) (local.get 0)))
  (func $zero_one (param i32)
    (v128.store (local.get 0) (v128.const i64x2 0 0))
    (v128.store offset=16 (local.get 0) (v128.const i64x2 -1 -1)))
  (func $splat_const (result v128) (i16x8.splat (i32.const 7)))
  (func $shift_const (param v128) (result v128) (i32x4.shl (local.get 0) (i32.const 33)))
  (func $across_call (param v128) (result v128)
    (v128.and (local.get 0) (call $splat_const))))
;; code
;; func0 func[0]:
;;   push rbp
;;   mov rbp,rsp
;;   mov r8d,edx
;;   vxorps xmm6,xmm6,xmm6
;;   nop DWORD PTR [rax+rax*1+0x0]
;; L1:
;;   vmovdqu xmm0,XMMWORD PTR [r13+rdi*1+0x0]
;;   vmulps xmm0,xmm0,XMMWORD PTR [r13+rsi*1+0x10]
;;   vaddps xmm6,xmm6,xmm0
;;   add edi,0x10
;;   add esi,0x10
;;   sub r8d,0x1
;;   jne L1
;;   vpshufd xmm0,xmm6,0x3
;;   pop rbp
;;   ret
;; func1 func[1]:
;;   push rbp
;;   mov rbp,rsp
;;   vmovaps xmm6,xmm0
;;   vpaddd xmm0,xmm6,XMMWORD PTR [data1]
;;   pop rbp
;;   ret
;; func2 func[2]:
;;   push rbp
;;   mov rbp,rsp
;;   vmovaps xmm6,xmm0
;;   vpxor xmm1,xmm1,xmm1
;;   vpsubd xmm0,xmm1,xmm6
;;   vpaddd xmm0,xmm0,XMMWORD PTR [data1]
;;   pop rbp
;;   ret
;; func3 func[3]:
;;   push rbp
;;   mov rbp,rsp
;;   vpmovsxbw xmm0,QWORD PTR [data1]
;;   pop rbp
;;   ret
;; func4 func[4]:
;;   push rbp
;;   mov rbp,rsp
;;   vsqrtpd xmm0,XMMWORD PTR [r13+rdi*1+0x8]
;;   pop rbp
;;   ret
;; func5 func[5]:
;;   push rbp
;;   mov rbp,rsp
;;   vmovaps xmm6,xmm0
;;   vmovdqu xmm0,XMMWORD PTR [r13+rdi*1+0x0]
;;   vminps xmm0,xmm6,xmm0
;;   pop rbp
;;   ret
;; func6 func[6]:
;;   push rbp
;;   mov rbp,rsp
;;   vpxor xmm0,xmm0,xmm0
;;   vmovdqu XMMWORD PTR [r13+rdi*1+0x0],xmm0
;;   vpcmpeqd xmm0,xmm0,xmm0
;;   vmovdqu XMMWORD PTR [r13+rdi*1+0x10],xmm0
;;   pop rbp
;;   ret
;; func7 func[7]:
;;   push rbp
;;   mov rbp,rsp
;;   vmovups xmm0,XMMWORD PTR [data1]
;;   pop rbp
;;   ret
;; func8 func[8]:
;;   push rbp
;;   mov rbp,rsp
;;   vmovaps xmm6,xmm0
;;   vpslld xmm0,xmm6,0x1
;;   pop rbp
;;   ret
;; func9 func[9]:
;;   push rbp
;;   mov rbp,rsp
;;   sub rsp,0x20
;;   vmovups XMMWORD PTR [rbp-0x10],xmm0
;;   call func7
;;   vpand xmm0,xmm0,XMMWORD PTR [rbp-0x10]
;;   leave
;;   ret
