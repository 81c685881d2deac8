"""What files, names, text and pipes cost beside the same C program built natively: the rows of tests/guest/src/io.c."""
import os, re, shutil, subprocess, tempfile
from measure import *
import guests
from tcp_rows import CASES, over_tcp, servers

NODE = os.path.join(HERE, "node-wasi.js")
GROUPS = ["calls", "names", "text"]
PIPES = ["pipe", "output"]
PLACES = {"ext4": os.environ.get("BENCH_DIR", "/var/tmp"), "tmpfs": "/dev/shm"}


def commands(name, libc=False):
    """{peer: function of a directory that gives the command}; libc: also natively with the C library that the guest has,
    which tells what is the library's and what the engine's."""
    guest = guests.build(name)
    found = {"native": lambda d: [guest.native], "wsbox": lambda d: [WSBOX, "run", "--dir", f"{d}::/", guest.wasm]}
    if libc:
        try:
            musl = guests.musl_twin(name)
            found["native-musl"] = lambda d: [musl]
        except Missing as why:
            print(f"skipped: native-musl: {str(why).splitlines()[0]}")
    if shutil.which("node"):
        found["node"] = lambda d: ["node", "--no-warnings", NODE, d, guest.wasm]
    if wasmtime():
        found["wasmtime"] = lambda d: [wasmtime(), "run", "-C", "cache=n", "--dir", f"{d}::/", guest.wasm]
    return found


def kind(directory):
    """The name of the file system below a directory, as mount(8) has it."""
    done = subprocess.run(["stat", "-f", "-c", "%T", directory], stdout=subprocess.PIPE)
    return done.stdout.decode().strip()


def rows_of(text, argv, status):
    found = dict(line.split("\t") for line in text.splitlines() if re.fullmatch(r"[^\t]+\t[\d.]+", line))
    if status or not found:
        raise Missing(f"{os.path.basename(argv[0])} ends with {status}: {(text.strip().splitlines() or ['nothing said'])[-1][-200:]}")
    return {name: float(ns) for name, ns in found.items()}


def in_directory(command, args, place):
    with tempfile.TemporaryDirectory(dir=place) as work:
        argv = [*command(work), *args]
        done = subprocess.run(argv, cwd=work, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                              timeout=600)
    return rows_of(done.stderr.decode(errors="replace"), argv, done.returncode)


def between_pipes(command, args, place):
    """With an endless writer before it and a reader behind it."""
    with tempfile.TemporaryDirectory(dir=place) as work:
        argv = [*command(work), *args]
        source = subprocess.Popen(["cat", "/dev/zero"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        middle = subprocess.Popen(argv, cwd=work, stdin=source.stdout, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        sink = subprocess.Popen(["cat"], stdin=middle.stdout, stdout=subprocess.DEVNULL)
        source.stdout.close()
        middle.stdout.close()
        said = middle.stderr.read().decode(errors="replace")
        for child in (middle, sink, source):
            child.wait(timeout=600)
    return rows_of(said, argv, middle.returncode)


def best_of(rounds, peers, run, args, place):
    """{row: {peer: [ns a round]}} and {peer: why it is missing}; every peer once a round."""
    seen, failed = collections.defaultdict(lambda: collections.defaultdict(list)), {}
    for _ in range(rounds):
        for peer, command in peers.items():
            if peer in failed:
                continue
            try:
                for name, ns in run(command, args, place).items():
                    seen[name][peer].append(ns)
            except (Missing, subprocess.TimeoutExpired) as why:
                failed[peer] = str(why).splitlines()[0][:160]
    return seen, failed


def measured(title, rounds, peers, run, args, place):
    table = Table("io", f"ns each, {title}", "native", list(peers), width=26)
    seen, failed = best_of(rounds, peers, run, args, place)
    for name, figures in seen.items():
        table.row(name, figures, ())
    for peer, why in failed.items():
        print(f"    {peer}: {why}")
    for row in table.rows:
        row["place"] = title
    return table


def summary(tables):
    ratios = [r for t in tables for r in t.ratios["wsbox"].values()]
    if not ratios:
        raise Missing("no row has such a name")
    print(f"\nio: of {len(ratios)} rows {sum(r <= 1 for r in ratios)} take at most native time, "
          f"{sum(r <= 1 / 0.9 for r in ratios)} at most 1/0.9 of it; geometric mean {statistics.geometric_mean(ratios):.2f}")


def io(args, rows):
    rounds, scale = args.rounds or 3, os.environ.get("BENCH_SCALE", "1")
    tables = []
    for title, place in PLACES.items():
        if kind(place) not in (title, "ext2/ext3"):
            print(f"skipped: {place} is no {title} but {kind(place)}")
            continue
        for group in GROUPS:
            if not args.only or group in args.only:
                tables.append(measured(f"{group} on {title}", rounds, commands("io", group != "calls"), in_directory,
                                       [group, scale], place))
        if not args.only or "sqlite" in args.only:
            try:
                tables.append(measured(f"sqlite on {title}", rounds, commands("sqlio", True), in_directory, [scale], place))
            except Missing as why:
                print(f"skipped: sqlite: {str(why).splitlines()[0]}")
    for group in PIPES:
        if not args.only or group in args.only:
            tables.append(measured(group, rounds, commands("io"), between_pipes, [group, scale], None))
    if not args.only or "tcp" in args.only:
        tables.append(measured("tcp", rounds, servers(guests.build("tcp")), over_tcp, CASES, None))
    for table in tables:
        rows += table.rows
    summary(tables)
