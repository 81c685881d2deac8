"""How things are measured: whole processes through launch.c, peers interleaved, minima and medians.

Machines drift by a third within minutes, so a figure means something only beside a peer's of the same run: each
round runs every peer once, and ratios are of minima.
"""
import collections, json, os, re, shutil, statistics, subprocess, sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(TOP, "tests/guest"))
from fetch import SOURCES, Missing, cache                                       # noqa: E402

OUT = os.path.join(TOP, os.environ.get("O", "build"))
WSBOX = os.environ.get("WSBOX") or os.path.join(OUT, "tools/wsbox")
LAUNCH = os.path.join(OUT, "tests/bench/launch")
SHIM = os.path.join(HERE, "wasi.js")

# wall, cpu: milliseconds; rss: MiB; said: what the program wrote to standard error
Run = collections.namedtuple("Run", "wall cpu rss status said")


def launch(argv, env=None, pass_fds=()):
    """One run of a program, measured from outside."""
    r, w = os.pipe()
    with open(r) as figures:
        done = subprocess.run([LAUNCH, str(w), *argv], stderr=subprocess.PIPE, pass_fds=[w, *pass_fds], timeout=300,
                              env={**os.environ, **(env or {})})
        os.close(w)
        fields = figures.read().split()
    if len(fields) != 5:
        raise Missing(f"{LAUNCH} cannot run {argv[0]}")
    wall, user, system, rss, status = map(int, fields)
    return Run(wall / 1e6, (user + system) / 1e6, rss / 1024, status, done.stderr.decode(errors="replace"))


def launch_with_stats(argv_before, argv_after, env=None):
    """As launch(), of wsbox; also its --stats."""
    r, w = os.pipe()
    with open(r) as stats:
        try:
            one = launch([*argv_before, "--stats-fd", str(w), *argv_after], env, [w])
        finally:
            os.close(w)
        text = stats.read()
    return one, json.loads(text) if text.strip() else {}


def work_ms(run):
    """What a measured guest says its work took."""
    found = re.search(r"work ([\d.]+) ms", run.said)
    if run.status or not found:
        raise Missing(f"ends with {run.status}: {run.said.strip()[-200:]}")
    return float(found[1])


def wasmtime():
    """Wasmtime's command line, if it is installed or was fetched before (run --fetch)."""
    how, package, version = SOURCES["wasmtime"][:3]
    kept = os.path.join(cache("sources"), f"{package}-{version}", "wasmtime_cli", "wasmtime")
    path = os.environ.get("WASMTIME") or shutil.which("wasmtime") or (kept if os.path.exists(kept) else None)
    # A Python environment's shim of that name is not the program.
    if path and path != kept and subprocess.run([path, "--version"], stdout=subprocess.DEVNULL,
                                                stderr=subprocess.DEVNULL).returncode:
        path = kept if os.path.exists(kept) else None
    if path == kept and path:
        os.chmod(path, 0o755)
    return path


def peers():
    """Name to the command that a WASI module and its arguments are appended to; only what is there."""
    found = {"wsbox": [WSBOX, "run", "--no-cache"]}
    if shutil.which("node"):
        found["node-liftoff"] = ["node", "--no-warnings", "--liftoff-only", SHIM]
        found["node"] = ["node", "--no-warnings", SHIM]
    if wasmtime():
        found["wasmtime"] = [wasmtime(), "run", "-C", "cache=n"]
    return {name: argv for name, argv in found.items() if shutil.which(argv[0])}


def optimizing():
    """The same for wsbox -O3, if it was built with LLVM. What it compiled is kept in the cache: only the first run waits."""
    return {"wsbox -O3": [WSBOX, "run", "-O3"]} if os.path.exists(os.path.join(os.path.dirname(WSBOX), "wsbox-llvm")) else {}


def interleave(rounds, measures):
    """Runs each of {name: function} once a round; {name: [figures]}. One that fails is left out, with its reason told."""
    figures, failed = {name: [] for name in measures}, {}
    for _ in range(rounds):
        for name, measure in measures.items():
            if name in failed:
                continue
            try:
                figures[name].append(measure())
            except (Missing, subprocess.TimeoutExpired) as why:
                failed[name] = str(why).splitlines()[0][:160]
    return {name: f for name, f in figures.items() if name not in failed}, failed


class Table:
    """Collects figures, prints them in columns, keeps them for the JSON file."""

    def __init__(self, part, unit, base, columns, best=min, width=16):
        self.part, self.unit, self.base, self.columns, self.best = part, unit, base, columns, best
        self.width = width
        self.rows, self.ratios = [], collections.defaultdict(dict)
        print(f"\n{part}: {unit}; the {'lowest' if best is min else 'highest'}, and in brackets its ratio to {base}")
        print(f"{'':{width}}" + "".join(f"{c:>20}" for c in columns), flush=True)

    def row(self, name, figures, failed=()):
        low = {peer: self.best(f) for peer, f in figures.items() if f}
        cells = []
        for c in self.columns:
            text = f"{low[c]:.2f}" if c in low else "failed" if c in failed else "-"
            if c in low and c != self.base and low.get(self.base):
                self.ratios[c][name] = low[c] / low[self.base]
                text += f" ({low[c] / low[self.base]:.2f})"
            cells.append(f"{text:>20}")
        print(f"{name:{self.width}}" + "".join(cells), flush=True)
        for peer in failed:
            print(f"    {name} in {peer}: {failed[peer]}")
        self.rows += [{"part": self.part, "name": name, "peer": peer, "unit": self.unit, "best": self.best(f),
                       "median": statistics.median(f), "samples": f} for peer, f in figures.items() if f]

    def mean(self, title, names, over=None):
        """Geometric means of ratios over these rows: to the base, or to the column `over`."""
        cells, kept = [], {}
        for c in self.columns:
            pairs = [self.ratios[c][n] / (self.ratios[over][n] if over else 1) for n in names
                     if n in self.ratios[c] and (not over or n in self.ratios[over])]
            if pairs:
                kept[c] = statistics.geometric_mean(pairs)
            cells.append(f"{kept[c]:>13.2f} ({len(pairs):>2} of)" if pairs else f"{'-':>20}")
        print(f"{title:16}" + "".join(f"{c:>20}" for c in cells), flush=True)
        self.rows.append({"part": self.part, "name": title, "unit": "ratio", "of": list(names), "over": over or self.base,
                          "means": kept})
