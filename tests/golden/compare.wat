;; A compare is one with what uses it: branch, if, select; i32.eqz turns the condition; `and` is a test. Otherwise setcc.
(module
  (func $br_if (param i32 i32) (result i32)
    (block (br_if 0 (i32.lt_u (local.get 0) (local.get 1))) (return (i32.const 1)))
    (i32.const 2))
  (func $eqz_chain (param i64)
    (block (br_if 0 (i32.eqz (i32.eqz (i64.eqz (local.get 0))))) (unreachable)))
  (func $test_bits (param i32)
    (block (br_if 0 (i32.and (local.get 0) (i32.const 8))) (unreachable)))
  (func $if_float (param f64 f64) (result i32)
    (if (result i32) (f64.lt (local.get 0) (local.get 1)) (then (i32.const 1)) (else (i32.const 2))))
  (func $if_float_eq (param f64 f64) (result i32)
    (if (result i32) (f64.eq (local.get 0) (local.get 1)) (then (i32.const 1)) (else (i32.const 2))))
  (func $select (param i32 i32) (result i32)
    (select (local.get 0) (local.get 1) (i32.gt_s (local.get 0) (local.get 1))))
  (func $value (param i32) (result i32)
    (i32.eq (local.get 0) (i32.const 7)))
  (func $counter (param i32)
    (loop (br_if 0 (local.tee 0 (i32.add (local.get 0) (i32.const -1)))))))
;; code
;; func0 func[0]:
;;   push rbp
;;   mov rbp,rsp
;;   cmp edi,esi
;;   jb L1
;;   mov eax,0x1
;;   pop rbp
;;   ret
;; L1:
;;   mov eax,0x2
;;   pop rbp
;;   ret
;; func1 func[1]:
;;   push rbp
;;   mov rbp,rsp
;;   test rdi,rdi
;;   je L1
;;   mov eax,0x1
;;   call QWORD PTR [r13-0x60]
;; L1:
;;   pop rbp
;;   ret
;; func2 func[2]:
;;   push rbp
;;   mov rbp,rsp
;;   test edi,0x8
;;   jne L1
;;   mov eax,0x1
;;   call QWORD PTR [r13-0x60]
;; L1:
;;   pop rbp
;;   ret
;; func3 func[3]:
;;   push rbp
;;   mov rbp,rsp
;;   vmovaps xmm6,xmm0
;;   vmovaps xmm7,xmm1
;;   vucomisd xmm7,xmm6
;;   jbe L1
;;   mov eax,0x1
;;   jmp L2
;; L1:
;;   mov eax,0x2
;; L2:
;;   pop rbp
;;   ret
;; func4 func[4]:
;;   push rbp
;;   mov rbp,rsp
;;   vmovaps xmm6,xmm0
;;   vmovaps xmm7,xmm1
;;   vucomisd xmm6,xmm7
;;   jne L1
;;   jp L1
;;   mov eax,0x1
;;   jmp L2
;; L1:
;;   mov eax,0x2
;; L2:
;;   pop rbp
;;   ret
;; func5 func[5]:
;;   push rbp
;;   mov rbp,rsp
;;   cmp edi,esi
;;   mov eax,edi
;;   cmovle eax,esi
;;   pop rbp
;;   ret
;; func6 func[6]:
;;   push rbp
;;   mov rbp,rsp
;;   cmp edi,0x7
;;   sete al
;;   movzx eax,al
;;   pop rbp
;;   ret
;; func7 func[7]:
;;   push rbp
;;   mov rbp,rsp
;;   nop WORD PTR [rax+rax*1+0x0]
;;   nop DWORD PTR [rax]
;; L1:
;;   add edi,0xffffffff
;;   jne L1
;;   pop rbp
;;   ret
