;; Checks before a division, none for constants; unsigned, these and powers of two need no division.
(module
  (func $div_s (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
  (func $rem_s (param i64 i64) (result i64) (i64.rem_s (local.get 0) (local.get 1)))
  (func $div_const (param i32) (result i32) (i32.div_u (local.get 0) (i32.const 10)))
  (func $div_power (param i32) (result i32) (i32.div_u (local.get 0) (i32.const 16)))
  (func $rem_power (param i64) (result i64) (i64.rem_u (local.get 0) (i64.const 32)))
  (func $div_s_power (param i32) (result i32) (i32.div_s (local.get 0) (i32.const 4)))
  (func $rem_const (param i64 i64) (result i64) (i64.rem_u (local.get 1) (i64.const 14))))
;; code
;; func0 func[0]:
;;   push rbp
;;   mov rbp,rsp
;;   mov eax,edi
;;   test esi,esi
;;   je L2
;;   cmp esi,0xffffffff
;;   je L3
;;   cdq
;;   idiv esi
;; L1:
;;   pop rbp
;;   ret
;; L2:
;;   mov eax,0x3
;;   call QWORD PTR [r13-0x60]
;; L3:
;;   neg eax
;;   jo L4
;;   jmp L1
;; L4:
;;   mov eax,0x4
;;   call QWORD PTR [r13-0x60]
;; func1 func[1]:
;;   push rbp
;;   mov rbp,rsp
;;   mov rax,rdi
;;   test rsi,rsi
;;   je L2
;;   cmp rsi,0xffffffffffffffff
;;   je L3
;;   cqo
;;   idiv rsi
;; L1:
;;   mov rax,rdx
;;   pop rbp
;;   ret
;; L2:
;;   mov eax,0x3
;;   call QWORD PTR [r13-0x60]
;; L3:
;;   xor edx,edx
;;   jmp L1
;; func2 func[2]:
;;   push rbp
;;   mov rbp,rsp
;;   mov eax,edi
;;   mov edx,0xcccccccd
;;   imul rax,rdx
;;   shr rax,0x20
;;   shr eax,0x3
;;   pop rbp
;;   ret
;; func3 func[3]:
;;   push rbp
;;   mov rbp,rsp
;;   mov eax,edi
;;   shr eax,0x4
;;   pop rbp
;;   ret
;; func4 func[4]:
;;   push rbp
;;   mov rbp,rsp
;;   mov rax,rdi
;;   and rax,0x1f
;;   pop rbp
;;   ret
;; func5 func[5]:
;;   push rbp
;;   mov rbp,rsp
;;   mov eax,edi
;;   sar eax,0x1f
;;   shr eax,0x1e
;;   add eax,edi
;;   sar eax,0x2
;;   pop rbp
;;   ret
;; func6 func[6]:
;;   push rbp
;;   mov rbp,rsp
;;   mov QWORD PTR [rbp-0x8],rdi
;;   mov rax,rsi
;;   shr rax,1
;;   movabs rdx,0x924924924924924a
;;   mul rdx
;;   shr rdx,0x2
;;   imul rdx,rdx,0xe
;;   mov rax,rsi
;;   sub rax,rdx
;;   pop rbp
;;   ret
