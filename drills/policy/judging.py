"""All policy checks put together: what the list of backups says, and what the stores say.

In: backups, cron lines, stores. Out: findings. A store that cannot be asked is an unanswered one.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from drills.backups import Backup
from drills.clocks import backup_clocks
from drills.errors import DrillError, Interrupted, Misconfigured
from drills.findings import Finding
from drills.policy.bucket import BucketSettings, check_bucket
from drills.policy.remarks import unasked
from drills.policy.replication import check_replica, compare_places
from drills.policy.retention import check_retention
from drills.policy.schedules import check_gap, check_schedules
from drills.policy.storage import check_storage, usage_of
from drills.policy.tiers import tiers_of
from drills.ports import ObjectStore
from scenarios.model import RetentionSpec

EVERYTHING = "every namespace"
LOOKBACK = timedelta(days=14)
NAMESPACE_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
"""What no namespace can be called is a pattern of the engine's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What the backups are held to."""

    retention: RetentionSpec = field(default_factory=RetentionSpec)
    rpo: timedelta | None = None
    lookback: timedelta = LOOKBACK
    namespaces: tuple[str, ...] = ()
    """Namespaces whose backups count; none named means all that backups name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A store with the name that findings call it by."""

    name: str
    store: ObjectStore


def judge_backups(
    backups: Iterable[Backup], crons: Mapping[str, str], promise: Promise, now: datetime
) -> Iterator[Finding]:
    """Yield what is wrong with when backups are taken and how long they are kept."""
    every = tuple(backups)
    for backup in every:
        yield from backup_clocks(backup, now)
    for subject, members in _groups(every, promise.namespaces):
        gap = check_gap(members, promise.rpo, now=now, lookback=promise.lookback, subject=subject)
        yield gap
        yield from check_retention(members, tiers_of(promise.retention), now=now, subject=subject)
    yield from check_schedules(every, crons, now=now, lookback=promise.lookback)


def judge_place(
    place: Place, backups: Iterable[Backup], promise: Promise, now: datetime
) -> Iterator[Finding]:
    """Yield what endangers the store itself, and how full it gets."""
    kept = [tier.keep for tier in tiers_of(promise.retention)]
    limit = promise.retention.storage_limit
    try:
        if isinstance(place.store, BucketSettings):
            shortest = min(kept, default=None)
            yield from check_bucket(place.store.facts(), shortest_tier=shortest, subject=place.name)
        usage = usage_of(place.store.list(""), now)
        yield from check_storage(usage, backups, limit=limit, subject=place.name)
    except (Interrupted, Misconfigured):
        raise
    except DrillError as error:
        yield _not_asked(place, error)


def judge_replica(
    place: Place, replica: Place, backups: Iterable[Backup], promise: Promise, now: datetime
) -> Iterator[Finding]:
    """Yield what the second place lacks."""
    allowed = promise.retention.replica_lag
    usable = [b for b in backups if b.recovery_point and not b.unusable]
    newest = max(usable, key=lambda b: b.recovery_point or now, default=None)
    try:
        found = compare_places(
            place.store.list(""), replica.store.list(""), now=now, allowed=allowed
        )
    except (Interrupted, Misconfigured):
        raise
    except DrillError as error:
        yield _not_asked(replica, error)
        return
    name = newest.name if newest else None
    yield from check_replica(found, subject=replica.name, allowed=allowed, newest=name)


def _groups(
    backups: Sequence[Backup], wanted: Sequence[str]
) -> Iterator[tuple[str, tuple[Backup, ...]]]:
    """Yield what each promise is about, with the backups that count for it.

    Where nobody names namespaces, those that the backups name. A pattern (`team-*`) stands for
    itself: which namespaces it means only the source knows.
    """
    words = {word for b in backups for word in b.included_namespaces if word}
    if not wanted:
        whole = tuple(b for b in backups if not b.included_namespaces)
        if any(b.recovery_point for b in whole) or not words:
            yield EVERYTHING, whole
    for word in wanted or sorted(words):
        if wanted or NAMESPACE_NAME.fullmatch(word):
            yield f"namespace {word}", tuple(b for b in backups if b.covers(word))
        else:
            yield f"namespaces {word}", tuple(b for b in backups if _takes(b, word))


def _takes(backup: Backup, pattern: str) -> bool:
    return not backup.included_namespaces or pattern in backup.included_namespaces


def _not_asked(place: Place, error: DrillError) -> Finding:
    remedy = error.hint or "Mend what the message names, then ask again."
    return unasked(
        "store-not-asked", place.name, f"{place.name} could not be asked: {error}.", remedy
    )
