"""The second place, object by object."""

from dataclasses import replace
from datetime import timedelta

import pytest

from drills.findings import Finding, Severity
from drills.policy.replication import Comparison, check_replica, compare_places
from drills.ports import StoredObject
from tests.drills.policy.histories import NOW, by_code

HOUR = timedelta(hours=1)


def stored(key: str, size: int = 10, hours_ago: float = 5, etag: str = "") -> StoredObject:
    moment = NOW - timedelta(hours=hours_ago)
    return StoredObject(key=key, bytes=size, modified=moment, etag=etag)


FILES = (
    stored("backups/b1/b1.tar.gz"),
    stored("backups/b1/velero-backup.json"),
    stored("backups/b2/b2.tar.gz"),
    stored("kopia/production/p1"),
    stored("restores/r1/restore-r1-logs.gz"),
)


def later(files: tuple[StoredObject, ...], minutes: int = 10) -> list[StoredObject]:
    """Return copies that were written a little later."""
    more = timedelta(minutes=minutes)
    return [replace(f, modified=f.modified + more) for f in files if f.modified]


def compared(primary: list[StoredObject], replica: list[StoredObject]) -> Comparison:
    return compare_places(primary, replica, now=NOW, allowed=HOUR)


def judged(found: Comparison, newest: str | None = "b2") -> dict[str, Finding]:
    return by_code(check_replica(found, subject="replica", allowed=HOUR, newest=newest))


def test_a_whole_copy() -> None:
    found = compared(list(FILES), later(FILES))
    assert found.lag == timedelta(minutes=10)
    assert found.whole == {"backups/b1", "backups/b2"}
    (state,) = judged(found).values()
    assert "4 of 4 files are copied" in state.message
    assert "longest lag is 10m" in state.message


def test_restores_are_not_needed_there() -> None:
    assert set(judged(compared(list(FILES), later(FILES[:-1])))) == {"replica-state"}


@pytest.mark.parametrize("index", range(4))
def test_a_missing_file_is_critical_and_named(index: int) -> None:
    copies = [f for n, f in enumerate(later(FILES)) if n != index]
    found = judged(compared(list(FILES), copies))["replica-missing"]
    assert found.severity is Severity.CRITICAL
    assert "/".join(FILES[index].key.split("/")[:2]) in found.message


def test_a_young_file_is_on_its_way() -> None:
    fresh = stored("backups/b3/b3.tar.gz", hours_ago=0.5)
    found = judged(compared([*FILES, fresh], later(FILES)), newest="b3")
    assert set(found) == {"replica-state", "replica-behind"}
    assert found["replica-behind"].severity is Severity.INFO
    assert "1 are on their way" in found["replica-state"].message
    assert "longest lag is 30m" in found["replica-state"].message


def test_another_size_is_critical() -> None:
    copies = later(FILES)
    copies[0] = replace(copies[0], bytes=9)
    assert "replica-different" in judged(compared(list(FILES), copies))


def test_an_older_state_is_stale_once_the_lag_is_over() -> None:
    """Velero writes a backup's metadata anew at its end."""
    copies = later(FILES)
    copies[1] = stored(FILES[1].key, size=10, hours_ago=7)
    assert "replica-stale" in judged(compared(list(FILES), copies))


def test_equal_etags_prove_sameness_and_different_ones_nothing() -> None:
    primary = [stored("backups/b1/a", etag="x"), stored("backups/b1/b", etag="y")]
    replica = [stored("backups/b1/a", hours_ago=9, etag="x"), stored("backups/b1/b", etag="z")]
    found = compared(primary, replica)
    assert found.identical == 1
    assert set(judged(found, None)) == {"replica-state"}


def test_what_only_the_second_place_has_is_counted() -> None:
    extra = stored("backups/b0/b0.tar.gz", hours_ago=99)
    (state,) = judged(compared(list(FILES), [*later(FILES), extra])).values()
    assert "1 are kept only there" in state.message


def test_unknown_times_are_old() -> None:
    dateless = StoredObject(key="backups/b1/a", bytes=1)
    assert "replica-missing" in judged(compared([dateless], []), None)
    assert set(judged(compared([dateless], [dateless]), None)) == {"replica-state"}
