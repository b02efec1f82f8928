"""The system's processes, as a test starts, watches, stops and kills them."""

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess

from .api import API
from .waiting import wait_until

ROOT = pathlib.Path(__file__).resolve().parents[3]
BIN = pathlib.Path(os.environ.get("KAZI_BIN") or ROOT / ".build/debug")
MODEL = pathlib.Path(os.environ.get("KAZI_MODEL") or ROOT / ".build/models/all-MiniLM-L6-v2")
SHARED = pathlib.Path(os.environ.get("KAZI_SHARED") or ROOT.parent / "shared")

# A debug build on two busy cores; a healthy start takes a tenth of this, and a wait ends as soon as it can.
START_SECONDS = 60.0
STOP_SECONDS = 20.0

# Every process that runs now, so that a failing test can show what each of them said.
running = []


def clean_environment(**extra):
    """This process's environment without any setting of Kazi, so that a test means the same on every machine."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KAZI_")}
    return kept | {"SWIFT_BACKTRACE": "color=no"} | extra


class Process:
    """One process with its log in a file. `start` may be called again after it has ended; the log goes on."""

    def __init__(self, program, arguments, log, environment=None, in_new_group=False):
        self.program = program
        self.arguments = [str(argument) for argument in arguments]
        self.log_path = pathlib.Path(log)
        self.environment = environment or {}
        self.in_new_group = in_new_group
        self.popen = None

    def start(self):
        with open(self.log_path, "ab") as log:
            self.popen = subprocess.Popen(
                [BIN / self.program, *self.arguments], stdin=subprocess.PIPE, stdout=log, stderr=log,
                env=clean_environment(**self.environment), start_new_session=self.in_new_group)
        running.append(self)
        return self

    @property
    def pid(self):
        return self.popen.pid

    @property
    def is_running(self):
        return self.popen is not None and self.popen.poll() is None

    @property
    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def wait(self, within=STOP_SECONDS):
        """The exit status, once the process has ended; negative: the signal that ended it."""
        try:
            status = self.popen.wait(timeout=within)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.program} ({self.pid}) still runs after {within:g} s") from None
        self.popen.stdin.close()
        if self in running:
            running.remove(self)
        return status

    def stop(self, how=signal.SIGTERM, within=STOP_SECONDS):
        """Asks the process to end, and holds it to a clean end."""
        self.popen.send_signal(how)
        status = self.wait(within)
        assert status == 0, f"{self.program} ended with status {status} on {how.name}"

    def kill(self):
        """`kill -9`: no chance to say goodbye to anybody."""
        self.popen.kill()
        self.wait()

    def dispose(self):
        """Ends the process whatever state it is in. For the end of a test."""
        if self.is_running:
            self.popen.kill()
        if self.popen is not None:
            self.wait()


class Gateway(Process):
    """A `kazi-gateway` on free ports of its own, which it keeps over restarts."""

    def __init__(self, folder, collections=None, environment=None):
        self.folder = pathlib.Path(folder)
        self.data = self.folder / "data"
        self.collections = collections
        self.model = MODEL
        self.http = None
        self.zmq = None
        super().__init__("kazi-gateway", [], self.folder / "gateway.log", environment)

    def start(self):
        note = self.data / "gateway.json"
        note.unlink(missing_ok=True)
        port = self.http.rsplit(":", 1)[1] if self.http else "0"
        zmq = self.zmq or "tcp://127.0.0.1:*"
        self.arguments = ["--host", "127.0.0.1", "--port", port, "--zmq", zmq, "--data-dir", str(self.data),
                          "--model", str(self.model), "--exit-with-parent"]
        if self.collections:
            self.arguments += ["--collections", str(self.collections)]
        super().start()

        def listening():
            if not self.is_running:
                raise RuntimeError(f"kazi-gateway ended with status {self.popen.returncode}:\n{self.log[-4000:]}")
            return note.exists()

        wait_until(listening, f"{note} (the gateway listens)", within=START_SECONDS)
        addresses = json.loads(note.read_text())
        assert addresses["pid"] == self.pid
        self.http, self.zmq = addresses["http"], addresses["zmq"]
        return self

    def restart(self):
        self.kill()
        return self.start()


class Worker(Process):
    """A `kazi-worker` of one gateway."""

    def __init__(self, folder, gateway, name, *arguments, environment=None):
        self.name = name
        super().__init__(
            "kazi-worker", ["--gateway", gateway.zmq, "--id", name, "--exit-with-parent", *arguments],
            pathlib.Path(folder) / f"{name}.log", environment)


class Cluster:
    """A gateway with the workers a test gives it, in a folder of its own."""

    def __init__(self, folder, collections=None, workers=1, environment=None):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.environment = environment or {}
        self.gateway = Gateway(self.folder, self._written(collections), environment)
        self.workers = []
        self._worker_count = workers
        self._api = None

    def _written(self, collections):
        """`collections`: the text of each collection file by name; none: the files that Kazi ships."""
        if collections is None:
            return None
        folder = self.folder / "collections"
        folder.mkdir(exist_ok=True)
        for name, text in collections.items():
            (folder / f"{name}.yaml").write_text(text)
        return folder

    def start(self):
        self.gateway.start()
        for _ in range(self._worker_count):
            self.add_worker(wait=False)
        if self._worker_count:
            self.wait_ready(self._worker_count)
        return self

    @property
    def api(self):
        """A client for the test's own thread."""
        if self._api is None:
            self._api = API(self.gateway.http)
        return self._api

    def new_api(self, **options):
        """A client for another thread."""
        return API(self.gateway.http, **options)

    def add_worker(self, *arguments, wait=True):
        worker = Worker(
            self.folder, self.gateway, f"worker-{len(self.workers) + 1}", *arguments, environment=self.environment)
        self.workers.append(worker.start())
        if wait:
            self.wait_ready(sum(worker.is_running for worker in self.workers))
        return worker

    def health(self):
        """The body of `GET /health`, whatever its status."""
        return self.api.get("/health").json()

    def wait_ready(self, workers, within=START_SECONDS):
        """Until exactly `workers` of them hold everything that is stored."""

        def ready():
            for process in (self.gateway, *self.workers):
                if process.popen is not None and process.popen.poll() not in (None, -signal.SIGKILL, 0):
                    raise RuntimeError(f"{process.program} ended:\n{process.log[-4000:]}")
            health = self.health()
            assert health["workers"]["ready"] == workers, health
            return True

        wait_until(ready, f"{workers} ready workers", within)

    def stop(self):
        """A clean end of everything that still runs."""
        for process in (*self.workers, self.gateway):
            if process.is_running:
                process.stop()

    def dispose(self):
        for process in (*self.workers, self.gateway):
            process.dispose()
        shutil.rmtree(self.gateway.data, ignore_errors=True)


def run(program, *arguments, input=None, environment=None, cwd=None, within=120.0):
    """Runs a program to its end. `stdout` and `stderr` of the result are text."""
    return subprocess.run(
        [BIN / program, *map(str, arguments)], input=input, text=True, capture_output=True, timeout=within,
        env=clean_environment(**(environment or {})), cwd=cwd, **({} if input is not None else {"stdin": subprocess.DEVNULL}))


def free_port():
    """A port that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def is_alive(pid):
    """Whether a process still runs. One that has ended and that nobody has waited for yet does not."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rsplit(")", 1)[1].split()[0] not in "ZX"


def descendants(pid):
    """The ids of all processes below `pid`, children first."""
    children = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
            except (FileNotFoundError, ProcessLookupError):
                continue
            parent = int(stat.rsplit(")", 1)[1].split()[1])
            children.setdefault(parent, []).append(int(entry.name))
    found, layer = [], [pid]
    while layer:
        layer = [child for parent in layer for child in children.get(parent, [])]
        found += layer
    return found
