"""The sample bucket: a real Velero backup, offered as last night's.

In: the files that Velero 1.18.3 wrote, beside this module, and the present time. Out: the content
of a bucket in which `production-daily` was backed up last night and the night before. Instants and
names are shifted by a whole number of seconds; the tarballs and the kopia data are byte for byte
what Velero wrote.
"""

import gzip
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

SAMPLE = Path(__file__).parent / "sample" / "velero-1.18.3"
SCHEDULE = "production-daily"
CRON = "0 2 * * *"

_ORIGINAL = "production-daily-20261121085009"
_BULK = "bulk-1"
_STARTED = datetime(2026, 11, 21, 8, 50, 9, tzinfo=UTC)
_INSTANT = re.compile(r"2026-1\d-\d\dT\d\d:\d\d:\d\dZ")
_NIGHT = timedelta(days=1)
_TOOK = timedelta(seconds=30)
_MARGIN = timedelta(minutes=15)
_HOUR = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """How the original backup becomes one of another time.

    Attributes:
        by: what is added to all instants, whole seconds.
        name: the shifted backup's name.
    """

    by: timedelta
    name: str

    def text(self, original: str) -> str:
        """Return a text with all instants and the backup's name shifted."""
        renamed = original.replace(_ORIGINAL, self.name)
        shifted = {text: self._instant(text) for text in set(_INSTANT.findall(renamed))}
        return _INSTANT.sub(lambda found: shifted[found.group()], renamed) if shifted else renamed

    def _instant(self, text: str) -> str:
        moment = datetime.fromisoformat(text) + self.by
        return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def last_night(now: datetime) -> datetime:
    """Return when last night's backup began: 02:00 UTC, less than a day ago.

    Around 02:00, when the backup of yesterday is a day old and that of today not yet done, it is
    the one that has just ended: a 24-hour objective is meant to hold at any time.
    """
    moment = now.astimezone(UTC)
    tonight = moment.replace(hour=_HOUR, minute=0, second=0, microsecond=0)
    newest = tonight if tonight + _TOOK <= moment else tonight - _NIGHT
    if moment - newest > _NIGHT - _MARGIN:
        newest = (moment - _TOOK).replace(microsecond=0)
    return newest


def shift_to(start: datetime) -> Shift:
    """Return the shift that lets the original backup begin at another time."""
    return Shift(by=start - _STARTED, name=f"{SCHEDULE}-{start:%Y%m%d%H%M%S}")


def sample_files(now: datetime) -> Iterator[tuple[str, bytes]]:
    """Yield keys and contents of the sample bucket."""
    newest = last_night(now)
    latest = shift_to(newest)
    for shift in (latest, shift_to(newest - _NIGHT)):
        yield from _shifted(_ORIGINAL, shift)
    yield from _shifted(_BULK, latest)
    for path in sorted((SAMPLE / "kopia").rglob("*")):
        if path.is_file():
            yield path.relative_to(SAMPLE).as_posix(), path.read_bytes()


class SampleNights:
    """Keeps the sample's newest backup last night's while the cluster lives on.

    Args:
        put: stores an object.
        now: the present time.
    """

    def __init__(self, put: Callable[[str, bytes], None], now: Callable[[], datetime]) -> None:
        self._put = put
        self._now = now
        self._newest = last_night(now())

    def fill(self) -> None:
        """Store the whole sample."""
        for key, content in sample_files(self._now()):
            self._put(key, content)

    def pass_on(self) -> None:
        """Store another night's backup if one has passed since the newest."""
        start = last_night(self._now())
        if start - self._newest < _NIGHT / 2:
            return
        self._newest = start
        for key, content in _shifted(_ORIGINAL, shift_to(start)):
            self._put(key, content)


def sample_tarball() -> bytes:
    """Return the tarball of the production backup."""
    return (SAMPLE / "backups" / _ORIGINAL / f"{_ORIGINAL}.tar.gz").read_bytes()


def _shifted(backup: str, shift: Shift) -> Iterator[tuple[str, bytes]]:
    for path in sorted((SAMPLE / "backups" / backup).iterdir()):
        folder, file = shift.text(backup), shift.text(path.name)
        yield f"backups/{folder}/{file}", _rewritten(path, shift.text)


def _rewritten(path: Path, change: Callable[[str], str]) -> bytes:
    content = _content(path)
    if path.name.endswith(".tar.gz"):
        return content
    changed = change(content.decode()).encode()
    return gzip.compress(changed, 1, mtime=0) if path.name.endswith(".gz") else changed


@cache
def _content(path: Path) -> bytes:
    """Return a sample file, unzipped unless it is a tarball; a process reads each only once."""
    content = path.read_bytes()
    zipped = path.name.endswith(".gz") and not path.name.endswith(".tar.gz")
    return gzip.decompress(content) if zipped else content
