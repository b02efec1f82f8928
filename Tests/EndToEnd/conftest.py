"""The system from outside: real gateways and workers as processes, asked over HTTP and ZeroMQ.

Build first (`swift build`), then `scripts/test` or `python -m pytest Tests/EndToEnd`. `KAZI_BIN` names another folder
of binaries, `KAZI_MODEL` another model, `KAZI_SHARED` the folder of shared data, without which a few tests are skipped.

Most tests share one gateway with one worker, the fixture `pair`. A test file names the collections it wants on it in
`COLLECTIONS`, and each test writes records of its own there, so that none depends on another. Tests that kill, restart
or count take a cluster of their own from the fixture `new_cluster`.
"""

import itertools

import pytest

from harness import processes
from harness.collections import EVENTS, JOBS
from harness.processes import Cluster


@pytest.fixture(scope="session")
def pair(request, tmp_path_factory):
    """One gateway and one worker for the whole run, with the collections of every collected test file."""
    collections = {"jobs": JOBS, "events": EVENTS}
    for module in {item.module for item in request.session.items}:
        for name, text in getattr(module, "COLLECTIONS", {}).items():
            assert collections.setdefault(name, text) == text, f"two test files differ about the collection {name}"
    cluster = Cluster(tmp_path_factory.mktemp("pair"), collections)
    try:
        cluster.start()
        yield cluster
        cluster.stop()
    finally:
        cluster.dispose()


@pytest.fixture
def api(pair):
    """A client of the shared pair."""
    return pair.api


@pytest.fixture
def new_cluster(tmp_path):
    """Starts clusters of the test's own: `new_cluster(collections={...}, workers=1)`."""
    made = []
    numbers = itertools.count(1)

    def start(**options):
        cluster = Cluster(tmp_path / f"cluster-{next(numbers)}", **options)
        made.append(cluster)
        return cluster.start()

    yield start
    for cluster in made:
        cluster.dispose()


@pytest.fixture
def new_process(tmp_path):
    """Starts single processes of the test's own, and ends them with it."""
    made = []

    def start(program, *arguments, **options):
        process = processes.Process(program, arguments, tmp_path / f"{program}-{len(made)}.log", **options)
        made.append(process)
        return process.start()

    yield start
    for process in made:
        process.dispose()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """A failed test shows the end of the log of every process that runs."""
    report = yield
    if report.failed:
        for process in processes.running:
            tail = "\n".join(process.log.splitlines()[-40:])
            report.sections.append((f"log of {process.program} {process.log_path.stem} ({process.pid})", tail))
    return report
