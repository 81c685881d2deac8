// An AssemblyScript guest without WASI: exports that --invoke calls.
export function gcd(a: i32, b: i32): i32 {
  while (b != 0) {
    const t = a % b;
    a = b;
    b = t;
  }
  return a;
}

export function primes(limit: i32): i32 {
  const sieve = new Uint8Array(limit + 1);
  let count = 0;
  for (let i = 2; i <= limit; i++) {
    if (sieve[i]) continue;
    count++;
    for (let j = i * 2; j <= limit; j += i) sieve[j] = 1;
  }
  return count;
}

class Node {
  constructor(public key: i32, public next: Node | null) {}
}

// Allocates, drops and sorts small objects, so that the garbage collector runs.
export function lists(rounds: i32): i64 {
  let sum: i64 = 0;
  for (let r = 0; r < rounds; r++) {
    let head: Node | null = null;
    const keys = new Array<i32>();
    for (let i = 0; i < 200; i++) {
      head = new Node((i * 7919 + r) % 211, head);
      keys.push(head.key);
    }
    keys.sort((a, b) => a - b);
    let n = head;
    while (n) {
      sum += n.key * keys[r % 200];
      n = n.next;
    }
  }
  return sum;
}

export function mean(a: f64, b: f64): f64 {
  return (a + b) / 2;
}

const text = new Map<string, i32>();

export function words(count: i32): i32 {
  for (let i = 0; i < count; i++) {
    const key = "w" + (i % 37).toString();
    text.set(key, (text.has(key) ? text.get(key) : 0) + i);
  }
  return text.get("w5") + text.size;
}

export function crash(index: i32): i32 {
  const a = new StaticArray<i32>(4);
  return unchecked(a[index]);
}
