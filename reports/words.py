"""Numbers in words: durations, instants, sizes, plurals, the same in every format.

In: seconds, bytes, RFC 3339 text. Out: short text for people. Unknown says `unknown`, never 0.
"""

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR
UNKNOWN = "unknown"
KIBI = 1024


def duration(seconds: float | None) -> str:
    """Return `420ms`, `2.1s`, `3m 20s`, `9h`, `24h`, `3d 4h`; hours are kept up to two days.

    Args:
        seconds: a duration, None where it is unknown.
    """
    if seconds is None:
        return UNKNOWN
    if seconds < 0:
        return f"-{duration(-seconds)}"
    if round(seconds, 3) < 1:
        return f"{round(seconds * 1000)}ms"
    if round(seconds, 1) < MINUTE:
        return f"{seconds:.1f}".removesuffix(".0") + "s"
    return _in_two_units(round(seconds))


def _in_two_units(seconds: int) -> str:
    if seconds < HOUR:
        return _pair(seconds, MINUTE, "m", 1, "s")
    minutes = round(seconds / MINUTE) * MINUTE
    if minutes < 2 * DAY:
        return _pair(minutes, HOUR, "h", MINUTE, "m")
    return _pair(round(seconds / HOUR) * HOUR, DAY, "d", HOUR, "h")


def _pair(amount: int, big: int, big_word: str, small: int, small_word: str) -> str:
    whole, rest = divmod(amount, big)
    return f"{whole}{big_word} {rest // small}{small_word}" if rest else f"{whole}{big_word}"


def instant(text: str) -> str:
    """Return `2026-11-21 06:00:00 UTC` from RFC 3339 UTC, `unknown` from an empty text."""
    if not text:
        return UNKNOWN
    return f"{text[:10]} {text[11:19]} UTC"


def size(amount: float | None) -> str:
    """Return `512 B`, `1.5 MiB`; `unknown` for None."""
    if amount is None:
        return UNKNOWN
    value = float(amount)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < KIBI:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= KIBI
    return f"{value:.1f} TiB"


def plural(amount: int, noun: str) -> str:
    """Return `1 probe`, `2 probes`."""
    return f"{amount} {noun}" if amount == 1 else f"{amount} {noun}s"
