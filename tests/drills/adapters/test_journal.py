"""The journal outlives whatever kills the drill."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drills.adapters.journal import (
    FileJournal,
    JournalHeader,
    ThingState,
    read_journal,
    read_journals,
)
from drills.cluster import Kind
from drills.errors import OutsideRefused
from drills.findings import Cause
from drills.ports import Marked

HEADER = JournalHeader(
    drill_id="d1",
    scenario="weekly",
    started_at=datetime(2026, 11, 21, 6, 0, tzinfo=UTC),
    context="prod",
    kubeconfig="/k",
    identity="u-1",
    engine="velero",
    engine_namespace="velero",
    sandbox=("backup-test",),
    pid=7,
    host="runner-1",
)
NAMESPACE = Kind("v1", "Namespace")


def thing(name: str, uid: str = "") -> Marked:
    return Marked(kind=NAMESPACE, namespace="", name=name, uid=uid)


def test_nothing_is_written_before_something_is_to_be_made(tmp_path: Path) -> None:
    journal = FileJournal(tmp_path / "deep" / "d1.jsonl", HEADER)
    journal.close()
    assert read_journals(tmp_path / "deep") == ()
    assert list(tmp_path.iterdir()) == []


def test_says_what_is_left(tmp_path: Path) -> None:
    journal = FileJournal(tmp_path / "d1.jsonl", HEADER)
    journal.intend(thing("a"))
    journal.made(thing("a", "u-a"))
    journal.intend(thing("b"))
    journal.made(thing("b", "u-b"))
    journal.intend(thing("c"))
    journal.gone(thing("a", "u-a"))
    (state,) = read_journals(tmp_path)
    assert state.header == HEADER
    assert state.left == (
        (thing("b", "u-b"), ThingState.MADE),
        (thing("c"), ThingState.INTENDED),
    )
    assert not state.damaged


def test_a_namesake_does_not_hide_the_first(tmp_path: Path) -> None:
    """Two things of one name, one after the other: both stay until each is gone."""
    journal = FileJournal(tmp_path / "d1.jsonl", HEADER)
    for uid in ("u-1", "u-2"):
        journal.intend(thing("a"))
        journal.made(thing("a", uid))
    journal.gone(thing("a", "u-1"))
    (state,) = read_journals(tmp_path)
    assert [left.uid for left, _ in state.left] == ["u-2"]


def test_is_gone_when_nothing_is_left(tmp_path: Path) -> None:
    journal = FileJournal(tmp_path / "d1.jsonl", HEADER)
    journal.intend(thing("a"))
    journal.close()
    journal.close()
    assert list(tmp_path.iterdir()) == []


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    FileJournal(tmp_path / "d1.jsonl", HEADER).intend(thing("a"))
    assert (tmp_path / "d1.jsonl").stat().st_mode & 0o777 == 0o600


def test_another_process_goes_on_after_a_torn_line(tmp_path: Path) -> None:
    path = tmp_path / "d1.jsonl"
    FileJournal(path, HEADER).made(thing("a", "u-a"))
    path.write_bytes(path.read_bytes() + b'{"state": "inten')
    state = read_journal(path)
    assert state is not None
    assert not state.damaged
    FileJournal(path, state.header).gone(thing("a", "u-a"))
    after = read_journal(path)
    assert after is not None
    assert after.left == ()


def test_a_disk_that_takes_nothing_stops_the_drill(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(OutsideRefused, match="cannot be written") as caught:
        FileJournal(blocked / "d1.jsonl", HEADER).intend(thing("a"))
    assert caught.value.cause is Cause.RUNNER


def test_a_full_disk_stops_the_drill() -> None:
    if not os.path.exists("/dev/full"):  # noqa: PTH110 - a device, not a file
        pytest.skip("this machine has no /dev/full")
    with pytest.raises(OutsideRefused, match="No space left"):
        FileJournal(Path("/dev/full"), HEADER).intend(thing("a"))


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(min_value=0), steps=st.lists(st.sampled_from("abc"), max_size=6))
def test_torn_anywhere_it_never_forgets_what_was_made(
    tmp_path: Path, cut: int, steps: list[str]
) -> None:
    """Cut after any byte: what whole lines say stays known, and reading never fails."""
    path = tmp_path / "d1.jsonl"
    path.unlink(missing_ok=True)
    journal = FileJournal(path, HEADER)
    for number, name in enumerate(steps):
        journal.made(thing(name, f"u-{number}"))
    content = path.read_bytes() if steps else b""
    kept = content[: cut % (len(content) + 1)]
    path.write_bytes(kept)
    state = read_journal(path)
    assert state is not None
    assert state.header.drill_id == "d1"
    assert len(state.left) == max(0, kept.count(b"\n") - 1)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_whatever_the_file_holds_it_is_read(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "d9.jsonl"
    path.write_bytes(content)
    (state,) = read_journals(tmp_path)
    assert state.header.drill_id == "d9"
    assert state.left == ()


def test_a_spoilt_line_is_told(tmp_path: Path) -> None:
    path = tmp_path / "d1.jsonl"
    journal = FileJournal(path, HEADER)
    journal.made(thing("a", "u-a"))
    path.write_bytes(path.read_bytes() + b"\x00\x00\n")
    journal.made(thing("b", "u-b"))
    (state,) = read_journals(tmp_path)
    assert state.damaged
    assert [left.name for left, _ in state.left] == ["a", "b"]
