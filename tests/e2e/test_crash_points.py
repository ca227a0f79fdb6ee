"""A runner killed at any point whatever: the next start leaves the cluster as it was.

Every write to the cluster is two points: before it is done, and after it is done but before the
runner hears of it. All of them are gone through, whatever their number.
"""

import os
from collections.abc import Iterator

import pytest

from embedded.faults import Moment
from reports import FILE_NAMES
from runner.cli import main
from runner.publish import WRITTEN
from tests.e2e.crash_bench import Bench, crash_bench
from tests.forking import FilePoint, Runner

SHARES = 4
"""Parts of the loop, so that several workers can share it."""


@pytest.fixture(name="bench", scope="module")
def _bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with crash_bench(tmp_path_factory.mktemp("crashes")) as bench:
        yield bench


@pytest.mark.parametrize("moment", Moment)
@pytest.mark.parametrize("share", range(SHARES))
def test_killed_at_every_write(bench: Bench, share: int, moment: Moment) -> None:
    """Half of the crashes are followed by `clean`, the other half by the next drill."""
    before = bench.everything()
    number = share
    while what := bench.crash(number, moment):
        by_clean = (number // SHARES + (moment is Moment.DONE)) % 2
        assert main(bench.clean if by_clean else bench.run) == 0, what
        assert bench.everything() == before, what
        number += SHARES
    assert number > 3 * SHARES


@pytest.mark.parametrize("moment", Moment)
@pytest.mark.parametrize("after", ["create restores", "delete restores"])
def test_killed_again_at_every_write_of_the_cleaning(
    bench: Bench, after: str, moment: Moment
) -> None:
    """A crash during the recovery is a crash like any other."""
    before = bench.everything()
    first, number = bench.number_of(after), 0
    while True:
        assert bench.crash(first, Moment.DONE).startswith(after)
        what = bench.crash(number, moment, bench.clean)
        assert main(bench.clean) == 0, what
        assert bench.everything() == before, what
        if not what:
            break
        number += 1
    assert number > 1


def test_killed_at_every_change_of_a_file(bench: Bench) -> None:
    """Journal and report: made, renamed, removed. What has a report.json is whole."""
    before, number = bench.everything(), 0
    while True:
        runner = Runner(bench.run_in_vain, bench.log, FilePoint(bench.reports, number))
        if runner.end() == 1:
            break
        assert main(bench.clean) == 0, number
        assert bench.everything() == before, number
        for report in bench.reports.glob("*/report.json"):
            names = {path.name for path in report.parent.iterdir()}
            assert names == {FILE_NAMES[kind] for kind in WRITTEN}, number
        number += 1
    assert number > 10
    assert main(["report", "list", "--report-dir", str(bench.reports)]) == 0


TORN = {"one byte": -1, "half": -60, "all but one byte": None}
BLANKS = {"zeros": b"\0" * 40, "half a line": b'{"state": "ma', "noise": b"\xff\xfe{]"}


@pytest.mark.parametrize("cut", TORN.values(), ids=TORN)
def test_the_last_line_of_the_journal_is_torn(bench: Bench, cut: int | None) -> None:
    """What it spoke of was not made yet."""
    before = bench.everything()
    bench.crash(bench.number_of("create namespaces"), Moment.ARRIVED)
    (journal,) = bench.journals
    content = journal.read_bytes()
    journal.write_bytes(content[: content.rindex(b"\n", 0, -1) + 2 if cut is None else cut])
    assert main(bench.clean) == 0
    assert bench.everything() == before


@pytest.mark.parametrize("tail", BLANKS.values(), ids=BLANKS)
def test_the_journal_ends_in_what_is_no_line(bench: Bench, tail: bytes) -> None:
    """What was made stands in the cluster with our marks, whatever the journal lost of it."""
    before = bench.everything()
    bench.crash(bench.number_of("create restores"), Moment.DONE)
    (journal,) = bench.journals
    journal.write_bytes(journal.read_bytes() + tail)
    assert main(bench.run) == 0
    assert bench.everything() == before


@pytest.mark.parametrize("start", [b"", b'{"drill_id": "shop-2026'], ids=["empty", "cut"])
def test_a_journal_that_never_began_is_forgotten(bench: Bench, start: bytes) -> None:
    """Nothing was made yet; a young one may be about to begin, and stays."""
    journal = bench.reports / ".journal" / "shop-unbegun.jsonl"
    journal.parent.mkdir(parents=True, exist_ok=True)
    journal.write_bytes(start)
    assert main(bench.clean) == 0
    assert bench.journals == [journal]
    os.utime(journal, (0, 0))
    assert main(bench.clean) == 0
    assert bench.journals == []


def test_a_journal_without_its_first_line_is_told(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody knows its cluster: that is said again and again, and the file stays."""
    before = bench.everything()
    bench.crash(bench.number_of("create leases"), Moment.ARRIVED)
    (journal,) = bench.journals
    journal.write_bytes(b"\0" * 20 + journal.read_bytes()[20:])
    assert main(bench.clean) == 4
    assert "cannot be read, so nobody knows where this drill ran" in capsys.readouterr().err
    assert main(bench.run) == 0
    assert "cannot be read" in capsys.readouterr().err
    assert bench.journals == [journal]
    journal.unlink()
    assert bench.everything() == before
