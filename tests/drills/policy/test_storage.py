"""Use, growth and the day a limit is reached."""

from datetime import timedelta

import pytest

from drills.backups import Backup
from drills.findings import Finding
from drills.policy.remarks import sized
from drills.policy.storage import check_storage, usage_of
from drills.ports import StoredObject
from tests.drills.policy.histories import DAY, NOW, backup, by_code

GIB = 1 << 30


def stored(key: str, size: int, days_ago: float) -> StoredObject:
    return StoredObject(key=key, bytes=size, modified=NOW - timedelta(days=days_ago))


def nightly_files(days: int) -> list[StoredObject]:
    return [stored(f"backups/b{n}/b{n}.tar.gz", GIB, n + 0.5) for n in range(days)]


def checked(files: list[StoredObject], limit: int | None, *backups: Backup) -> dict[str, Finding]:
    return by_code(check_storage(usage_of(files, NOW), backups, limit=limit, subject="store"))


def test_use_is_told_by_folder() -> None:
    files = [*nightly_files(2), stored("kopia/production/p1", 3 * GIB, 2), stored("odd", 1, 2)]
    (found,) = checked(files, None).values()
    assert "holds 5.0 GiB ((beside) 1 bytes, backups 2.0 GiB, kopia 3.0 GiB)" in found.message


def test_a_day_is_needed_for_a_pace() -> None:
    (found,) = checked([stored("backups/a/a", 1, 0.5)], None).values()
    assert "unknown yet" in found.message
    assert "never reached" in checked([], GIB)["storage-forecast"].message


@pytest.mark.parametrize(
    ("limit", "code", "words"),
    [
        (600, "storage-forecast", "in 560 days"),
        (50, "storage-limit-near", "in 10 days"),
        (40, "storage-limit-reached", "beyond its limit"),
    ],
)
def test_forecast(limit: int, code: str, words: str) -> None:
    """Forty nights at one GiB each, none of which expires."""
    assert words in checked(nightly_files(40), limit * GIB)[code].message


def test_what_expires_slows_the_growth() -> None:
    """As much goes as comes, so the limit is never reached."""
    expiring = [backup(NOW - n * DAY, name=f"b{n}") for n in range(30)]
    assert "never" in checked(nightly_files(40), 100 * GIB, *expiring)["storage-forecast"].message


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 bytes"),
        (1023, "1023 bytes"),
        (1536, "1.5 KiB"),
        (-2048, "-2.0 KiB"),
        (5 << 50, "5120.0 TiB"),
    ],
)
def test_sizes_in_words(size: int, words: str) -> None:
    assert sized(size) == words
