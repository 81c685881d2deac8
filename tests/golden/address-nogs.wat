;; run: -n
;; As address.wat, without gs: forms.
(module
  (memory 1)
  (func $offset (param i32) (result i32) (i32.load offset=20 (local.get 0)))
  (func $sum (param i32 i32) (result i32)
    (i32.load8_u (i32.add (local.get 0) (i32.shl (local.get 1) (i32.const 2)))))
  (func $sum_const (param i32 i32) (result i64)
    (i64.load (i32.add (i32.add (local.get 0) (local.get 1)) (i32.const 100))))
  (func $sum_offset (param i32 i32) (result i64)
    (i64.load offset=16 (i32.add (local.get 0) (local.get 1))))
  (func $store_sum (param i32 i32 f64)
    (f64.store (i32.add (local.get 0) (local.get 1)) (local.get 2)))
  (func $store_const (param i32)
    (i32.store16 offset=2 (local.get 0) (i32.const 77))
    (i64.store (i32.const 1024) (i64.const -1)))
  (func $far (param i32) (result i32) (i32.load offset=0xfffffff0 (local.get 0))))
;; code
;; func0 func[0]:
;;   push rbp
;;   mov rbp,rsp
;;   mov eax,DWORD PTR [r13+rdi*1+0x14]
;;   pop rbp
;;   ret
;; func1 func[1]:
;;   push rbp
;;   mov rbp,rsp
;;   lea eax,[rdi+rsi*4]
;;   movzx eax,BYTE PTR [r13+rax*1+0x0]
;;   pop rbp
;;   ret
;; func2 func[2]:
;;   push rbp
;;   mov rbp,rsp
;;   lea eax,[rdi+rsi*1+0x64]
;;   mov rax,QWORD PTR [r13+rax*1+0x0]
;;   pop rbp
;;   ret
;; func3 func[3]:
;;   push rbp
;;   mov rbp,rsp
;;   lea eax,[rdi+rsi*1]
;;   mov rax,QWORD PTR [r13+rax*1+0x10]
;;   pop rbp
;;   ret
;; func4 func[4]:
;;   push rbp
;;   mov rbp,rsp
;;   vmovaps xmm6,xmm0
;;   lea eax,[rdi+rsi*1]
;;   vmovsd QWORD PTR [r13+rax*1+0x0],xmm6
;;   pop rbp
;;   ret
;; func5 func[5]:
;;   push rbp
;;   mov rbp,rsp
;;   mov WORD PTR [r13+rdi*1+0x2],0x4d
;;   mov QWORD PTR [r13+0x400],0xffffffffffffffff
;;   pop rbp
;;   ret
;; func6 func[6]:
;;   push rbp
;;   mov rbp,rsp
;;   mov eax,0xfffffff0
;;   add rax,rdi
;;   mov eax,DWORD PTR [r13+rax*1+0x0]
;;   pop rbp
;;   ret
