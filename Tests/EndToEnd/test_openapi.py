"""The OpenAPI document is what the gateway does: valid, whole, and true to requests that others make from it.

`openapi-spec-validator` judges its form; schemathesis sends what it allows and what it forbids, in all four of its
phases and with all its checks. `harness/schemathesis_hooks.py` names each exception, with its reason.
"""

import pathlib
import subprocess
import sys

import pytest

from harness import schemathesis_hooks
from harness.collections import EVENTS, JOBS, points
from harness.processes import clean_environment

# Columns of each type, and few of them: schemathesis tries every operator of every column in every place of a filter.
DOCUMENTED = {
    "jobs": JOBS.replace("filter: [company, location, salary_min, salary_max, source, posted_at]", "filter: [salary_min]"),
    "events": EVENTS,
    "places": points(8).replace("filter: [label, city, size, seen_at, is_open, tags]", "filter: [is_open, tags]"),
}

SEED = 20
SCHEMATHESIS = pathlib.Path(sys.executable).with_name("schemathesis")
HOOKS = pathlib.Path(schemathesis_hooks.__file__)


@pytest.fixture(scope="module")
def documented(tmp_path_factory):
    """A pair of its own: thousands of records that nobody else wants to see."""
    from harness.processes import Cluster

    cluster = Cluster(tmp_path_factory.mktemp("documented"), DOCUMENTED)
    try:
        yield cluster.start()
        cluster.stop()
    finally:
        cluster.dispose()


def schemathesis(cluster, folder, *arguments):
    """Runs schemathesis over the served document. Each phase sends what it derives from the document and the seed."""
    note = folder / "exceptions"
    command = [
        SCHEMATHESIS, "--no-color", "run", f"{cluster.gateway.http}/openapi.json", "--checks", "all", "--mode", "all",
        "--generation-deterministic", "--seed", str(SEED), "--continue-on-failure", "--suppress-health-check", "all",
        "--report", "ndjson", "--report-ndjson-path", folder / "report.ndjson", *arguments]
    environment = clean_environment(
        SCHEMATHESIS_HOOKS=str(HOOKS), KAZI_EXCEPTIONS_NOTE=str(note), PYTHONPATH=str(HOOKS.parents[1]), NO_PROXY="*")
    result = subprocess.run(
        list(map(str, command)), cwd=folder, env=environment, text=True, capture_output=True, timeout=600)
    assert result.returncode == 0, result.stdout[-20_000:] + result.stderr[-4_000:]
    return result.stdout


@pytest.mark.parametrize("operations", [("--exclude-path-regex", "/batch$"), ("--include-path-regex", "/batch$")],
                         ids=["all-but-batches", "batches"])
def test_schemathesis_finds_no_difference(documented, tmp_path, operations):
    """Batches come last: their ten thousand records at once would be in every list and export of the others."""
    schemathesis(documented, tmp_path, "--max-examples", "20", *operations)
    assert documented.health()["status"] == "ok"
    assert documented.gateway.is_running
