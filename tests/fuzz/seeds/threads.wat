;; Shared memory and atomics.
(module
  (memory 1 2 shared)
  (func (param i32) (result i32)
    (atomic.fence)
    (i64.atomic.store32 (local.get 0) (i64.atomic.rmw8.xchg_u (local.get 0) (i64.const 1)))
    (drop (memory.atomic.wait32 offset=8 (local.get 0) (i32.const 0) (i64.const -1)))
    (i32.add (memory.atomic.notify (local.get 0) (i32.const 1))
             (i32.atomic.rmw16.cmpxchg_u (local.get 0) (i32.const 1) (i32.const 2)))))
