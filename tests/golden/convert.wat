;; Conversions that may trap: the check is inline, the reasons are found behind the function. min and max: both orders, a
;; NaN is met in cold code.
(module
  (func $trunc (param f64) (result i32) (i32.trunc_f64_s (local.get 0)))
  (func $trunc_u (param f32) (result i32) (i32.trunc_f32_u (local.get 0)))
  (func $sat (param f32) (result i64) (i64.trunc_sat_f32_s (local.get 0)))
  (func $min (param f64 f64) (result f64) (f64.min (local.get 0) (local.get 1)))
  (func $from_u64 (param i64) (result f64) (f64.convert_i64_u (local.get 0)))
  (func $copysign (param f32 f32) (result f32) (f32.copysign (local.get 0) (local.get 1))))
;; code
;; func0 func[0]:
;;   push rbp
;;   mov rbp,rsp
;;   vmovaps xmm6,xmm0
;;   vcvttsd2si eax,xmm6
;;   cmp eax,0x1
;;   jo L2
;; L1:
;;   pop rbp
;;   ret
;; L2:
;;   vucomisd xmm6,xmm6
;;   jp L3
;;   vucomisd xmm6,QWORD PTR [data1]
;;   jbe L4
;;   vucomisd xmm6,QWORD PTR [data2]
;;   ja L5
;;   jmp L1
;; L3:
;;   mov eax,0x5
;;   call QWORD PTR [r13-0x60]
;; L4:
;;   mov eax,0x4
;;   call QWORD PTR [r13-0x60]
;; L5:
;;   mov eax,0x4
;;   call QWORD PTR [r13-0x60]
;; func1 func[1]:
;;   push rbp
;;   mov rbp,rsp
;;   vmovaps xmm6,xmm0
;;   vcvttss2si rcx,xmm6
;;   mov eax,ecx
;;   cmp rax,rcx
;;   jne L1
;;   pop rbp
;;   ret
;; L1:
;;   vucomiss xmm6,xmm6
;;   jp L2
;;   mov eax,0x4
;;   call QWORD PTR [r13-0x60]
;; L2:
;;   mov eax,0x5
;;   call QWORD PTR [r13-0x60]
;; func2 func[2]:
;;   push rbp
;;   mov rbp,rsp
;;   vmovaps xmm6,xmm0
;;   vcvttss2si rax,xmm6
;;   cmp rax,0x1
;;   jo L2
;; L1:
;;   pop rbp
;;   ret
;; L2:
;;   vucomiss xmm6,DWORD PTR [data1]
;;   jp L3
;;   jb L1
;;   movabs rax,0x7fffffffffffffff
;;   jmp L1
;; L3:
;;   xor eax,eax
;;   jmp L1
;; func3 func[3]:
;;   push rbp
;;   mov rbp,rsp
;;   vmovaps xmm6,xmm0
;;   vmovaps xmm7,xmm1
;;   vucomisd xmm6,xmm7
;;   jp L2
;;   vminsd xmm0,xmm7,xmm6
;;   vminsd xmm1,xmm6,xmm7
;;   vorps xmm1,xmm1,xmm0
;; L1:
;;   vmovaps xmm0,xmm1
;;   pop rbp
;;   ret
;; L2:
;;   vaddsd xmm1,xmm6,xmm7
;;   jmp L1
;; func4 func[4]:
;;   push rbp
;;   mov rbp,rsp
;;   vxorps xmm0,xmm0,xmm0
;;   test rdi,rdi
;;   js L2
;;   vcvtsi2sd xmm0,xmm0,rdi
;; L1:
;;   pop rbp
;;   ret
;; L2:
;;   mov rax,rdi
;;   shr rax,1
;;   bt rdi,0x0
;;   jae L3
;;   or rax,0x1
;; L3:
;;   vcvtsi2sd xmm0,xmm0,rax
;;   vaddsd xmm0,xmm0,xmm0
;;   jmp L1
;; func5 func[5]:
;;   push rbp
;;   mov rbp,rsp
;;   vmovaps xmm6,xmm0
;;   vmovaps xmm7,xmm1
;;   vandps xmm0,xmm7,XMMWORD PTR [data1]
;;   vandps xmm1,xmm6,XMMWORD PTR [data2]
;;   vorps xmm1,xmm1,xmm0
;;   vmovaps xmm0,xmm1
;;   pop rbp
;;   ret
