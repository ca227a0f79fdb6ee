"""The waterfall's numbers."""

from dataclasses import replace

import pytest

from drills.record import DrillRecord
from reports import to_document
from reports.timeline import Bar, Timeline, timeline
from tests.reports import records


def _of(record: DrillRecord) -> Timeline:
    return timeline(to_document(record))


def _bar(found: Timeline, label: str) -> Bar:
    return next(bar for bar in found.bars if bar.label == label)


def test_restore_shows_queue_objects_and_volume_data_apart() -> None:
    """The three parts follow each other and fill the restore."""
    found = _of(records.passed())
    parts = [_bar(found, label) for label in ("queue", "objects", "volume data")]
    assert [part.seconds for part in parts] == pytest.approx([12.3, 50.5, 98.6])
    assert [part.offset for part in parts] == pytest.approx([10.16, 22.46, 72.96])
    assert all(part.nested for part in parts)


def test_clock_begins_with_the_restore_and_leaves_cleanup_out() -> None:
    found = _of(records.passed())
    clock, cleanup = _bar(found, "RTO clock"), _bar(found, "clean up")
    assert (clock.offset, clock.seconds) == (10.16, 208.6)
    assert clock.left + clock.width <= cleanup.left
    assert cleanup.kind == "cleanup"


def test_no_clock_without_a_recovery_time() -> None:
    assert "clock" not in {bar.kind for bar in _of(records.inconclusive_hang()).bars}


def test_overlapping_parts_invent_no_rest() -> None:
    """Queue and volume time measured on two clocks may exceed the restore: no bar for objects."""
    stages = (records.stage("restore", 0.0, 10.0, queue_seconds=6.0, volume_seconds=7.0),)
    labels = [bar.label for bar in _of(replace(records.passed(), stages=stages)).bars]
    assert labels == ["RTO clock", "restore", "queue", "volume data"]


def test_giving_way_comes_before_the_clock() -> None:
    """What the drill waited for somebody else's restore is shown, and no part of the RTO."""
    stages = (records.stage("restore", 5.0, 30.0, queue_seconds=1.0, volume_seconds=None),)
    stages = (replace(stages[0], waited_seconds=20.0),)
    found = _of(replace(records.passed(), stages=stages))
    parts = [(b.label, b.offset, b.seconds) for b in found.bars if b.nested]
    assert parts == [("giving way", 5.0, 20.0), ("queue", 25.0, 1.0), ("objects", 26.0, 9.0)]
    assert _bar(found, "RTO clock").offset == 25.0


@pytest.mark.parametrize("name", sorted(records.ALL))
def test_bars_stay_inside(name: str) -> None:
    """No bar is invisible and none runs out of its track."""
    found = _of(records.ALL[name]())
    for bar in found.bars:
        assert 0 <= bar.left <= bar.left + bar.width <= 100.01
        assert bar.width >= 0.5
    assert 2 <= len(found.marks) <= 6
    assert all(0 <= mark.at <= 100 for mark in found.marks)


def test_no_stages() -> None:
    record = replace(records.inconclusive_hang(), stages=())
    assert _of(record) == Timeline(bars=(), marks=(), total=0.0)
