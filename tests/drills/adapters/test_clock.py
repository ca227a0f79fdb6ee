"""Waiting that a signal can cut short."""

import threading
from datetime import UTC

import pytest

from drills.adapters.clock import SystemClock
from drills.errors import Interrupted


def test_a_stop_ends_a_long_sleep() -> None:
    stop = threading.Event()
    clock = SystemClock(stop)
    before = clock.monotonic()
    timer = threading.Timer(0.02, stop.set)
    timer.start()
    with pytest.raises(Interrupted):
        clock.sleep(30)
    timer.join()
    assert clock.monotonic() - before < 10


def test_sleeps_and_tells_the_time_in_utc() -> None:
    clock = SystemClock()
    before = clock.monotonic()
    clock.sleep(0.01)
    clock.sleep(-1)
    assert clock.monotonic() - before >= 0.01
    assert clock.now().tzinfo is UTC
