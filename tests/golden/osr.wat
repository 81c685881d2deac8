;; run: -l
;; Heads of loops look whether the function was replaced: all locals, and the operand stack from its
;; bottom up, are carried; then the results are, or all goes on as it was.
(module
  (func $calls)
  (func $loop (param i32 i64) (result i64) (local f64 v128)
    (i64.const 7)
    (loop (param i64) (result i64)
      (call $calls)
      (i64.add (local.get 1))
      (local.set 1 (i64.add (local.get 1) (i64.const 3)))
      (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
      (br_if 0 (local.get 0))))
  (func $many (param i32) (result i32 i32 i32)
    (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (i32.const 1) (i32.const 2) (local.get 0)))
;; code
;; func0 func[0]:
;;   push rbp
;;   mov rbp,rsp
;;   pop rbp
;;   ret
;; func1 func[1]:
;;   push rbp
;;   mov rbp,rsp
;;   push rbx
;;   push r12
;;   sub rsp,0x40
;;   mov r12d,edi
;;   mov rbx,rsi
;;   vxorps xmm0,xmm0,xmm0
;;   vmovups XMMWORD PTR [rbp-0x30],xmm0
;;   vmovq QWORD PTR [rbp-0x38],xmm0
;;   mov QWORD PTR [rbp-0x48],0x7
;;   nop WORD PTR [rax+rax*1+0x0]
;; L1:
;;   cmp BYTE PTR [r13-0x10f],0x0
;;   jne L4
;; L2:
;;   call func0
;;   mov rax,rbx
;;   add rax,QWORD PTR [rbp-0x48]
;;   add rbx,0x3
;;   sub r12d,0x1
;;   mov QWORD PTR [rbp-0x48],rax
;;   test r12d,r12d
;;   je L3
;;   jmp L1
;; L3:
;;   mov rax,QWORD PTR [rbp-0x48]
;;   lea rsp,[rbp-0x10]
;;   pop r12
;;   pop rbx
;;   pop rbp
;;   ret
;; L4:
;;   mov DWORD PTR [r13-0x1110],r12d
;;   mov QWORD PTR [r13-0x1100],rbx
;;   vmovsd xmm0,QWORD PTR [rbp-0x28]
;;   vmovsd QWORD PTR [r13-0x10f0],xmm0
;;   vmovups xmm0,XMMWORD PTR [rbp-0x38]
;;   vmovups XMMWORD PTR [r13-0x10e0],xmm0
;;   mov rax,QWORD PTR [rbp-0x48]
;;   mov QWORD PTR [r13-0x10d0],rax
;;   mov esi,0x34
;;   call QWORD PTR [r13-0x38]
;;   test eax,eax
;;   je L5
;;   mov rax,QWORD PTR [r13-0x1110]
;;   lea rsp,[rbp-0x10]
;;   pop r12
;;   pop rbx
;;   pop rbp
;;   ret
;; L5:
;;   jmp L2
;; func2 func[2]:
;;   push rbp
;;   mov rbp,rsp
;;   sub rsp,0x20
;;   mov QWORD PTR [rbp-0x8],rdi
;;   nop
;; L1:
;;   cmp BYTE PTR [r13-0x10e],0x0
;;   jne L3
;; L2:
;;   sub esi,0x1
;;   jne L1
;;   mov rax,QWORD PTR [rbp-0x8]
;;   mov DWORD PTR [rax],0x1
;;   mov DWORD PTR [rax+0x10],0x2
;;   mov DWORD PTR [rax+0x20],esi
;;   leave
;;   ret
;; L3:
;;   mov DWORD PTR [r13-0x1110],esi
;;   mov DWORD PTR [rbp-0x10],esi
;;   mov esi,0x51
;;   call QWORD PTR [r13-0x38]
;;   test eax,eax
;;   je L4
;;   mov rcx,QWORD PTR [rbp-0x8]
;;   mov eax,DWORD PTR [r13-0x1110]
;;   mov DWORD PTR [rcx],eax
;;   mov eax,DWORD PTR [r13-0x1100]
;;   mov DWORD PTR [rcx+0x10],eax
;;   mov eax,DWORD PTR [r13-0x10f0]
;;   mov DWORD PTR [rcx+0x20],eax
;;   leave
;;   ret
;; L4:
;;   mov esi,DWORD PTR [rbp-0x10]
;;   jmp L2
