;; A leaf does not move rsp. A frame of more than a page is probed, out of line. Locals at home
;; are zeroed 16 bytes at a time. The nops are as many bytes as there are locals: of more than that
;; only those that are named have a place.
(module
  (func $callee)
  (func $leaf (param i32) (result i32) (local i32) (local.get 0))
  (func $frame (param i32) (result i32) (local f64 f64 f64) (call $callee) (local.get 0))
  (func $large (local v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128
    v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128
    v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128
    v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128
    v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128
    v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128
    v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128
    v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128
    v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128
    v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128
    v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128
    v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128
    v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128
    v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128
    v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128
    v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128
    v128)
    nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop
    nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop
    nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop
    nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop
    nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop
    nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop
    nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop
    nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop
    nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop
    nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop
    nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop
    nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop
    nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop
    nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop
    nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop
    nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop
    nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop
    nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop
    (call $callee))
  (func $named (result i64) (local
    i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64
    i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64
    i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64
    i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64
    i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64
    i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64
    i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64
    i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64
    i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64
    i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64
    i64) (local.get 200))
  (func $trap (unreachable)))
;; code
;; func0 func[0]:
;;   push rbp
;;   mov rbp,rsp
;;   pop rbp
;;   ret
;; func1 func[1]:
;;   push rbp
;;   mov rbp,rsp
;;   vxorps xmm0,xmm0,xmm0
;;   vmovq QWORD PTR [rbp-0x10],xmm0
;;   mov eax,edi
;;   pop rbp
;;   ret
;; func2 func[2]:
;;   push rbp
;;   mov rbp,rsp
;;   sub rsp,0x30
;;   mov DWORD PTR [rbp-0x8],edi
;;   vxorps xmm0,xmm0,xmm0
;;   vmovups XMMWORD PTR [rbp-0x18],xmm0
;;   vmovq QWORD PTR [rbp-0x20],xmm0
;;   call func0
;;   mov eax,DWORD PTR [rbp-0x8]
;;   leave
;;   ret
;; func3 func[3]:
;;   push rbp
;;   mov rbp,rsp
;;   jmp L3
;;   xchg ax,ax
;; L1:
;;   vxorps xmm0,xmm0,xmm0
;;   lea rax,[rbp+0x0]
;;   lea rcx,[rbp-0x12c0]
;; L2:
;;   sub rax,0x10
;;   vmovups XMMWORD PTR [rax],xmm0
;;   cmp rax,rcx
;;   ja L2
;;   call func0
;;   leave
;;   ret
;; L3:
;;   lea rax,[rsp-0x12d0]
;; L4:
;;   sub rsp,0x1000
;;   or DWORD PTR [rsp],0x0
;;   cmp rsp,rax
;;   ja L4
;;   mov rsp,rax
;;   jmp L1
;; func4 func[4]:
;;   push rbp
;;   mov rbp,rsp
;;   xor esi,esi
;;   mov rax,rsi
;;   pop rbp
;;   ret
;; func5 func[5]:
;;   push rbp
;;   mov rbp,rsp
;;   mov eax,0x1
;;   call QWORD PTR [r13-0x60]
