"""What an echo over TCP on loopback costs: the servers are tests/guest/src/tcp.c, their client tests/bench/echo.c."""
import os, re, shutil, socket, subprocess
from measure import *

ECHO = os.path.join(OUT, "tests/bench/echo")
SCALE = float(os.environ.get("BENCH_SCALE", "1"))
# connections, rounds, bytes; how the rows are called
CASES = [(1, 8000, 64, "echo 64 B"), (1, 6000, 4096, "echo 4 KiB"), (1, 1500, 65536, "echo 64 KiB"),
         (8, 1500, 64, "poll 8"), (128, 300, 64, "poll 128"), (500, 100, 64, "poll 500")]


class Server:
    """A running server; port is where it listens."""

    def __init__(self, argv, port=None, pass_fds=()):
        self.name = os.path.basename(argv[0])
        self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                        pass_fds=pass_fds)
        self.port = port or self.told()

    def told(self):
        line = self.process.stderr.readline().decode(errors="replace")
        found = re.match(r"wsbox: listening at .*:(\d+)$", line.strip())
        if not found:
            self.process.kill()
            raise Missing(f"{self.name}: {line.strip()[-200:]}")
        return int(found[1])

    def end(self):
        """Its status, and what it said first."""
        try:
            _, said = self.process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            _, said = self.process.communicate()
        return self.process.returncode, (said.decode(errors="replace").strip().splitlines() or ["nothing said"])[0][-200:]


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


def servers(guest):
    """{peer: function of a number of connections that gives a Server}"""
    def native(n):
        with socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
            return Server([guest.native, str(listener.fileno()), str(n)], listener.getsockname()[1], [listener.fileno()])

    def theirs(n):
        port = free_port()
        return Server([wasmtime(), "run", "-C", "cache=n", "-S", f"tcplisten=127.0.0.1:{port}", guest.wasm, "3", str(n)], port)

    def node(n):
        raise Missing("node:wasi takes no listening socket, and its sock_accept is NOTSUP")
    found = {"native": native, "wsbox": lambda n: Server([WSBOX, "run", "--listen", "127.0.0.1:0", guest.wasm, "3", str(n)])}
    if shutil.which("node"):
        found["node"] = node
    if wasmtime():
        found["wasmtime"] = theirs
    return found


def over_tcp(start, cases, place):
    """Each case against a server of its own: {row: ns}."""
    found = {}
    for connections, rounds, size, name in cases:
        server = start(connections)
        client = subprocess.run([ECHO, str(server.port), str(connections), str(max(int(rounds * SCALE), 1)), str(size)],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300)
        status, said = server.end()
        if client.returncode or status:
            raise Missing(f"{server.name} ends with {status}: {said}; the client: {client.stderr.decode().strip()}")
        everyone, one = map(float, client.stdout.split())
        found.update({name: everyone} if connections == 1 else {f"{name}, all ready": everyone, f"{name}, one ready": one})
    return found
