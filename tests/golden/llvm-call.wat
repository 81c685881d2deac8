;; Direct calls pass r13 on; an i32 argument is known to be zero-extended. Stack arguments come through an adapter, whose callers
;; from outside pop nothing. A tail call is a jump.
(module
  (type $t (func (param i32) (result i32)))
  (table 4 4 funcref)
  (func $callee (param i32) (result i32) (local.get 0))
  (func $direct (param i32) (result i32) (i32.add (call $callee (local.get 0)) (i32.const 1)))
  (func $indirect (param i32 i32) (result i32) (call_indirect (type $t) (local.get 0) (local.get 1)))
  (func $tail (param i32) (result i32) (return_call $callee (i32.const 7)))
  (func $stack (param i64 i64 i64 i64 i64 i64 i64) (result i64) (local.get 6)))
;; code
;; func0 func[0]:
;;   push rbp
;;   mov rbp,rsp
;;   mov rax,rdi
;;   pop rbp
;;   ret
;; func1 func[1]:
;;   push rbp
;;   mov rbp,rsp
;;   call func0
;;   inc eax
;;   pop rbp
;;   ret
;; func2 func[2]:
;;   push rbp
;;   mov rbp,rsp
;;   cmp rsi,0x4
;;   jae L1
;;   shl rsi,0x5
;;   add rsi,QWORD PTR [r13-0x100]
;;   mov eax,DWORD PTR [r13-0xe0]
;;   cmp DWORD PTR [rsi],eax
;;   jne L2
;;   mov r10,rsi
;;   call QWORD PTR [rsi+0x8]
;;   pop rbp
;;   ret
;; L1:
;;   call ?
;;   ud2
;; L2:
;;   mov r10,rsi
;;   mov edi,eax
;;   call ?
;;   ud2
;; func3 func[3]:
;;   push rbp
;;   mov rbp,rsp
;;   mov edi,0x7
;;   pop rbp
;;   jmp func0
;; func4 func[4]:
;;   push rbp
;;   mov rbp,rsp
;;   sub rsp,0x10
;;   mov rax,QWORD PTR [rbp+0x10]
;;   mov QWORD PTR [rsp],rax
;;   mov rax,QWORD PTR [rbp+0x18]
;;   mov QWORD PTR [rsp+0x8],rax
;;   call ?
;;   leave
;;   ret 0x10
