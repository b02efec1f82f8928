"""`/metrics`, read by the parser of Prometheus' own client."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from harness.collections import JOBS_WITHOUT_VECTORS, job, points

COLLECTIONS = {"metric_jobs": JOBS_WITHOUT_VECTORS, "metric_points": points(4)}


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
    before = len(samples())
    for number in range(50):
        api.get(f"/api/v1/nothing{number}")
        api.get(f"/nowhere/{number}")
    assert len(samples()) <= before + 20


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
