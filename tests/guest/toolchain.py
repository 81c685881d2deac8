"""Compilers for guests: C to wasm and natively, Go, AssemblyScript; outputs are cached by content.

compile_c() and the others return the path of the output, below out(); the same inputs are compiled once for all
output folders. Missing (of fetch.py) says what is not installed.
"""
import functools, glob, hashlib, os, re, shutil, subprocess, tempfile
from fetch import Missing, cache, source

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# wasm-opt in PATH would be run by clang's driver when it links with -O: objects are optimized, the link is not.
WASM = ["--target=wasm32-wasi", "--sysroot=/usr", "-ftls-model=local-exec", "-mbulk-memory", "-msign-ext",
        "-mnontrapping-fptoint"]
WASM_LINK = ["-Wl,-z,stack-size=1048576", "-Wl,--stack-first", "-Wl,--strip-debug"]
MUSL = "/usr/lib/x86_64-linux-musl"
COMMON = ["-ffp-contract=off", "-w", "-Wno-implicit-function-declaration", "-Wno-int-conversion",
          "-Wno-incompatible-function-pointer-types"]


def out(*parts):
    path = os.path.join(TOP, os.environ.get("O", "build"), "tests", "guest", *parts)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    return path


def run(argv, **kw):
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **kw)
    if done.returncode:
        raise Missing(f"{os.path.basename(argv[0])} fails: " + done.stdout.decode(errors="replace")[:2000])


@functools.lru_cache(None)
def clang():
    """The newest installed clang that can link a WASI program: (path, first line of its version)."""
    names = [f"clang-{n}" for n in range(25, 13, -1)] + ["clang"]
    reasons = []
    for path in filter(None, map(shutil.which, names)):
        with tempfile.TemporaryDirectory() as temp:
            try:
                run([path, *WASM, "-o", f"{temp}/a.wasm", os.path.join(TOP, "tests/guest/src/hello.c")])
            except Missing as why:
                reasons.append(f"{path}: {why}".splitlines()[0])
                continue
        return path, subprocess.check_output([path, "--version"]).decode().splitlines()[0]
    raise Missing("no clang that builds for WASI (packages clang lld wasi-libc libclang-rt-*-dev-wasm32): "
                  + ("; ".join(reasons) or "no clang"))


def key(*inputs):
    """A digest of flags (text) and of the content of files and folders (paths)."""
    h = hashlib.sha256()
    for item in inputs:
        paths = [item]
        if os.path.isdir(item):
            paths = sorted(glob.glob(os.path.join(glob.escape(item), "**", "*.[ch]"), recursive=True))
        for path in paths:
            if os.path.isfile(path):
                with open(path, "rb") as f:
                    h.update(os.path.basename(path).encode() + b"\0" + hashlib.sha256(f.read()).digest())
            else:
                h.update(path.encode() + b"\0")
    return h.hexdigest()[:32]


def cached(name, inputs, make):
    """out(name), made by make(path) unless the cache holds the result of the same inputs."""
    kept, path = os.path.join(cache("guest"), key(*inputs)), out(name)
    if not os.path.exists(kept):
        with tempfile.TemporaryDirectory(dir=cache("guest")) as temp:
            make(os.path.join(temp, "a"))
            os.rename(os.path.join(temp, "a"), kept)
    if not (os.path.exists(path) and os.path.samefile(path, kept)):
        new = f"{path}.{os.getpid()}"
        try:
            os.link(kept, new)
        except OSError:
            shutil.copy2(kept, new)
        os.replace(new, path)
    return path


@functools.lru_cache(None)
def musl():
    """(options to compile with Debian's musl, options to link statically with it)"""
    if not os.path.exists(f"{MUSL}/crt1.o"):
        raise Missing("no musl (package musl-dev)")
    headers = subprocess.check_output([clang()[0], "-print-file-name=include"]).decode().strip()
    return (["-nostdinc", "-isystem", MUSL.replace("lib", "include", 1), "-isystem", headers],
            ["-static", "-nostdlib", f"{MUSL}/crt1.o", f"{MUSL}/crti.o", f"-L{MUSL}", "-Wl,--start-group", "-lc", "-lgcc",
             "-lgcc_eh", "-Wl,--end-group", f"{MUSL}/crtn.o"])


def compile_c(name, sources, flags, libs, includes, wasm, with_musl=False):
    """Compiles and links C sources; `wasm` picks the target. Objects are cached one by one."""
    compiler, version = clang()
    target = WASM if wasm else musl()[0] if with_musl else []
    objects = []
    for source in sources:
        argv = [*target, *COMMON, *flags, *(f"-I{i}" for i in includes)]
        label = f"obj/{name}/{os.path.basename(source)}.o"
        objects.append(cached(label, [version, *target, *COMMON, *flags, source, *includes],
                              lambda path: run([compiler, *argv, "-c", "-o", path, source])))
    link = [*target, *(WASM_LINK if wasm else musl()[1] if with_musl else ["-lm"]), *libs]
    return cached(name, [version, *link, *objects],
                  lambda path: run([compiler, *objects, *link, "-o", path]))


def go_version(go):
    """(major, minor) of a Go command."""
    text = subprocess.check_output([go, "env", "GOVERSION"], env=dict(os.environ, GOTOOLCHAIN="local")).decode()
    return tuple(int(n) for n in re.match(r"go(\d+)\.(\d+)", text).groups())


@functools.lru_cache(None)
def go_command():
    """A Go that knows wasip1 (1.21): the installed one, or one from the registry (Debian 12 has 1.19)."""
    go = shutil.which("go")
    if go and go_version(go) >= (1, 21):
        return go
    go = os.path.join(source("go"), "go", "bin", "go")
    for tool in [go, *glob.glob(os.path.join(source("go"), "go", "pkg", "tool", "*", "*"))]:
        os.chmod(tool, 0o755)
    return go


def compile_go(name, folder, wasm):
    go = go_command()
    version = subprocess.check_output([go, "version"], env=dict(os.environ, GOTOOLCHAIN="local")).decode()
    env = dict(os.environ, CGO_ENABLED="0", GOFLAGS="-mod=mod", GOTOOLCHAIN="local", GOCACHE=cache("go"),
               GOPATH=cache("gopath"))
    if wasm:
        env.update(GOOS="wasip1", GOARCH="wasm")
    files = sorted(glob.glob(os.path.join(folder, "*")))
    return cached(name, [version, str(wasm), *files],
                  lambda path: run([go, "build", "-trimpath", "-o", path, "."], cwd=folder, env=env))


def compile_as(name, source):
    from fetch import ASSEMBLYSCRIPT, assemblyscript
    flags = ["-O3", "--runtime", "incremental", "--use", "abort="]
    node = shutil.which("node")
    if not node:
        raise Missing("node is not installed")

    def make(path):
        run([node, assemblyscript(), source, *flags, "-o", path + ".wasm"])
        os.rename(path + ".wasm", path)
    return cached(name, [ASSEMBLYSCRIPT, *flags, source], make)
