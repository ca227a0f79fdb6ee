"""Replication: is every file of the store in its second place too, and how far behind? Pure.

In: the listings of both places. Out: a comparison and findings. A file counts as copied when it is
there in the same size and not older; ETags only ever prove sameness, because encrypted stores give
one file different ones.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from drills.findings import Finding, Severity
from drills.policy.remarks import remark, some
from drills.ports import StoredObject
from scenarios import format_duration

NOT_NEEDED = ("restores/",)
"""Folders that no restore from the copy would need."""
BACKUPS = "backups/"
SECOND = timedelta(seconds=1)


class Fate(StrEnum):
    """What became of one file."""

    COPIED = "copied"
    PENDING = "pending"
    """Not there, or there in an older state, and younger than the allowed lag."""
    MISSING = "missing"
    STALE = "stale"
    DIFFERENT = "different"


BAD = (Fate.MISSING, Fate.STALE, Fate.DIFFERENT)


@dataclass(slots=True, kw_only=True)
class Comparison:
    """How the two places stand."""

    fates: dict[Fate, int] = field(default_factory=lambda: defaultdict(int))
    bad: dict[Fate, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    """Files that are not copied, by backup or volume repository."""
    lag: timedelta = timedelta(0)
    """The longest time a copy took, or has been owed."""
    identical: int = 0
    """Files that the ETags prove to be the same."""
    extra: int = 0
    """Files only the second place has: kept longer there."""
    whole: set[str] = field(default_factory=set)
    """Backups all of whose own files are copied."""

    def note(self, group: str, fate: Fate) -> None:
        """Count one file."""
        self.fates[fate] += 1
        if fate in BAD:
            groups = self.bad[fate]
            groups[group] = groups.get(group, 0) + 1
        if fate is not Fate.COPIED:
            self.whole.discard(group)


def compare_places(
    primary: Iterable[StoredObject],
    replica: Iterable[StoredObject],
    *,
    now: datetime,
    allowed: timedelta,
) -> Comparison:
    """Compare object by object; memory grows with the replica's number of files."""
    copies = {stored.key: stored for stored in replica if _counts(stored.key)}
    found = Comparison()
    spoiled: set[str] = set()
    for stored in primary:
        if not _counts(stored.key):
            continue
        group, copy = _group(stored.key), copies.pop(stored.key, None)
        fate = _fate(stored, copy, now, allowed)
        if group not in spoiled and group.startswith(BACKUPS):
            found.whole.add(group)
        if fate is not Fate.COPIED:
            spoiled.add(group)
        found.note(group, fate)
        found.lag = max(found.lag, _lag(stored, copy, fate, now))
        found.identical += copy is not None and _same_etag(stored, copy)
    found.extra = len(copies)
    return found


def check_replica(
    found: Comparison, *, subject: str, allowed: timedelta, newest: str | None
) -> Iterator[Finding]:
    """Yield how the copy stands; `newest` is the newest usable backup of the first place."""
    yield _state(found, subject)
    for fate in BAD:
        groups = found.bad.get(fate)
        if groups:
            yield _bad(fate, groups, subject, allowed)
    if newest and f"{BACKUPS}{newest}" not in found.whole:
        yield remark(
            "replica-behind",
            subject,
            f"The newest usable backup, {newest}, is not whole in the second place yet.",
            "Restoring from there would take an older one; see how often copying runs.",
            severity=Severity.INFO if found.fates[Fate.PENDING] else Severity.WARNING,
        )


def _counts(key: str) -> bool:
    return not key.startswith(NOT_NEEDED)


def _group(key: str) -> str:
    """Return the backup or repository a file belongs to, `backups/nightly-1`."""
    return "/".join(key.split("/")[:2])


def _fate(
    stored: StoredObject, copy: StoredObject | None, now: datetime, allowed: timedelta
) -> Fate:
    young = stored.modified is not None and now - stored.modified <= allowed
    if copy is None:
        return Fate.PENDING if young else Fate.MISSING
    if _same_etag(stored, copy):
        return Fate.COPIED
    older = bool(stored.modified and copy.modified and copy.modified < stored.modified - SECOND)
    if copy.bytes == stored.bytes and not older:
        return Fate.COPIED
    if older:
        return Fate.PENDING if young else Fate.STALE
    return Fate.DIFFERENT


def _lag(stored: StoredObject, copy: StoredObject | None, fate: Fate, now: datetime) -> timedelta:
    if stored.modified is None:
        return timedelta(0)
    if fate is not Fate.COPIED:
        return timedelta(0) if fate is Fate.DIFFERENT else now - stored.modified
    if copy is None or copy.modified is None:
        return timedelta(0)
    return max(copy.modified - stored.modified, timedelta(0))


def _same_etag(stored: StoredObject, copy: StoredObject) -> bool:
    return bool(stored.etag) and stored.etag == copy.etag and stored.bytes == copy.bytes


def _state(found: Comparison, subject: str) -> Finding:
    lag = format_duration(found.lag - found.lag % SECOND)
    waiting = found.fates[Fate.PENDING]
    return remark(
        "replica-state",
        subject,
        f"{found.fates[Fate.COPIED]} of {sum(found.fates.values())} files are copied "
        f"({found.identical} proven identical by ETag), {waiting} are on their way, "
        f"{found.extra} are kept only there; the longest lag is {lag}.",
        "Nothing to do.",
        severity=Severity.INFO,
    )


_WORDS = {
    Fate.MISSING: "are not in the second place",
    Fate.STALE: "are there in an older state",
    Fate.DIFFERENT: "have another size there",
}


def _bad(fate: Fate, groups: dict[str, int], subject: str, allowed: timedelta) -> Finding:
    beyond = f" though older than {format_duration(allowed)}" if fate is not Fate.DIFFERENT else ""
    return remark(
        f"replica-{fate}",
        subject,
        f"{sum(groups.values())} files {_WORDS[fate]}{beyond}: {some(sorted(groups))}. "
        "A restore from there would fail or lack volume data.",
        "See whether replication runs and what it skips; copy these files, then verify the second "
        "place itself (`verify --bucket`).",
        severity=Severity.CRITICAL,
    )
