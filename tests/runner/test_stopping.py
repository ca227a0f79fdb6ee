"""Requests to stop: seen by every drill, answered by each for itself."""

import os
import signal

from runner.stopping import StopSignal, signals


def test_each_drill_answers_for_itself() -> None:
    """One drill's cleanup does not hide the request from another."""
    stop = StopSignal()
    with stop.view() as one, stop.view() as other:
        stop.request()
        one.shield()
        assert not one.stop()
        assert not one.event.is_set()
        assert other.stop()
        assert other.event.is_set()


def test_second_request_reaches_the_cleanup() -> None:
    """After the shield only a further request counts."""
    stop = StopSignal()
    with stop.view() as drill:
        stop.request()
        drill.shield()
        stop.request()
        assert drill.stop()


def test_late_drill_sees_the_request() -> None:
    """A drill that begins after the request stops at once."""
    stop = StopSignal()
    stop.request()
    with stop.view() as drill:
        assert drill.stop()
        assert drill.event.is_set()


def test_signals_become_requests_and_go_back() -> None:
    """SIGTERM is counted while the block runs, and handled as before afterwards."""
    stop, told = StopSignal(), []
    before = signal.getsignal(signal.SIGTERM)
    with signals(stop, lambda name, count: told.append((name, count))):
        os.kill(os.getpid(), signal.SIGTERM)
    assert told == [("SIGTERM", 1)]
    assert stop.requests == 1
    assert signal.getsignal(signal.SIGTERM) is before
