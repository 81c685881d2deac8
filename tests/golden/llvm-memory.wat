;; Accesses are folded into what uses them, but never dropped: $unused loads. A trap goes to a stub by a call of its own.
(module
  (memory 1)
  (global $g (mut i32) (i32.const 0))
  (func $folded (param i32 i32) (result i32) (i32.add (local.get 1) (i32.load offset=20 (local.get 0))))
  (func $unused (param i32) (drop (i32.load (local.get 0))))
  (func $increment (param i32) (i32.store (local.get 0) (i32.add (i32.load (local.get 0)) (i32.const 1))))
  (func $global (result i32) (global.set $g (i32.add (global.get $g) (i32.const 1))) (global.get $g))
  (func $divide (param i32 i32) (result i32) (i32.div_u (local.get 0) (local.get 1)))
  (func $one (param f64) (result f64) (f64.mul (local.get 0) (f64.const 1))))
;; code
;; func0 func[0]:
;;   push rbp
;;   mov rbp,rsp
;;   mov rax,rsi
;;   add eax,DWORD PTR [r13+rdi*1+0x14]
;;   pop rbp
;;   ret
;; func1 func[1]:
;;   push rbp
;;   mov rbp,rsp
;;   mov eax,DWORD PTR [r13+rdi*1+0x0]
;;   pop rbp
;;   ret
;; func2 func[2]:
;;   push rbp
;;   mov rbp,rsp
;;   inc DWORD PTR [r13+rdi*1+0x0]
;;   pop rbp
;;   ret
;; func3 func[3]:
;;   push rbp
;;   mov rbp,rsp
;;   mov eax,DWORD PTR [r13-0x100]
;;   inc eax
;;   mov DWORD PTR [r13-0x100],eax
;;   pop rbp
;;   ret
;; func4 func[4]:
;;   test rsi,rsi
;;   je L1
;;   mov eax,edi
;;   xor edx,edx
;;   div esi
;;   ret
;; L1:
;;   push rbp
;;   mov rbp,rsp
;;   call ?
;;   ud2
;; func5 func[5]:
;;   push rbp
;;   mov rbp,rsp
;;   vmovsd xmm1,QWORD PTR [data1]
;;   vmulsd xmm0,xmm1,xmm0
;;   pop rbp
;;   ret
