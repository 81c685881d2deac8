;; br_table: a table of distances behind the function; for a few targets, compares.
(module
  (func $many (param i32) (result i32)
    (block (block (block (block (block
      (br_table 0 1 2 3 1 4 (local.get 0)))
      (return (i32.const 10)))
      (return (i32.const 11)))
      (return (i32.const 12)))
      (return (i32.const 13)))
    (i32.const 14))
  (func $few (param i32) (result i32)
    (block (block (br_table 0 1 (local.get 0))) (return (i32.const 10)))
    (i32.const 11)))
;; code
;; func0 func[0]:
;;   push rbp
;;   mov rbp,rsp
;;   mov eax,edi
;;   cmp eax,0x5
;;   jae L1
;;   lea rcx,[data1]
;;   movsxd rax,DWORD PTR [rcx+rax*4]
;;   add rax,rcx
;;   jmp rax
;;   mov eax,0xa
;;   pop rbp
;;   ret
;;   mov eax,0xb
;;   pop rbp
;;   ret
;;   mov eax,0xc
;;   pop rbp
;;   ret
;;   mov eax,0xd
;;   pop rbp
;;   ret
;; L1:
;;   mov eax,0xe
;;   pop rbp
;;   ret
;; func1 func[1]:
;;   push rbp
;;   mov rbp,rsp
;;   mov eax,edi
;;   cmp eax,0x0
;;   je L1
;;   jmp L2
;; L1:
;;   mov eax,0xa
;;   pop rbp
;;   ret
;; L2:
;;   mov eax,0xb
;;   pop rbp
;;   ret
