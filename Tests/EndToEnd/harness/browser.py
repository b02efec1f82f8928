"""A real browser without a window, which reaches one gateway and nothing else."""

import contextlib
import shutil

import pytest
from playwright.sync_api import sync_playwright

# Debian's names; the first that is there is taken. The drivers of playwright's own downloads are not needed.
_PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")


@contextlib.contextmanager
def browser():
    """Chromium for as long as the block lasts. Skips the tests, and says so, where none is installed."""
    program = next(filter(None, map(shutil.which, _PROGRAMS)), None)
    if program is None:
        pytest.skip("no Chromium is installed: scripts/setup --tests installs chromium-headless-shell")
    with sync_playwright() as playwright:
        # Root cannot have Chromium's sandbox; the pages are ours. No name resolves: only the loopback address is left.
        chromium = playwright.chromium.launch(
            executable_path=program,
            args=["--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"])
        try:
            yield chromium
        finally:
            chromium.close()


class Visit:
    """A page of a gateway, with what the browser complained of and whatever it tried to reach elsewhere."""

    def __init__(self, chromium, address, **options):
        self.address = address
        self.errors = []
        self.strangers = []
        self._context = chromium.new_context(base_url=address, locale="en-GB", **options)
        self._context.set_default_timeout(240_000)
        self.page = self._context.new_page()
        self.page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", self._requested)

    def _requested(self, request):
        if not request.url.startswith((self.address + "/", "data:", "blob:")):
            self.strangers.append(request.url)

    def open(self, path):
        answer = self.page.goto(path)
        assert answer.status == 200, f"{path}: {answer.status} {answer.text()}"
        return self.page

    def close(self):
        self._context.close()

    def assert_clean(self, allowing=()):
        """No error on the console but those that contain one of `allowing`, and no request to anybody else."""
        complaints = [error for error in self.errors if not any(text in error for text in allowing)]
        assert not complaints, complaints
        assert not self.strangers, self.strangers
