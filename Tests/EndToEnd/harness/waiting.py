"""Waiting for a condition, with a deadline. Nothing outside this file sleeps."""

import time

_POLL_SECONDS = 0.02


def wait_until(condition, what, within=30.0):
    """Calls `condition` until it returns something true, and returns that.

    An `AssertionError` from the condition counts as "not yet", so a condition may be written as assertions. After
    `within` seconds the wait fails with `what` and with what the last attempt said.
    """
    deadline = time.monotonic() + within
    while True:
        try:
            value = condition()
            last = repr(value)
        except AssertionError as error:
            value, last = None, f"assertion failed: {error}"
        if value:
            return value
        if time.monotonic() >= deadline:
            raise AssertionError(f"waited {within:g} s in vain for {what}; last: {last}")
        time.sleep(_POLL_SECONDS)


def pass_a_moment(random, seconds_max):
    """A random stretch of time, for a test whose point is that something happens at no particular moment."""
    time.sleep(random.uniform(0, seconds_max))
