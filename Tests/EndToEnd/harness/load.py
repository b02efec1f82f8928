"""Requests from several threads at once, while a test does something to the system."""

import threading

import requests


class SearchLoad:
    """Threads that search without a pause until the block ends; afterwards every answer is on record.

        with SearchLoad(cluster, "points", {"vector": [...]}) as load:
            worker.kill()
            load.wait_for(200)
        assert load.failures == []
    """

    def __init__(self, cluster, collection, body, threads=4):
        self.path = f"/api/v1/{collection}/search"
        self.body = body
        self.answers = 0
        self.failures = []
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(cluster.new_api(),)) for _ in range(threads)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, count, within=60.0):
        """Until `count` more requests have been answered."""
        with self._changed:
            goal = self.answers + count
            assert self._changed.wait_for(lambda: self.answers >= goal, within), f"only {self.answers} of {goal} answers"

    def _run(self, api):
        while not self._stopping.is_set():
            try:
                answer = api.post(self.path, self.body)
                failure = None if answer.status_code == 200 else f"{answer.status_code} {answer.text}"
                if failure is None and not answer.json():
                    failure = "no hits"
            except requests.RequestException as error:
                failure = repr(error)
            with self._changed:
                self.answers += 1
                if failure:
                    self.failures.append(failure)
                self._changed.notify_all()
