"""`/metrics`, read by the parser of Prometheus' own client, and held to the rules of its linter."""

import re

import pytest
from prometheus_client.parser import text_string_to_metric_families

from harness.collections import JOBS_WITHOUT_VECTORS, NOTES, job, points

COLLECTIONS = {"metric_jobs": JOBS_WITHOUT_VECTORS, "metric_points": points(4), "metric_notes": NOTES}


@pytest.fixture
def samples(api):
    def read():
        answer = api.get("/metrics")
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        return {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(answer.text) for sample in family.samples
        }
    return read


def test_requests_are_counted_by_route_method_status_and_collection(api, samples):
    key = ("kazi_http_requests_total", (
        ("collection", "metric_jobs"), ("method", "POST"), ("route", "/api/v1/{collection}"), ("status", "201")))
    before = samples().get(key, 0)
    for _ in range(3):
        api.add("metric_jobs", job())
    assert samples()[key] == before + 3


def test_what_clients_make_up_makes_no_new_series(api, samples):
    def make_up(number):
        api.get(f"/api/v1/nothing{number}")
        api.get(f"/nowhere/{number}")

    # The first of their kind have series, and so has the question for them.
    make_up(0)
    samples()
    before = set(samples())
    for number in range(50):
        make_up(number)
    assert set(samples()) == before


def test_searches_workers_and_the_store_have_their_figures(api, samples):
    api.add_all("metric_points", [{"label": "a", "vector": [1, 2, 3, 4]}], wait="searchable")
    api.search("metric_points", vector=[1, 0, 0, 0])
    found = samples()
    names = {name for name, _ in found}
    for name in ("kazi_build_info", "process_resident_memory_bytes", "process_cpu_seconds_total", "kazi_store_seq", "kazi_store_wal_bytes",
                 "kazi_collection_lag", "kazi_messages_total", "kazi_http_stage_duration_seconds_bucket"):
        assert name in names
    assert found["kazi_cluster_workers", (("status", "alive"),)] == 1
    vectors = [value for (name, labels), value in found.items() if name == "kazi_worker_vectors" and ("collection", "metric_points") in labels]
    assert vectors and vectors[0] >= 0
    assert found["kazi_cluster_queries_total", (("outcome", "complete"),)] >= 1


def test_requests_say_where_their_time_goes(api, samples):
    api.add("metric_notes", {"text": "metrics of notes"}, wait="searchable")
    api.search("metric_notes", text="metrics of notes")
    found = samples()
    for request_class, stages in {"write": ("queue", "validate", "embed", "store", "wait"), "search": ("queue", "validate", "embed", "search", "fetch")}.items():
        for stage in stages:
            assert found["kazi_http_stage_duration_seconds_count", (("class", request_class), ("stage", stage))] >= 1


def test_embedding_has_its_figures(api, samples):
    before = samples()

    def grown(name, **labels):
        key = (name, tuple(sorted(labels.items())))
        return samples()[key] - before[key]

    api.add_all("metric_notes", [{"text": f"embedded for the count {number}"} for number in range(5)], wait="searchable")
    for _ in range(3):
        api.search("metric_notes", text="a query that is asked three times")
    assert grown("kazi_embedding_texts_total", lane="ingestion") == 5
    assert grown("kazi_embedding_texts_total", lane="query") == 3
    assert grown("kazi_embedding_cache_lookups_total", result="miss") == 1
    assert grown("kazi_embedding_cache_lookups_total", result="hit") == 2
    assert grown("kazi_embedding_pieces_total") > 5 * 4
    assert grown("kazi_embedding_encoding_seconds_total") > 0
    assert samples()["kazi_embedding_waiting_pieces", (("lane", "ingestion"),)] == 0


def test_the_store_has_its_figures(api, samples):
    before = samples()
    api.add_all("metric_jobs", [job()] * 40)
    found = samples()
    sizes = "kazi_store_transaction_operations"
    assert found[f"{sizes}_sum", ()] - before[f"{sizes}_sum", ()] >= 40
    assert found[f"{sizes}_count", ()] > before[f"{sizes}_count", ()]
    assert found["kazi_store_commit_duration_seconds_count", ()] == found[f"{sizes}_count", ()]
    assert found["kazi_store_commit_duration_seconds_sum", ()] > before["kazi_store_commit_duration_seconds_sum", ()]
    assert found["kazi_store_failed_transactions_total", ()] == 0


