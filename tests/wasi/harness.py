"""Guests of tests/wasi built and run: natively, in wsbox with each engine, elsewhere; counts of what was right."""
import ctypes, os, shutil, struct, subprocess, sys, threading

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
OUT = os.path.join(TOP, os.environ.get("O", "build"))
BUILT = os.path.join(OUT, "tests/wasi/guest")
WSBOX = os.path.join(OUT, "tools/wsbox")
# io_uring as the host has it, refused by EPERM, and refused by ENOSYS: io_uring_setup's errno
ENGINES = {"ring": None, "ring EPERM": 1, "ring ENOSYS": 38}
SETUP, ALLOW, ERRNO = 425, 0x7FFF0000, 0x00050000	# io_uring_setup; seccomp's answers
passed, failures, skips = 0, [], []


def check(what, ok, detail=""):
    global passed
    if ok:
        passed += 1
    else:
        failures.append(what)
        print(f"FAILED {what}\n{detail}")


def skip(reason):
    skips.append(reason)
    print(f"skipped: {reason}")


def finish():
    print(f"{passed} passed, {len(failures)} failed, {len(skips)} skipped")
    sys.exit(1 if failures else 0 if passed else 77)


def need_guests():
    if not os.path.exists(os.path.join(OUT, "tools/wsbox-cell")):
        skip("wsbox-cell is not built")
        finish()
    if not shutil.which("clang") or not os.path.exists("/usr/include/wasm32-wasi"):
        skip("no clang with wasi-libc")
        finish()


def build(name, native=True):
    source = os.path.join(HERE, "guest", name + ".c")
    target = os.path.join(BUILT, name)
    os.makedirs(BUILT, exist_ok=True)
    flags = ["-O2", "-D_GNU_SOURCE", "-w"]
    subprocess.run(["clang", "--target=wasm32-wasi", *flags, "-o", target + ".wasm", source], check=True)
    if native:
        subprocess.run([os.environ.get("CC", "cc"), *flags, "-o", target, source], check=True)
    return target


def deny(code):
    """In a child: io_uring_setup fails from here on."""
    if code is None:
        return None
    rows = [(0x20, 0, 0, 0), (0x15, 0, 1, SETUP), (6, 0, 0, ERRNO | code), (6, 0, 0, ALLOW)]
    code = b"".join(struct.pack("HBBI", *row) for row in rows)

    def apply():
        libc = ctypes.CDLL(None, use_errno=True)
        rules = ctypes.create_string_buffer(code)
        program = struct.pack("HxxxxxxP", len(rows), ctypes.addressof(rules))
        if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, program, 0, 0):
            raise OSError(ctypes.get_errno(), "seccomp")
    return apply


def tree(directory):
    """What is there: names, kinds, contents, targets of links, numbers of links."""
    found = []
    for path, directories, files in os.walk(directory):
        for name in sorted(directories + files):
            full = os.path.join(path, name)
            st = os.lstat(full)
            kind = "link " + os.readlink(full) if os.path.islink(full) else "directory" if os.path.isdir(full) else \
                open(full, "rb").read() if os.path.isfile(full) else "other"
            found.append((os.path.relpath(full, directory), st.st_mode, st.st_nlink, kind))
    return sorted(found, key=lambda row: row[0])


def fed(data):
    """The reading end of a pipe that holds the beginning of data already; a thread writes the rest."""
    r, w = os.pipe()
    first = os.write(w, data[:32768]) if data else 0

    def rest():
        try:
            with open(w, "wb") as pipe:
                pipe.write(data[first:])
        except BrokenPipeError:
            pass
    threading.Thread(target=rest, daemon=True).start()
    return open(r, "rb")


class Run:
    """A run in a directory of its own. code: io_uring_setup's errno. stdin: bytes for a pipe, or a file's name."""

    def __init__(self, command, directory, stdin="/dev/null", to_file=None, code=None, env=None):
        source = fed(stdin) if isinstance(stdin, bytes) else open(stdin, "rb")
        sink = open(to_file, "wb") if to_file else subprocess.PIPE
        done = subprocess.Popen(command, cwd=directory, stdin=source, stdout=sink, stderr=subprocess.PIPE,
                                preexec_fn=deny(code), env=env)
        source.close()
        out, err = done.communicate(timeout=1200)
        self.out = open(to_file, "rb").read() if to_file else out
        self.err, self.status, self.tree = err, done.returncode, tree(directory)

    def text(self):
        return [f"status {self.status}"] + self.out.decode(errors="replace").splitlines() + \
            self.err.decode(errors="replace").splitlines() + [f"{row}" for row in self.tree]


def difference(a, b, names=("native", "wsbox")):
    import difflib
    return "\n".join(list(difflib.unified_diff(a.text(), b.text(), *names, lineterm="", n=1))[:30])


def guest(target, args=(), extra=()):
    return [WSBOX, "run", *extra, "--dir", ".::/", target + ".wasm", *args]
