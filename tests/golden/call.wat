;; Arguments move in parallel, those beyond the registers go on the stack (the callee pops them), an i32 whole. Many results go to
;; memory that rdi points to. A call through a table checks bounds and type; of a table of fixed size, against a constant.
(module
  (import "m" "f" (func $import (param i32)))
  (type $t (func (param i32) (result i32)))
  (table 5 5 funcref)
  (func $swap (param i32 i32) (result i32) (call $swap (local.get 1) (local.get 0)))
  (func $eight (param i32 i32 i32 i32 i32 i32 i32 i64) (result i64)
    (call $eight (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4) (local.get 5)
      (i32.const -1) (local.get 7)))
  (func $three (result i32 i32 i32) (i32.const 1) (i32.const 2) (i32.const 3))
  (func $sum (result i32) (call $three) (i32.add) (i32.add))
  (func $through (param i32 i32) (result i32) (call_indirect (type $t) (local.get 0) (local.get 1)))
  (func $imported (call $import (i32.const 3)))
  (func $over (param i32 i32) (result i32)
    (i32.add (local.get 0) (call $swap (local.get 1) (i32.const 2)))))
;; code
;; func1 func[1]:
;; L1:
;;   push rbp
;;   mov rbp,rsp
;;   sub rsp,0x20
;;   mov DWORD PTR [rbp-0x8],edi
;;   mov DWORD PTR [rbp-0x10],esi
;;   mov edi,DWORD PTR [rbp-0x10]
;;   mov esi,DWORD PTR [rbp-0x8]
;;   call L1
;;   leave
;;   ret
;; func2 func[2]:
;; L1:
;;   push rbp
;;   mov rbp,rsp
;;   sub rsp,0x40
;;   mov DWORD PTR [rbp-0x8],edi
;;   mov DWORD PTR [rbp-0x10],esi
;;   mov DWORD PTR [rbp-0x18],edx
;;   mov DWORD PTR [rbp-0x20],ecx
;;   mov DWORD PTR [rbp-0x28],r8d
;;   mov DWORD PTR [rbp-0x30],r9d
;;   sub rsp,0x10
;;   mov eax,0xffffffff
;;   mov QWORD PTR [rsp],rax
;;   mov rax,QWORD PTR [rbp+0x18]
;;   mov QWORD PTR [rsp+0x8],rax
;;   mov edi,DWORD PTR [rbp-0x8]
;;   mov esi,DWORD PTR [rbp-0x10]
;;   mov edx,DWORD PTR [rbp-0x18]
;;   mov ecx,DWORD PTR [rbp-0x20]
;;   mov r8d,DWORD PTR [rbp-0x28]
;;   mov r9d,DWORD PTR [rbp-0x30]
;;   call L1
;;   leave
;;   ret 0x10
;; func3 func[3]:
;;   push rbp
;;   mov rbp,rsp
;;   mov QWORD PTR [rbp-0x8],rdi
;;   mov rax,QWORD PTR [rbp-0x8]
;;   mov DWORD PTR [rax],0x1
;;   mov DWORD PTR [rax+0x10],0x2
;;   mov DWORD PTR [rax+0x20],0x3
;;   pop rbp
;;   ret
;; func4 func[4]:
;;   push rbp
;;   mov rbp,rsp
;;   sub rsp,0x50
;;   lea rdi,[rsp]
;;   call func3
;;   mov eax,DWORD PTR [rsp]
;;   mov DWORD PTR [rbp-0x8],eax
;;   mov eax,DWORD PTR [rsp+0x10]
;;   mov DWORD PTR [rbp-0x10],eax
;;   mov eax,DWORD PTR [rsp+0x20]
;;   mov DWORD PTR [rbp-0x18],eax
;;   mov eax,DWORD PTR [rbp-0x10]
;;   add eax,DWORD PTR [rbp-0x18]
;;   add eax,DWORD PTR [rbp-0x8]
;;   leave
;;   ret
;; func5 func[5]:
;;   push rbp
;;   mov rbp,rsp
;;   sub rsp,0x20
;;   mov DWORD PTR [rbp-0x8],edi
;;   mov DWORD PTR [rbp-0x10],esi
;;   mov r10d,DWORD PTR [rbp-0x10]
;;   cmp r10d,0x5
;;   jae L1
;;   shl r10,0x5
;;   add r10,QWORD PTR [r13-0x110]
;;   mov eax,DWORD PTR [r13-0xf0]
;;   cmp eax,DWORD PTR [r10]
;;   jne L2
;;   mov edi,DWORD PTR [rbp-0x8]
;;   call QWORD PTR [r10+0x8]
;;   leave
;;   ret
;; L1:
;;   mov eax,0x9
;;   call QWORD PTR [r13-0x60]
;; L2:
;;   mov eax,DWORD PTR [r13-0xf0]
;;   call QWORD PTR [r13-0x58]
;; func6 func[6]:
;;   push rbp
;;   mov rbp,rsp
;;   sub rsp,0x10
;;   lea r10,[r13-0x130]
;;   mov edi,0x3
;;   call QWORD PTR [r10+0x8]
;;   leave
;;   ret
;; func7 func[7]:
;;   push rbp
;;   mov rbp,rsp
;;   sub rsp,0x20
;;   mov DWORD PTR [rbp-0x8],edi
;;   mov DWORD PTR [rbp-0x10],esi
;;   mov edi,DWORD PTR [rbp-0x10]
;;   mov esi,0x2
;;   call func1
;;   add eax,DWORD PTR [rbp-0x8]
;;   leave
;;   ret