def test_connections_and_requests_in_flight_have_their_figures(api, pair, samples):
    found = samples()
    states = {dict(labels)["state"]: value for (name, labels), value in found.items() if name == "kazi_http_connections"}
    # The one that asks is active.
    assert states["active"] >= 1 and states["idle"] >= 0
    accepted = found["kazi_http_connections_accepted_total", ()]
    with pair.new_api() as other:
        other.get("/health/live")
    assert samples()["kazi_http_connections_accepted_total", ()] >= accepted + 1
    for name in ("kazi_http_requests_in_flight", "kazi_http_requests_waiting", "kazi_http_requests_shed_total"):
        assert {dict(labels)["class"] for (sample, labels) in found if sample == name} == {"search", "write", "export", "other"}


def test_names_follow_the_conventions(api):
    """The rules of `promtool check metrics` (client_golang, testutil/promlint), and one sample for each series."""
    api.add_all("metric_points", [{"label": "a", "vector": [1, 2, 3, 4]}], wait="searchable")
    api.search("metric_points", vector=[1, 0, 0, 0])
    text = api.get("/metrics").text
    seen, current = set(), None
    helps = dict(re.findall(r"^# HELP (\S+) (.+)$", text, re.M))
    types = dict(re.findall(r"^# TYPE (\S+) (counter|gauge|histogram|summary)$", text, re.M))
    assert set(helps) == set(types)
    assert len(re.findall("^# TYPE ", text, re.M)) == len(types), "a family is there twice"
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            current = line.split()[2]
        elif not line.startswith("#"):
            series, value = line.rsplit(" ", 1)
            assert series not in seen, f"{series} is there twice"
            seen.add(series)
            float(value)
            name = series.split("{")[0]
            # All samples of a family stand together, under its type.
            assert name == current or (types[current] == "histogram" and name.removeprefix(current) in ("_bucket", "_sum", "_count"))
    units = "milliseconds|microseconds|minutes|hours|days|kilobytes|megabytes|kibibytes|mebibytes|percent|millis|ms|kb|mb"
    for name, kind in types.items():
        assert re.fullmatch("[a-z][a-z0-9_]*", name), f"{name} is not in snake case"
        assert name.startswith(("kazi_", "process_")), f"{name} does not say whose it is"
        assert not re.search(f"_({units})(_|$)", name), f"{name} is in no base unit"
        assert name.endswith("_total") == (kind == "counter"), f"{name}: only counters end in _total, and all of them do"
        assert not re.search("_(gauge|counter|histogram|summary|count|sum|bucket|info)$", name) or (name.endswith("_info") and kind == "gauge")
        assert kind != "histogram" or name.endswith(("_seconds", "_bytes", "_operations"))
        assert helps[name][0].isupper() and helps[name].endswith("."), f"the help of {name} is no sentence"
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            for label in sample.labels:
                assert re.fullmatch("[a-z][a-z_]*", label) and not label.startswith("__")
        if family.type == "histogram":
            check_histogram(family)


def check_histogram(family):
    """Buckets ascend and end in all there is; the sum is there."""
    series = {}
    for sample in family.samples:
        labels = {name: value for name, value in sample.labels.items() if name != "le"}
        own = series.setdefault(tuple(sorted(labels.items())), {"buckets": []})
        if sample.name.endswith("_bucket"):
            own["buckets"].append((float(sample.labels["le"]), sample.value))
        else:
            own[sample.name.rsplit("_", 1)[1]] = sample.value
    for own in series.values():
        assert own["buckets"] == sorted(own["buckets"])
        assert [count for _, count in own["buckets"]] == sorted(count for _, count in own["buckets"])
        assert own["buckets"][-1] == (float("inf"), own["count"])
        assert own["sum"] >= 0
