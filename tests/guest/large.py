"""Large valid modules, made from a real one: large.py grow IN OUT MEGABYTES | function IN OUT MEGABYTES.

grow      repeats the module's functions (their clones are compiled but never called) until the file has the size:
          it still runs as before.
function  makes one function of that size: the body of the largest suitable function, repeated, each time inside an
          "if" of its own (one label, as the body had) whose results are dropped. The condition is memory.size, so that
          no compiler can tell that what follows a return is never reached.
"""
import sys

TYPE, FUNCTION, CODE = 1, 3, 10
MEMORY_SIZE, IF, ELSE, END, DROP = b"\x3f\0", b"\x04", b"\x05", b"\x0b", b"\x1a"
NO_RESULT = b"\x40"
ZERO = {b"": b"", b"\x7f": b"\x41\0", b"\x7e": b"\x42\0", b"\x7d": b"\x43" + bytes(4), b"\x7c": b"\x44" + bytes(8)}


def leb(n):
    out = bytearray()
    while True:
        out.append(n & 0x7f | (0x80 if n > 0x7f else 0))
        n >>= 7
        if not n:
            return bytes(out)


class Reader:
    def __init__(self, data, at=0):
        self.data, self.at = data, at

    def u32(self):
        value = shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            value |= (byte & 0x7f) << shift
            shift += 7
            if byte < 0x80:
                return value

    def take(self, count):
        self.at += count
        return self.data[self.at - count:self.at]


def sections(data):
    r, found = Reader(data, 8), []
    while r.at < len(data):
        kind = r.take(1)[0]
        found.append((kind, r.take(r.u32())))
    return found


def write(path, found):
    with open(path, "wb") as f:
        f.write(b"\0asm\1\0\0\0")
        for kind, body in found:
            f.write(bytes([kind]) + leb(len(body)) + body)


def vector(body, item):
    r = Reader(body)
    return [item(r) for _ in range(r.u32())]


def functions(found):
    """The module's defined functions: lists of type indexes and of bodies (bytes without their size)."""
    types = vector(dict(found)[FUNCTION], Reader.u32)
    bodies = vector(dict(found)[CODE], lambda r: r.take(r.u32()))
    return types, bodies


def with_functions(found, types, bodies):
    code = b"".join(leb(len(b)) + b for b in bodies)
    new = {FUNCTION: leb(len(types)) + b"".join(map(leb, types)), CODE: leb(len(bodies)) + code}
    return [(kind, new.get(kind, body)) for kind, body in found]


def grow(source, target, size):
    found = sections(source)
    types, bodies = functions(found)
    room, more_types, more_bodies = size - len(source), [], []
    while room > 0:
        for t, b in zip(types, bodies):
            if room <= 0:
                break
            more_types.append(t)
            more_bodies.append(b)
            room -= len(b) + 5
    write(target, with_functions(found, types + more_types, bodies + more_bodies))


def signature(r):
    if r.take(1) != b"\x60":
        raise SystemExit("only plain function types")
    return r.take(r.u32()), r.take(r.u32())


def split(body):
    """The declaration of locals, and the code without its last end."""
    r = Reader(body)
    for _ in range(r.u32()):
        r.u32()
        r.take(1)
    return body[:r.at], body[r.at:-1]


def function(source, target, size):
    found = sections(source)
    types, bodies = functions(found)
    signatures = vector(dict(found)[TYPE], signature)
    simple = [i for i, t in enumerate(types) if signatures[t][1] in ZERO]
    largest = max(simple, key=lambda i: len(bodies[i]))
    results = signatures[types[largest]][1]
    declared, code = split(bodies[largest])
    once = MEMORY_SIZE + IF + (results or NO_RESULT) + code + ELSE + ZERO[results] + END
    times = max(0, (size - len(code)) // (len(once) + len(results)))
    body = declared + (once + DROP * len(results)) * times + once + END
    write(target, with_functions(found, types + [types[largest]], bodies + [body]))


def main():
    kind, source, target, megabytes = sys.argv[1:]
    with open(source, "rb") as f:
        {"grow": grow, "function": function}[kind](f.read(), target, int(float(megabytes) * 1e6))


if __name__ == "__main__":
    main()
