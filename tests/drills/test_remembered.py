"""What was recorded around a backup against what came back: the table, row by row."""

import tempfile
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drills.adapters.sample_file import SampleFile
from drills.errors import Misconfigured
from drills.remembered import Fit, Recorded, Tolerance, judge
from drills.samples import Neighbours, Sample, Window, neighbours, question_digest
from tests.fakes.clock import START
from tests.fakes.probing import spec

RIGHT, WRONG, UNKNOWN = Fit.RIGHT, Fit.WRONG, Fit.UNKNOWN
EXACT = Tolerance()
WINDOW = Window(began=START, ended=START + timedelta(minutes=10))


def fit(
    word: str,
    found: object,
    before: object = None,
    after: object = None,
    tolerance: Tolerance = EXACT,
) -> Fit:
    """Return the judgement's fit."""
    recorded = Recorded(before=before, after=after, before_label="1m before the backup")
    return judge(word, found, recorded, tolerance).fit


@pytest.mark.parametrize(
    ("found", "before", "after", "wanted"),
    [
        (100, 100, 100, RIGHT),
        (105, 100, 110, RIGHT),
        (105, 110, 100, RIGHT),  # a table that shrinks
        (99, 100, 110, WRONG),
        (111, 100, 110, WRONG),
        (100, 100, None, RIGHT),
        (900, 100, None, RIGHT),  # what came in after the only record is unknown
        (99, 100, None, WRONG),
        (110, None, 110, RIGHT),
        (109, None, 110, UNKNOWN),  # less than there was later says nothing
        (111, None, 110, WRONG),
        (0, 100, 110, WRONG),
        (0, 0, 10, RIGHT),
        (None, 100, 110, WRONG),
        ("many", 100, 110, WRONG),
        ("105", 100, "110", RIGHT),
        (12.5, 12, 13, RIGHT),
    ],
)
def test_a_number_lies_between_the_records(
    found: object, before: object, after: object, wanted: Fit
) -> None:
    assert fit("count", found, before, after) is wanted


@pytest.mark.parametrize(
    ("found", "tolerance", "wanted"),
    [
        (99, Tolerance(share=Decimal("0.01")), RIGHT),
        (98, Tolerance(share=Decimal("0.01")), WRONG),
        (95, Tolerance(amount=Decimal(5)), RIGHT),
        (115, Tolerance(amount=Decimal(5)), RIGHT),
        (116, Tolerance(amount=Decimal(5)), WRONG),
        (0, Tolerance(amount=Decimal(1000)), WRONG),
    ],
)
def test_tolerance_never_forgives_an_empty_table(
    found: int, tolerance: Tolerance, wanted: Fit
) -> None:
    assert fit("count", found, 100, 110, tolerance) is wanted


@pytest.mark.parametrize(
    ("found", "before", "after", "wanted"),
    [
        ("a", "a", "a", RIGHT),
        ("a", "a", "b", RIGHT),
        ("b", "a", "b", RIGHT),
        ("c", "a", "b", UNKNOWN),  # it changed in between: nobody knows to what
        ("c", "a", "a", WRONG),
        ("c", "a", None, WRONG),
        ("c", None, "a", UNKNOWN),
        ("a", None, "a", RIGHT),
        (("x", "a"), "a", None, RIGHT),  # of a canary's ids one must be it
        (("x",), "a", "a", WRONG),
        ((), "a", None, WRONG),
        (None, "a", "a", WRONG),
    ],
)
def test_anything_else_equals_one_of_them(
    found: object, before: object, after: object, wanted: Fit
) -> None:
    assert fit("tree", found, before, after) is wanted
    assert fit("id", found, before, after) is wanted


def test_an_id_of_digits_is_no_number() -> None:
    assert fit("id", ("20261121",), "20261120", "20261122") is UNKNOWN


@pytest.mark.parametrize(
    ("found", "before", "after", "wanted"),
    [
        ({"a": "1", "log": "2"}, {"a": "1", "log": "1"}, {"a": "1", "log": "3"}, UNKNOWN),
        ({"a": "1", "log": "1"}, {"a": "1", "log": "1"}, {"a": "1", "log": "3"}, RIGHT),
        ({"a": "1", "log": "3"}, {"a": "1", "log": "1"}, {"a": "1", "log": "3"}, RIGHT),
        ({"a": "9", "log": "3"}, {"a": "1", "log": "1"}, {"a": "1", "log": "3"}, WRONG),
        ({"log": "3"}, {"a": "1", "log": "1"}, {"a": "1", "log": "3"}, WRONG),
        ({"a": "1", "gone": "7"}, {"a": "1", "gone": "7"}, {"a": "1", "new": "8"}, RIGHT),
        ({"a": "1"}, {"a": "1", "gone": "7"}, {"a": "1", "new": "8"}, RIGHT),
        ({"a": "1", "extra": "5"}, {"a": "1"}, {"a": "1"}, RIGHT),
        ({}, {"a": "1"}, {"b": "2"}, UNKNOWN),
        ({}, {"a": "1"}, {"a": "1"}, WRONG),
        ({}, {"a": "1"}, None, WRONG),
        ({"a": "2"}, None, {"a": "1"}, UNKNOWN),
        ({"a": "1"}, None, {"a": "1"}, RIGHT),
        (None, {"a": "1"}, {"a": "1"}, WRONG),
        ({}, {}, {}, UNKNOWN),
    ],
)
def test_files_that_stayed_the_same_must_be_the_same(
    found: object, before: object, after: object, wanted: Fit
) -> None:
    assert fit("files", found, before, after) is wanted


