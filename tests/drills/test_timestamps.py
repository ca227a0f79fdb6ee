"""Instants found in what restored data says."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drills.timestamps import UNITS, Reading, sight
from scenarios.timeformats import TimeFormatError, parse_time_format

RESTORE = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
BEFORE = datetime(2026, 11, 21, 8, 50, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-21T08:50:09Z",
        "beat 2026-11-21T08:50:09.000Z end",
        "2026-11-21 08:50:09+00",
        "2026-11-21 08:50:09.0 +0000",
        "2026-11-21 08:50:09 UTC",
        "2026-11-21T08:50:09Z and 2026-11-21 08:50+00:00",
        "2026-11-21T17:50:09+09:00",
        "2026-11-21T03:20:09-05:30",
        str(int(BEFORE.timestamp())),
        f"ts={int(BEFORE.timestamp())}.0",
        f"{int(BEFORE.timestamp())}000",
        "2026-11-21T08:50:09Z\n2026-11-21T09:30:00Z",
        "2026-11-20T08:50:09Z 2026-11-21T08:50:09Z 2026-11-19T08:50:09Z",
    ],
)
def test_finds_the_newest_restored(text: str) -> None:
    """What is later than the restore was written by the restored application itself."""
    assert sight(text, RESTORE).newest == BEFORE


@pytest.mark.parametrize(
    "text",
    ["", "no time", "12:00:00", "id 17637140009", "1763714000123456789 rows", "21.11.2026 08:50"],
)
def test_finds_none(text: str) -> None:
    seen = sight(text, RESTORE)
    assert (seen.newest, seen.at_latest, seen.too_young) == (None, None, None)
    assert not seen.without_zone


def forms(instant: datetime) -> dict[str, str]:
    """Return how programs write an instant, to the second."""
    half = f"{instant:%I:%M:%S %p}"
    epoch = int(instant.timestamp())
    return {
        "RFC 3339": f"{instant:%Y-%m-%dT%H:%M:%SZ}",
        "basic ISO": f"{instant:%Y%m%dT%H%M%SZ}",
        "slashes": f"{instant:%Y/%m/%d %H:%M:%S} UTC",
        "access log": f'10.0.0.1 - - [{instant:%d/%b/%Y:%H:%M:%S} +0000] "GET / HTTP/1.1" 200 1',
        "RFC 1123": f"Last-Modified: {instant:%a, %d %b %Y %H:%M:%S} GMT",
        "RFC 2822": f"Date: {instant:%a, %d %b %Y %H:%M:%S} +0000",
        "date": f"{instant:%a %b %e %H:%M:%S} UTC {instant:%Y}",
        "date, en_US": f"{instant:%a %b %e} {half} UTC {instant:%Y}",
        "date, en_GB": f"{instant:%a %e %b %H:%M:%S} UTC {instant:%Y}",
        "date, day first": f"{instant:%a %d %b %Y} {half} UTC",
        "JavaScript": f"{instant:%a %b %d %Y %H:%M:%S} GMT+0000 (Coordinated Universal Time)",
        "American": f"{instant:%B %d, %Y} {half} UTC",
        "seconds": f"{epoch}",
        "milliseconds": f"{epoch}000",
        "microseconds": f"{epoch}000000",
        "nanoseconds": f"  {epoch}000000000",
    }


INSTANTS = st.datetimes(datetime(2002, 1, 1), datetime(2099, 12, 31)).map(  # noqa: DTZ001
    lambda found: found.replace(microsecond=0, tzinfo=UTC)
)


@given(INSTANTS)
def test_reads_what_programs_write(instant: datetime) -> None:
    for name, text in forms(instant).items():
        seen = sight(f"{text}\n", instant)
        assert seen.newest == instant, name
        assert seen.at_latest == instant, name


@given(INSTANTS, st.timedeltas(timedelta(seconds=1), timedelta(days=9)))
def test_no_form_makes_old_data_younger(instant: datetime, age: timedelta) -> None:
    """What is read is never later than what was written, in any form and mixture of forms."""
    text = "\n".join(forms(instant).values())
    assert sight(text, instant + age).newest == instant


@pytest.mark.parametrize("text", ["Sat Nov 21 08:50:09 2026", "Sat Nov 21 08:50:09 EST 2026"])
def test_a_zone_that_is_not_said_is_not_guessed(text: str) -> None:
    seen = sight(text, RESTORE)
    assert seen.newest is None
    assert seen.without_zone


@pytest.mark.parametrize("text", ["Sat Nov 21 09:50:09 2026", "Sat Nov 21 09:50:09 CET 2026"])
def test_the_zone_that_is_said_places_it(text: str) -> None:
    assert sight(text, RESTORE, Reading(zone=ZoneInfo("Europe/Berlin"))).newest == BEFORE


@pytest.mark.parametrize("text", ["2026-11-19", "19 Nov 2026", "November 19, 2026", "2026/11/19"])
def test_a_day_alone_is_all_of_its_day(text: str) -> None:
    """On earth it begins fourteen hours before it does in UTC, and ends twelve later."""
    day = datetime(2026, 11, 19, tzinfo=UTC)
    seen = sight(text, RESTORE)
    assert seen.newest == day - timedelta(hours=14)
    assert seen.at_latest == day + timedelta(hours=36)
    said = sight(text, RESTORE, Reading(zone=UTC))
    assert (said.newest, said.at_latest) == (day, day + timedelta(hours=24))


def test_today_may_have_been_written_since() -> None:
    seen = sight("2026-11-21", RESTORE)
    assert (seen.newest, seen.at_latest) == (None, RESTORE)


@pytest.mark.parametrize("text", ["", "\n \n", "NULL", "null\n", "\\N"])
def test_knows_that_there_is_nothing(text: str) -> None:
    assert sight(text, RESTORE).empty


@given(INSTANTS, st.sampled_from(sorted(UNITS)))
def test_reads_the_unit_that_is_said(instant: datetime, unit: str) -> None:
    text = f"last={int(instant.timestamp()) * UNITS[unit]} rows"
    assert sight(text, instant, Reading(unit=unit)).newest == instant


FORMATS = ["%d.%m.%Y %H:%M:%S %z", "%Y%m%d%H%M%S%z", "%A %e %B %Y, %I:%M:%S %p %Z", "%j/%y %T %z"]


@given(INSTANTS, st.sampled_from(FORMATS))
def test_reads_the_format_that_is_said(instant: datetime, form: str) -> None:
    instant = instant.replace(year=2000 + instant.year % 60)
    text = f"log: {instant.strftime(form)} done 1999-01-01T00:00:00Z"
    reading = Reading(form=parse_time_format(form))
    assert sight(text, instant, reading).newest == instant


@pytest.mark.parametrize(
    "form", ["", "%", "%Y", "%H:%M", "%Y-%m-%d %Q", "%Y-%m-%d %Y", "%d.%m.%Y %I:%M", "%d.%m.%Y %"]
)
def test_refuses_formats_that_never_tell(form: str) -> None:
    with pytest.raises(TimeFormatError):
        parse_time_format(form)


@given(st.text(alphabet="%YmdHMSz.()[]*+?\\ T", max_size=20), st.text(max_size=40))
def test_any_format_is_refused_or_read(form: str, text: str) -> None:
    with suppress(TimeFormatError):
        assert all(one.year for one in parse_time_format(form).read(text))


def test_a_time_without_zone_is_not_placed() -> None:
    """Read as UTC it could be hours off, and pass where it should not."""
    seen = sight("2026-11-21 08:50:09 and 1763714000", RESTORE)
    assert seen.newest is None
    assert seen.without_zone


def test_knows_what_is_too_young() -> None:
    seen = sight("2026-11-21T09:00:01Z\n2026-11-21T09:00:02Z", RESTORE)
    assert seen.newest is None
    assert seen.too_young == RESTORE + timedelta(seconds=1)


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=36_000)))
def test_reads_what_python_writes(earlier: timedelta) -> None:
    instant = RESTORE - earlier
    assert sight(f"[{instant.isoformat()}] beat", instant).newest == instant


@given(st.text(max_size=80))
def test_any_text_is_taken(text: str) -> None:
    newest = sight(text, RESTORE).newest
    assert newest is None or newest <= RESTORE
