"""Numbers in words."""

import pytest

from reports import words


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, "unknown"),
        (0, "0ms"),
        (0.0004, "0ms"),
        (0.42, "420ms"),
        (0.9996, "1s"),
        (2.14, "2.1s"),
        (44, "44s"),
        (59.96, "1m"),
        (200.2, "3m 20s"),
        (900, "15m"),
        (3599.7, "1h"),
        (32404.1, "9h"),
        (86400, "24h"),
        (94320, "26h 12m"),
        (172800, "2d"),
        (273600, "3d 4h"),
        (-5, "-5s"),
    ],
)
def test_duration(seconds: float | None, said: str) -> None:
    assert words.duration(seconds) == said


@pytest.mark.parametrize(
    ("amount", "said"),
    [(None, "unknown"), (0, "0 B"), (1536, "1.5 KiB"), (3 * 1024**4, "3.0 TiB")],
)
def test_size(amount: int | None, said: str) -> None:
    assert words.size(amount) == said


def test_instant() -> None:
    assert words.instant("2026-11-23T06:00:04.120Z") == "2026-11-23 06:00:04 UTC"
    assert words.instant("") == "unknown"
