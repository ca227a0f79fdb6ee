"""The canary probe in a file; in a database see `databases/test_canary.py`."""

from collections.abc import Mapping

import pytest

from drills.errors import CannotAsk
from drills.probes import Answer, find_probe
from tests.fakes.cluster import FakeCluster
from tests.fakes.probing import context, pod, saying, spec, thing

LEDGER = thing(
    "apps/v1", "StatefulSet", "ledger", spec={"selector": {"matchLabels": {"app": "ledger"}}}
)
FILE = {"workload": "statefulset/ledger", "path": "/data/canary"}


def ask(
    stdout: str,
    expect: Mapping[str, object] | None = None,
    *,
    wanted: str = "canary-1",
    code: int = 0,
    stderr: str = "",
) -> Answer:
    """Ask for the canary in a file that holds `stdout`."""
    place = FakeCluster(None, LEDGER, pod("ledger-0", app="ledger", owner="StatefulSet/ledger"))
    place.on_exec = saying(stdout, code, stderr)
    question = {"id": wanted, "file": FILE}
    return find_probe("canary").ask(spec("canary", question, expect), context(place), 5)


@pytest.mark.parametrize(
    "text", ["canary-1\n", "x=canary-1;", "canary-10\ncanary-1", '{"id": "canary-1"}']
)
def test_found(text: str) -> None:
    assert ask(text).mismatches == ()


@pytest.mark.parametrize("text", ["", "canary-10", "my-canary-1", "Canary-1", "canary1"])
def test_not_found(text: str) -> None:
    """An id that only begins alike is another one."""
    assert ask(text).mismatches


def test_an_id_is_no_pattern() -> None:
    assert ask("abc", wanted="a.c").mismatches
    assert ask("(a.c)", wanted="a.c").mismatches == ()


def test_the_instant_beside_it_tells_how_old_the_data_is() -> None:
    fresh = ask("canary-1 2026-11-21T08:00:00Z", {"timestamp": {"within": "rpo"}})
    assert fresh.mismatches == ()
    assert fresh.newest is not None
    assert ask("canary-1 2026-11-21T08:00:00Z", {"timestamp": {"within": "30m"}}).mismatches
    with pytest.raises(CannotAsk, match="no instant could be read"):
        ask("canary-1", {"timestamp": {"within": "rpo"}})


def test_a_file_that_did_not_come_back_fails() -> None:
    answer = ask("", code=1, stderr="cat: can't open '/data/canary': No such file or directory")
    assert "no such file" in str(answer.mismatches)


@pytest.mark.parametrize(
    ("code", "stderr"), [(1, "cat: /data/canary: Permission denied"), (127, "cat: not found")]
)
def test_a_file_that_cannot_be_read_says_nothing(code: int, stderr: str) -> None:
    with pytest.raises(CannotAsk, match="could not be read"):
        ask("", code=code, stderr=stderr)


def test_an_endless_file_says_nothing() -> None:
    with pytest.raises(CannotAsk, match="could not be read whole"):
        ask("x" * (4 * 1024 * 1024))