VALUES = (
    st.none()
    | st.integers()
    | st.text()
    | st.lists(st.text())
    | st.dictionaries(st.text(), st.text() | st.integers() | st.lists(st.integers()))
)


@given(st.sampled_from(["count", "files", "tree", "id"]), VALUES, VALUES, VALUES)
def test_no_record_is_never_right(word: str, found: object, before: object, after: object) -> None:
    """Whatever a file of records holds, a judgement comes of it, never a pass out of nothing."""
    verdict = fit(word, found, before, after)
    if found is None or found in ({}, []):
        recorded_nothing = [side for side in (before, after) if side in ({}, [], 0, "")]
        assert verdict is not RIGHT or recorded_nothing


def sample(minutes: float, **more: object) -> Sample:
    """Return a sample that began so many minutes after the backup's start and took ten seconds."""
    plain = {"values": {"count": 1}, "question": "q", "scenario": "s"} | more
    return Sample(
        at=START + timedelta(minutes=minutes),
        seconds=10,
        scenario_sha256="",
        probe="p",
        **plain,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("minutes", "before", "after"),
    [
        ((), None, None),
        ((-5, -2), -2, None),
        ((-5, 12, 14), -5, 12),
        ((-0.1, 5, 10), None, None),  # still asking when the backup began, and during it
        ((-40, 45), None, None),  # too far away
        ((-29, 39), -29, 39),
    ],
)
def test_the_samples_next_to_the_backup_are_taken(
    minutes: tuple[float, ...], before: float | None, after: float | None
) -> None:
    found = neighbours(map(sample, minutes), WINDOW, timedelta(minutes=30))
    assert found.before == (None if before is None else sample(before))
    assert found.after == (None if after is None else sample(after))


def test_a_backup_without_an_end_has_nothing_after_it() -> None:
    open_ended = Window(began=START, ended=None)
    assert neighbours([sample(60)], open_ended, timedelta(days=9)) == Neighbours()
    far = neighbours([sample(60)], WINDOW, timedelta(minutes=30))
    assert far.nearest == timedelta(minutes=50)


def test_the_question_is_known_by_its_digest() -> None:
    """Who is asked for what counts; the password, the expectation and the patience do not."""
    plain = {"engine": "mysql", "service": "db", "user": "u", "query": "SELECT 1"}
    asked = question_digest(spec("sql", {**plain, "password": "a"}), "production")
    assert asked == question_digest(spec("sql", plain, {"count": 1}, retries=0), "production")
    others = {
        question_digest(spec("sql", {**plain, "query": "SELECT 2"}), "production"),
        question_digest(spec("sql", plain), "staging"),
        question_digest(spec("exec", plain), "production"),
    }
    assert len(others - {asked}) == 3
    row = {"sql": {**plain, "password": "b"}, "id": "recorded"}
    assert question_digest(spec("canary", row), "p") == question_digest(
        spec("canary", {"sql": plain, "id": "x"}), "p"
    )


def test_what_is_kept_is_recalled(tmp_path: Path) -> None:
    samples = SampleFile(tmp_path / "deep" / "recorded.jsonl")
    assert samples.recall("s", "q") == ()
    kept = sample(1, values={"count": 5, "files": {"ä": "1"}}, simulated=True)
    samples.keep(kept)
    samples.keep(sample(2, question="other"))
    samples.keep(sample(3, scenario="other"))
    assert samples.recall("s", "q") == (kept,)


def test_a_torn_line_spoils_no_other(tmp_path: Path) -> None:
    path = tmp_path / "recorded.jsonl"
    samples = SampleFile(path)
    samples.keep(sample(1))
    path.write_bytes(path.read_bytes()[:-20])
    samples.keep(sample(2))
    assert samples.recall("s", "q") == (sample(2),)


@given(st.binary() | st.recursive(VALUES, st.lists).map(lambda value: repr(value).encode()))
def test_no_bytes_break_the_file(junk: bytes) -> None:
    with tempfile.TemporaryDirectory(prefix="drill-test-") as folder:
        path = Path(folder) / "recorded.jsonl"
        path.write_bytes(junk + b"q\n")
        samples = SampleFile(path)
        samples.keep(sample(1))
        assert samples.recall("s", "q") == (sample(1),)


@pytest.mark.parametrize(
    "change",
    [
        ('"seconds": 10', '"seconds": Infinity'),
        ('"seconds": 10', '"seconds": NaN'),
        ('"seconds": 10', '"seconds": -5'),
        ("+00:00", ""),
        ('"values": {', '"values": 1, "x": {'),
    ],
)
def test_a_line_that_makes_no_sense_is_passed_over(tmp_path: Path, change: tuple[str, str]) -> None:
    path = tmp_path / "recorded.jsonl"
    samples = SampleFile(path)
    samples.keep(sample(1))
    text = path.read_text()
    path.write_text(text.replace(*change))
    assert path.read_text() != text
    assert samples.recall("s", "q") == ()


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="cannot be used"):
        SampleFile(tmp_path).recall("s", "q")
    with pytest.raises(Misconfigured) as caught:
        SampleFile(tmp_path).keep(sample(1))
    assert "--records" in caught.value.hint
