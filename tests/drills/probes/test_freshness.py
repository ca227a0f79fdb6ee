"""How old is what was printed: understood, not understood, and not there are three answers."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drills.errors import CannotAsk
from drills.expectations import LONGEST_SHOWN
from drills.findings import Cause
from drills.probes.freshness import freshness
from tests.fakes.clock import START
from tests.fakes.cluster import FakeCluster
from tests.fakes.probing import context

NOW = START
OLD, FRESH = NOW - timedelta(days=9), NOW - timedelta(minutes=10)


def wrong(text: str, **expect: str) -> bool:
    """Return whether the newest instant in the text is called too old, or missing."""
    _, mismatch = freshness({"within": "26h", **expect}, text, context(FakeCluster()))
    return mismatch is not None


def refused(text: str, **expect: str) -> CannotAsk:
    with pytest.raises(CannotAsk) as caught:
        freshness({"within": "26h", **expect}, text, context(FakeCluster()))
    return caught.value


@pytest.mark.parametrize(
    "form", ["%a %b %e %H:%M:%S UTC %Y", "%d/%b/%Y:%H:%M:%S +0000", "%Y%m%dT%H%M%SZ"]
)
def test_common_forms_are_read(form: str) -> None:
    assert not wrong(FRESH.strftime(form))
    assert wrong(OLD.strftime(form))


@pytest.mark.parametrize("text", ["", "  \n", "NULL\n"])
def test_truly_nothing_is_wrong(text: str) -> None:
    assert wrong(text)


@pytest.mark.parametrize(
    "text", ["21.11.2026 08:50", "11/21/26", "Nov 21 08:50:09 host app: beat", "yesterday"]
)
def test_what_is_not_read_is_shown_and_left_open(text: str) -> None:
    error = refused(text)
    assert error.cause is Cause.CONFIGURATION
    assert text in str(error)
    assert "format" in error.hint


@given(st.text(min_size=1, max_size=5000).map(lambda text: f"x{text}"))
def test_what_is_shown_is_bounded(text: str) -> None:
    try:
        freshness({"within": "26h"}, text, context(FakeCluster()))
    except CannotAsk as error:
        assert len(str(error)) < LONGEST_SHOWN + 200  # noqa: PT017
        assert "\n" not in str(error)  # noqa: PT017


def test_a_format_reads_what_the_forms_do_not() -> None:
    assert not wrong("21.11.2026 08:50", format="%d.%m.%Y %H:%M", timeZone="UTC")
    assert wrong("19.11.2026 08:50", format="%d.%m.%Y %H:%M", timeZone="UTC")
    assert "time zone" in str(refused("21.11.2026 08:50", format="%d.%m.%Y %H:%M"))
    assert "21/11" in str(refused("21/11/2026 08:50", format="%d.%m.%Y %H:%M"))


def test_a_unit_reads_numbers_of_any_length() -> None:
    fresh = str(int(FRESH.timestamp() * 1000))
    assert not wrong(f"a={fresh} b=17", unit="milliseconds")
    assert wrong("17", unit="milliseconds")


def test_days_tell_what_they_can() -> None:
    """A day is young enough, too old, or may be either; then a time is asked for."""
    assert not wrong((NOW - timedelta(days=2)).strftime("%F"), within="4d")
    assert not wrong((NOW - timedelta(days=1)).strftime("%F"), within="3d", timeZone="UTC")
    assert wrong((NOW - timedelta(days=9)).strftime("%F"))
    assert "days without a time" in str(refused((NOW - timedelta(days=1)).strftime("%F")))
    assert "days without a time" in str(refused(NOW.strftime("%F")))


def test_old_instants_with_a_zone_do_not_hide_newer_ones_without() -> None:
    text = f"{OLD.isoformat()}\n{FRESH:%Y-%m-%d %H:%M:%S}"
    assert "time zone" in str(refused(text))
    assert wrong(f"{OLD.isoformat()}\n{OLD:%Y-%m-%d %H:%M:%S}")
