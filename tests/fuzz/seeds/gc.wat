;; Garbage collection: recursion groups, subtypes, structs, arrays, casts.
(module
  (rec
    (type $list (sub (struct (field $next (ref null $list)) (field $v (mut i8)))))
    (type $long (sub final $list (struct (field (ref null $list)) (field (mut i8)) (field i64)))))
  (type $bytes (array (mut i8)))
  (type $refs (array (mut (ref null $list))))
  (data $d "abcd")
  (func (param (ref null $list)) (result i32)
    (block $is (result (ref $long))
      (br_on_cast $is (ref null $list) (ref $long) (local.get 0))
      (return (struct.get_s $list 1 (ref.as_non_null))))
    (struct.get $long 2) (i32.wrap_i64))
  (func (result (ref $refs))
    (array.new_fixed $refs 2 (ref.null none) (struct.new $long (ref.null $list) (i32.const 1) (i64.const 2))))
  (func (param anyref) (result i32)
    (array.set $bytes (array.new_data $bytes $d (i32.const 0) (i32.const 4)) (i32.const 1) (i32.const 2))
    (i32.add (i31.get_u (ref.cast (ref i31) (local.get 0)))
             (ref.test (ref null $bytes) (extern.convert_any (local.get 0)) (any.convert_extern)))))
