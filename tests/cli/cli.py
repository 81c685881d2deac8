"""What the tests of the command line share: small modules made by hand, running wsbox, collecting tests and counting.

A test is a function under @test that fails by an exception and is skipped by raising Skip. Everything runs in a pid
namespace where that can be had, so that nothing a failing test leaves behind survives it.
"""
import os, shutil, signal, subprocess, sys, tempfile, time, traceback

sys.dont_write_bytecode = True
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
WSBOX = os.path.abspath(os.environ.get("WSBOX") or os.path.join(TOP, os.environ.get("O", "build"), "tools/wsbox"))
TIMEOUT, FAILED, INVALID, NOT_FOUND, TRAP, KILLED = 124, 125, 126, 127, 134, 137
NOWHERE = "/proc/nonexistent"    # not even root can make it
tests = []


class Skip(Exception):
    pass


def test(function):
    tests.append(function)
    return function


def leb(n):
    out = bytearray()
    while n > 0x7f:
        out.append(n & 0x7f | 0x80)
        n >>= 7
    return bytes(out) + bytes([n])


def section(number, *items):
    body = leb(len(items)) + b"".join(items)
    return bytes([number]) + leb(len(body)) + body


def name(text):
    return leb(len(text)) + text.encode()


def function(code):
    return leb(len(code) + 2) + b"\0" + code + b"\x0b"


def program(code, *imports, data=b"", pages=1):
    """A module whose _start is this code; imports of WASI are functions 0 and up, each (name, type)."""
    types = [b"\x60\0\0", b"\x60\x04\x7f\x7f\x7f\x7f\x01\x7f", b"\x60\x01\x7f\0", b"\x60\x05" + b"\x7f" * 5 + b"\x01\x7f"]
    rows = [name("wasi_snapshot_preview1") + name(what) + b"\0" + bytes([kind]) for what, kind in imports]
    start = len(rows)
    out = b"\0asm\1\0\0\0" + section(1, *types)
    if rows:
        out += section(2, *rows)
    out += section(3, b"\0") + section(5, b"\0" + leb(pages))
    out += section(7, name("_start") + b"\0" + leb(start), name("memory") + b"\2\0") + section(10, function(code))
    if data:
        out += section(11, b"\0\x41\x10\x0b" + leb(len(data)) + data)
    return out


FOUR, EXIT, FIVE = 1, 2, 3       # types of program()
# An iovec at 0 that names the data at 16.
IOVEC = b"\x41\0\x41\x10\x36\2\0" b"\x41\x04\x41%s\x36\2\0"


def says(text, fd=1):
    """Writes text (less than 60 bytes) to fd and exits with the call's errno."""
    iovec = b"\x41\0\x41\x10\x36\2\0" + b"\x41\x04\x41" + leb(len(text)) + b"\x36\2\0"
    code = iovec + b"\x41" + leb(fd) + b"\x41\0\x41\1\x41\x08\x10\0\x10\1"
    return program(code, ("fd_write", FOUR), ("proc_exit", EXIT), data=text)


def echoes():
    """Copies up to 1,000 bytes from 0 to 1, then exits with the errno of the read."""
    iovec = b"\x41\0\x41\x10\x36\2\0" b"\x41\x04\x41\xe8\x07\x36\2\0"
    read = b"\x41\0\x41\0\x41\1\x41\x04\x10\0"          # the length read becomes the iovec's
    write = b"\x41\1\x41\0\x41\1\x41\x08\x10\1\x1a"
    return program(iovec + read + write + b"\x10\2", ("fd_read", FOUR), ("fd_write", FOUR), ("proc_exit", EXIT))


SPIN = program(b"\x03\x40\x0c\0\x0b")
NOTHING = program(b"")


def module(data):
    """The path of a file with these bytes; it lives as long as this process."""
    f = tempfile.NamedTemporaryFile(dir=folder, suffix=".wasm", delete=False)
    f.write(data)
    f.close()
    os.chmod(f.name, 0o644)
    return f.name


def run(*args, **kw):
    kw.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.run([WSBOX, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=180, **kw)


def expect(what, got, want):
    if got != want:
        raise AssertionError(f"{what}: {got!r} instead of {want!r}")


def refused(done, status):
    """One line on standard error, nothing on standard output, this status."""
    expect("status", (done.returncode, done.stdout), (status, b""))
    if done.stderr.count(b"\n") != 1 or not done.stderr.startswith(b"wsbox: "):
        raise AssertionError(f"not one line of wsbox's: {done.stderr!r}")


def enclose():
    """Again in a pid namespace with its own /proc, if that can be had."""
    if os.environ.get("WSBOX_ENCLOSED") or os.geteuid() != 0 or not shutil.which("unshare"):
        return
    os.environ["WSBOX_ENCLOSED"] = "1"
    argv = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", sys.executable, *sys.argv]
    if subprocess.run(argv[:5] + ["true"], stderr=subprocess.DEVNULL).returncode == 0:
        os.execvp(argv[0], argv)


def main():
    global folder
    enclose()
    passed = failed = skipped = 0
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        for function in tests:
            if len(sys.argv) > 1 and not any(part in function.__name__ for part in sys.argv[1:]):
                continue
            try:
                function()
                passed += 1
            except Skip as why:
                print(f"skipped: {function.__name__}: {why}")
                skipped += 1
            except Exception:
                print(f"{function.__name__}: {traceback.format_exc(limit=-3)}")
                failed += 1
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    sys.exit(failed != 0)
