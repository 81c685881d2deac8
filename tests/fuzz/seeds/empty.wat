;; Little more than a header: custom sections and names.
(module $nothing
  (@custom "producers" "\00")
  (func $start)
  (start $start)
  (@custom "x" (after last) "anything"))
