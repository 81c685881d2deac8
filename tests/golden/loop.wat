;; What a loop uses is in registers from its head to its end: integers and floating-point numbers, accumulators too. Round a
;; loop with calls only callee-saved registers serve; the loop inside it, without calls, has them all.
(module
  (memory 1)
  (func $callee (param i32))
  (func $dot (param $a i32) (param $b i32) (param $n i32) (result f64)
    (local $s f64)
    (loop
      (local.set $s (f64.add (local.get $s)
        (f64.mul (f64.load (local.get $a)) (f64.load (local.get $b)))))
      (local.set $a (i32.add (local.get $a) (i32.const 8)))
      (local.set $b (i32.add (local.get $b) (i32.const 8)))
      (br_if 0 (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $s))
  (func $nested (param $n i32) (result i32)
    (local $i i32) (local $j i32) (local $s i32)
    (local.set $i (local.get $n))
    (loop
      (call $callee (local.get $i))
      (local.set $j (local.get $n))
      (loop
        (local.set $s (i32.add (local.get $s) (i32.load (local.get $j))))
        (br_if 0 (local.tee $j (i32.sub (local.get $j) (i32.const 1)))))
      (br_if 0 (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
    (local.get $s))
  (func $leave (param $n i32) (result f64)
    (local $x f64)
    (call $callee (i32.const 1))
    (block
      (loop
        (local.set $x (f64.add (local.get $x) (f64.const 1)))
        (br_if 1 (i32.lt_s (local.get $n) (i32.const 0)))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br 0)))
    (local.get $x)))
;; code
;; func0 func[0]:
;;   push rbp
;;   mov rbp,rsp
;;   mov DWORD PTR [rbp-0x8],edi
;;   pop rbp
;;   ret
;; func1 func[1]:
;;   push rbp
;;   mov rbp,rsp
;;   mov r8d,edx
;;   vxorps xmm6,xmm6,xmm6
;;   nop DWORD PTR [rax+rax*1+0x0]
;; L1:
;;   vmovsd xmm0,QWORD PTR [r13+rdi*1+0x0]
;;   vmulsd xmm0,xmm0,QWORD PTR [r13+rsi*1+0x0]
;;   vaddsd xmm6,xmm6,xmm0
;;   add edi,0x8
;;   add esi,0x8
;;   sub r8d,0x1
;;   jne L1
;;   vmovaps xmm0,xmm6
;;   pop rbp
;;   ret
;; func2 func[2]:
;;   push rbp
;;   mov rbp,rsp
;;   push rbx
;;   push r12
;;   push r14
;;   push r15
;;   sub rsp,0x30
;;   mov r15d,edi
;;   xor r14d,r14d
;;   xor ebx,ebx
;;   xor r12d,r12d
;;   mov r14d,r15d
;; L1:
;;   mov edi,r14d
;;   call func0
;;   mov ebx,r15d
;;   nop DWORD PTR [rax+rax*1+0x0]
;; L2:
;;   add r12d,DWORD PTR [r13+rbx*1+0x0]
;;   sub ebx,0x1
;;   jne L2
;;   sub r14d,0x1
;;   jne L1
;;   mov eax,r12d
;;   lea rsp,[rbp-0x20]
;;   pop r15
;;   pop r14
;;   pop r12
;;   pop rbx
;;   pop rbp
;;   ret
;; func3 func[3]:
;;   push rbp
;;   mov rbp,rsp
;;   push rbx
;;   sub rsp,0x18
;;   mov ebx,edi
;;   vxorps xmm0,xmm0,xmm0
;;   vmovq QWORD PTR [rbp-0x18],xmm0
;;   mov edi,0x1
;;   call func0
;;   vmovsd xmm6,QWORD PTR [rbp-0x18]
;;   nop WORD PTR [rax+rax*1+0x0]
;;   nop
;; L1:
;;   vaddsd xmm6,xmm6,QWORD PTR [data1]
;;   test ebx,ebx
;;   jl L3
;;   sub ebx,0x1
;;   jmp L1
;; L2:
;;   vmovsd xmm0,QWORD PTR [rbp-0x18]
;;   lea rsp,[rbp-0x8]
;;   pop rbx
;;   pop rbp
;;   ret
;; L3:
;;   vmovsd QWORD PTR [rbp-0x18],xmm6
;;   jmp L2
