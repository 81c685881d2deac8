;; run: -p
;; A function that calls looks whether another took its place, before anything of its own; one that
;; calls nothing does not.
(module
  (func $leaf (param i32) (result i32) (local.get 0))
  (func $calls (param i32) (result i32) (call $leaf (local.get 0)))
  (func $tail (param i32) (result i32) (return_call $calls (local.get 0)))
  (func $stack (param i64 i64 i64 i64 i64 i64 i64) (result i64)
    (drop (call $leaf (i32.const 1)))
    (local.get 6)))
;; code
;; func0 func[0]:
;;   push rbp
;;   mov rbp,rsp
;;   mov eax,edi
;;   pop rbp
;;   ret
;; func1 func[1]:
;;   cmp QWORD PTR [r13-0xf8],0x0
;;   jne L1
;;   push rbp
;;   mov rbp,rsp
;;   sub rsp,0x10
;;   mov DWORD PTR [rbp-0x8],edi
;;   mov edi,DWORD PTR [rbp-0x8]
;;   call func0
;;   leave
;;   ret
;; L1:
;;   jmp QWORD PTR [r13-0xf8]
;; func2 func[2]:
;;   cmp QWORD PTR [r13-0xf0],0x0
;;   jne L1
;;   push rbp
;;   mov rbp,rsp
;;   sub rsp,0x10
;;   mov DWORD PTR [rbp-0x8],edi
;;   mov edi,DWORD PTR [rbp-0x8]
;;   leave
;;   jmp func1
;; L1:
;;   jmp QWORD PTR [r13-0xf0]
;; func3 func[3]:
;;   cmp QWORD PTR [r13-0xe8],0x0
;;   jne L1
;;   push rbp
;;   mov rbp,rsp
;;   sub rsp,0x40
;;   mov QWORD PTR [rbp-0x8],rdi
;;   mov QWORD PTR [rbp-0x10],rsi
;;   mov QWORD PTR [rbp-0x18],rdx
;;   mov QWORD PTR [rbp-0x20],rcx
;;   mov QWORD PTR [rbp-0x28],r8
;;   mov QWORD PTR [rbp-0x30],r9
;;   mov edi,0x1
;;   call func0
;;   mov rax,QWORD PTR [rbp+0x10]
;;   leave
;;   ret 0x10
;; L1:
;;   jmp QWORD PTR [r13-0xe8]
