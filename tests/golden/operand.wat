;; Constants are immediates; a result goes straight into the register of the local that takes it; loads are operands;
;; multiplications by small constants are shifts and lea.
(module
  (memory 1)
  (func $into_local (param i32 i32) (result i32)
    (local.set 0 (i32.sub (local.get 0) (i32.const 3)))
    (local.set 1 (i32.xor (local.get 1) (local.get 0)))
    (i32.or (local.get 0) (local.get 1)))
  (func $load_operand (param i32 i64) (result i64)
    (i64.add (local.get 1) (i64.load offset=8 (local.get 0))))
  (func $float_operand (param f64 i32) (result f64)
    (f64.mul (f64.add (local.get 0) (f64.const 1.5)) (f64.load (local.get 1))))
  (func $mul (param i32) (result i32)
    (i32.add (i32.mul (local.get 0) (i32.const 8)) (i32.add (i32.mul (local.get 0) (i32.const 5))
      (i32.mul (local.get 0) (i32.const 100)))))
  (func $mask (param i32) (result i32) (i32.and (local.get 0) (i32.const 255)))
  (func $shifts (param i64 i64) (result i64)
    (i64.rotl (i64.shl (local.get 0) (local.get 1)) (i64.const 13)))
  (func $extend (param i32) (result i64) (i64.extend_i32_s (i32.load (local.get 0))))
  (func $wrap (param i64) (result i32) (i32.add (i32.wrap_i64 (local.get 0)) (i32.const 1))))
;; code
;; func0 func[0]:
;;   push rbp
;;   mov rbp,rsp
;;   sub edi,0x3
;;   xor esi,edi
;;   mov eax,edi
;;   or eax,esi
;;   pop rbp
;;   ret
;; func1 func[1]:
;;   push rbp
;;   mov rbp,rsp
;;   mov rax,rsi
;;   add rax,QWORD PTR [r13+rdi*1+0x8]
;;   pop rbp
;;   ret
;; func2 func[2]:
;;   push rbp
;;   mov rbp,rsp
;;   vmovaps xmm6,xmm0
;;   vaddsd xmm0,xmm6,QWORD PTR [data1]
;;   vmulsd xmm0,xmm0,QWORD PTR [r13+rdi*1+0x0]
;;   pop rbp
;;   ret
;; func3 func[3]:
;;   push rbp
;;   mov rbp,rsp
;;   mov eax,edi
;;   shl eax,0x3
;;   lea ecx,[rdi+rdi*4]
;;   imul edx,edi,0x64
;;   lea ecx,[rcx+rdx*1]
;;   add eax,ecx
;;   pop rbp
;;   ret
;; func4 func[4]:
;;   push rbp
;;   mov rbp,rsp
;;   movzx eax,dil
;;   pop rbp
;;   ret
;; func5 func[5]:
;;   push rbp
;;   mov rbp,rsp
;;   shlx rax,rdi,rsi
;;   rorx rax,rax,0x33
;;   pop rbp
;;   ret
;; func6 func[6]:
;;   push rbp
;;   mov rbp,rsp
;;   movsxd rax,DWORD PTR [r13+rdi*1+0x0]
;;   pop rbp
;;   ret
;; func7 func[7]:
;;   push rbp
;;   mov rbp,rsp
;;   mov eax,edi
;;   add eax,0x1
;;   pop rbp
;;   ret
