"""The guests: one row each; build("name") gives the paths of its wasm module and of its native twin.

A measured guest is built from src/<file>.c and src/guest.c and defines work() (see src/guest.h): add the file and a
row in MEASURED. A program with its own main() is a row in PROGRAMS.
"""
import collections, os
import large
from fetch import Missing, source
from toolchain import TOP, cached, compile_as, compile_c, compile_go

SRC = os.path.join(TOP, "tests/guest/src")
Guest = collections.namedtuple("Guest", "wasm native")  # paths; native is None where there is no twin

# name: source, extra flags; kernels and small programs, one file each
MEASURED = {
    "fib": ("fib", []), "fannkuch": ("fannkuch", []), "sieve": ("sieve", []), "nbody": ("nbody", []),
    "mandel": ("mandel", []), "trees": ("trees", []), "sha256": ("sha256", []), "sortind": ("sortind", []),
    "interp": ("interp", []), "hash64": ("hash64", []), "strs": ("strs", []), "mix": ("mix", []),
    "gemm": ("poly", ["-DKERNEL=GEMM"]), "jacobi": ("poly", ["-DKERNEL=JACOBI"]),
    "seidel": ("poly", ["-DKERNEL=SEIDEL"]), "floyd": ("poly", ["-DKERNEL=FLOYD"]), "lu": ("poly", ["-DKERNEL=LU"]),
    "correlation": ("poly", ["-DKERNEL=CORRELATION"]), "nussinov": ("poly", ["-DKERNEL=NUSSINOV"]),
    "simdmm": ("simdmm", ["-simd"]), "gemm-simd": ("poly", ["-DKERNEL=GEMM", "-simd"]),
    "jacobi-simd": ("poly", ["-DKERNEL=JACOBI", "-simd"]), "sha256-simd": ("sha256", ["-simd"]),
    "hash64-simd": ("hash64", ["-simd"]),
}

# WASI has no fchmod() and need not have a /tmp: SQLite's temporary files stay in memory.
SQLITE = ["-DSQLITE_NOHAVE_SYSTEM=1", "-DSQLITE_THREADSAFE=0", "-DSQLITE_OMIT_LOAD_EXTENSION", "-DSQLITE_TEMP_STORE=3"]
WASI = ["-DSQLITE_WASI=1", "-D_WASI_EMULATED_SIGNAL", "-D_WASI_EMULATED_PROCESS_CLOCKS", "-D_WASI_EMULATED_GETPID"]
WASI_LIBS = ["-lwasi-emulated-signal", "-lwasi-emulated-process-clocks", "-lwasi-emulated-getpid"]
QUICKJS = ["-DEMSCRIPTEN", '-DCONFIG_VERSION="2021"', "-DCONFIG_BIGNUM"]
NO_ROUNDING = ["-DFE_DOWNWARD=0", "-DFE_UPWARD=0"]
ZSTD = ["-DZSTD_DISABLE_ASM=1", "-DZSTD_LEGACY_SUPPORT=0", "-DXXH_NAMESPACE=ZSTD_"]


def src(*names):
    return [os.path.join(SRC, f"{name}.c") for name in names]


def tree(folder, *parts):
    """The C files in folders below `folder`."""
    return [os.path.join(folder, part, f) for part in parts for f in sorted(os.listdir(os.path.join(folder, part)))
            if f.endswith(".c")]


def both(name, sources, flags, includes=(), wasm_flags=(), wasm_libs=(), wasm_sources=()):
    native = compile_c(f"{name}.native", sources, flags, [], includes, False)
    wasm = compile_c(f"{name}.wasm", [*sources, *wasm_sources], [*flags, *wasm_flags], list(wasm_libs), includes, True)
    return Guest(wasm, native)


def measured(name):
    file, flags = MEASURED[name]
    simd = ["-msimd128"] if "-simd" in flags else []
    flags = ["-O3", *(f for f in flags if f != "-simd")]
    return both(name, src(file, "guest"), flags, [SRC], wasm_flags=simd)


def hello(name):
    return both(name, src("hello"), ["-O2"])


