"""What the end-to-end tests share: running wsbox, collecting tests, counting.

A test is a function under @test; it fails by an exception (mostly from expect()), and is skipped by raising Skip or
Missing. WSBOX names another program to test.
"""
import collections, contextlib, os, re, subprocess, sys, tempfile, traceback

sys.dont_write_bytecode = True
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests/guest"))
import guests                                                                   # noqa: E402
from fetch import Missing                                                       # noqa: E402

WSBOX = os.path.abspath(os.environ.get("WSBOX") or os.path.join(TOP, os.environ.get("O", "build"), "tools/wsbox"))
SLOW = 10 if os.environ.get("SAN") else 1       # sanitizers make everything this much slower
TIMEOUT, FAILED, INVALID, NOT_FOUND, TRAP, KILLED = 124, 125, 126, 127, 134, 137

Result = collections.namedtuple("Result", "status out err")
tests = []


class Skip(Exception):
    """Cannot be tested here; the text says why."""


def test(function):
    tests.append((function.__name__, function))
    return function


def run(argv, stdin=b"", limit=180, **kw):
    """Ends within limit seconds, or fails. A negative status is the signal that killed it."""
    done = subprocess.run(argv, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=limit * SLOW, **kw)
    return Result(done.returncode, done.stdout, done.stderr)


def wsbox(*args, **kw):
    return run([WSBOX, *map(str, args)], **kw)


def expect(what, got, want):
    if got != want:
        raise AssertionError(f"{what}: {got!r} instead of {want!r}")


def expect_in(what, part, whole):
    if part not in whole:
        raise AssertionError(f"{what}: no {part!r} in {whole!r}")


def sound(result):
    """It ended by itself: neither by a signal nor by a failed assertion or a sanitizer."""
    text = result.err.decode(errors="replace")
    if result.status < 0 or result.status in (128 + 11, 128 + 7, 128 + 4) or \
            re.search(r"Sanitizer|runtime error:|[Aa]ssertion|cell crashed|cell ended early|may not make", text):
        raise AssertionError(f"ends with {result.status}: {text[-2000:]}")
    return result


def refused(result, *statuses):
    """One line on standard error, nothing on standard output, one of these statuses."""
    sound(result)
    lines = result.err.decode(errors="replace").splitlines()
    if result.status not in statuses or len(lines) != 1 or not lines[0].strip() or result.out:
        raise AssertionError(f"status {result.status} instead of {statuses}, says {lines!r}, prints {result.out[:200]!r}")
    return result


@contextlib.contextmanager
def folder():
    with tempfile.TemporaryDirectory(prefix="wsbox-e2e-") as path:
        os.chmod(path, 0o755)
        yield path


def guest(name):
    return guests.build(name)


def main():
    wanted = sys.argv[1:]
    counts = collections.Counter()
    missing = None if os.access(WSBOX, os.X_OK) else f"{WSBOX} is not built"
    for name, function in tests:
        if wanted and not any(w in name for w in wanted):
            continue
        try:
            if missing:
                raise Skip(missing)
            function()
            counts["passed"] += 1
        except (Skip, Missing) as why:
            counts["skipped"] += 1
            if not missing or counts["skipped"] == 1:
                print(f"skipped: {name}: {str(why).splitlines()[0]}")
        except (Exception, subprocess.TimeoutExpired) as wrong:
            counts["failed"] += 1
            at = traceback.extract_tb(wrong.__traceback__)[1]
            print(f"FAIL {name} (line {at.lineno}): {wrong}")
        sys.stdout.flush()
    print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    sys.exit(counts["failed"] != 0)