def io(name):
    return both(name, src(name), ["-O2"])


def errors(name):
    return Guest(compile_c(f"{name}.wasm", src(name), ["-O1", "-g0"], ["-Wl,--export-dynamic"], [SRC], True), None)


def sqlio():
    where = os.path.join(source("sqlite"), "sqlite-autoconf-3440200")
    return [os.path.join(where, "sqlite3.c"), *src("sqlio")], ["-O2", *SQLITE], [where]


def musl_twin(name):
    """io or sqlio natively with the C library that wasi-libc is made from."""
    sources, flags, includes = sqlio() if name == "sqlio" else (src(name), ["-O2"], [])
    return compile_c(f"{name}.musl", sources, flags, [], includes, False, with_musl=True)


def sqlite(name):
    where = os.path.join(source("sqlite"), "sqlite-autoconf-3440200")
    files = [os.path.join(where, "sqlite3.c")]
    if name == "sqlite":
        return both(name, [*files, os.path.join(where, "shell.c")], ["-O2", *SQLITE], [], WASI, WASI_LIBS,
                    src("nochmod"))
    if name == "sqlio":
        return both(name, *sqlio(), WASI, WASI_LIBS, src("nochmod"))
    return both(name, [*files, *src("sqlbench", "guest")], ["-O2", *SQLITE], [where, SRC], WASI, WASI_LIBS)


def quickjs(name):
    where = os.path.join(source("quickjs"), "quickjs-1.19.4", "upstream-quickjs")
    files = [os.path.join(where, f"{f}.c") for f in ("cutils", "libbf", "libregexp", "libunicode", "quickjs")]
    return both(name, [*files, *src("qjs")], ["-O2", *QUICKJS], [where], [*WASI, *NO_ROUNDING], WASI_LIBS)


def zstd(name):
    where = os.path.join(source("zstd"), "package/deps/zstd/lib")
    return both(name, [*tree(where, "common", "compress", "decompress"), *src("zstdb", "guest")], ["-O3", *ZSTD],
                [where, SRC])


def lz4(name):
    where = os.path.join(source("lz4"), "package/deps/lz4/lib")
    return both(name, [os.path.join(where, "lz4.c"), *src("lz4b", "guest")], ["-O3"], [where, SRC])


def go(name):
    folder = os.path.join(TOP, "tests/guest/go")
    return Guest(compile_go(f"{name}.wasm", folder, True), compile_go(f"{name}.native", folder, False))


def assemblyscript(name):
    return Guest(compile_as(f"{name}.wasm", os.path.join(TOP, "tests/guest/as/main.ts")), None)


# name: the guest it is made of, how, megabytes (see large.py)
LARGE = {"large30": ("sqlite", large.grow, 30), "large100": ("sqlite", large.grow, 100),
         "function7": ("sqlite", large.function, 7)}


def enlarged(name):
    base, make, megabytes = LARGE[name]
    wasm = build(base).wasm

    def write(path):
        with open(wasm, "rb") as f:
            make(f.read(), path, megabytes * 1000000)
    return Guest(cached(f"{name}.wasm", [wasm, large.__file__, str(megabytes)], write), None)


def esbuild(name):
    """A real module of 14 MB, compiled from Go; it runs only in JavaScript engines, so it is only compiled."""
    return Guest(os.path.join(source("esbuild"), "package", "esbuild.wasm"), None)


# name: the function that builds it
PROGRAMS = {
    "hello": hello, "errors": errors, "io": io, "tcp": io, "sqlite": sqlite, "sqlbench": sqlite, "sqlio": sqlite, "qjs": quickjs,
    "zstd": zstd, "lz4": lz4,
    "go": go, "as": assemblyscript, "esbuild": esbuild, **dict.fromkeys(LARGE, enlarged),
}
BENCH_PROGRAMS = ["sqlbench", "qjs", "zstd", "lz4"]


def build(name):
    """Builds one guest, or finds it built; Missing says why it cannot be."""
    if name in MEASURED:
        return measured(name)
    if name in PROGRAMS:
        return PROGRAMS[name](name)
    raise Missing(f"no guest is called {name}")
