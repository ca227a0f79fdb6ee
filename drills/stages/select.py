"""Stage select: which backup is drilled. Pure: candidates in, a choice with its reasons out."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from drills.backups import Backup
from drills.clocks import SET_THE_CLOCK, future_words, in_future
from drills.findings import Cause, Finding, Severity
from drills.record import PassedOver
from scenarios import format_duration
from scenarios.model import BackupQuery, Pick, PickMode

NOTHING_READ: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The chosen backup, those passed over with the reason, and what that means."""

    backup: Backup | None
    passed_over: tuple[PassedOver, ...]
    findings: tuple[Finding, ...]
    seed: int | None = None


def choose(
    query: BackupQuery,
    backups: Sequence[Backup],
    *,
    namespaces: Sequence[str],
    now: datetime,
    fresh_seed: int,
    lacking: Mapping[str, str] = NOTHING_READ,
) -> Selection:
    """Choose among `backups`; `namespaces` are those the scenario maps.

    `fresh_seed` serves a random pick without a seed of its own and is recorded. `lacking` has the
    backups that were read and held nothing of a wanted namespace, with the words for it.

    What a backup without a wanted namespace means depends on how backups are chosen:

    | chosen by              | such a backup is                                                |
    |------------------------|-----------------------------------------------------------------|
    | namespaces             | one of something else: passed over, and nobody is told of it    |
    | schedule, name, labels | asked for and not fit: the finding says so, whatever is chosen  |
    """
    candidates = sorted((b for b in backups if _asked_for(query, b)), key=_age_key, reverse=True)
    wanted = tuple(dict.fromkeys((*namespaces, *query.namespaces)))
    others = {b.name: _other(query, b, wanted, lacking) for b in candidates}
    reasons = {b.name: others[b.name] or _reason_against(query, b, wanted, now) for b in candidates}
    usable = [b for b in candidates if reasons[b.name] is None]
    seed = query.pick.seed if query.pick.seed is not None else fresh_seed
    chosen = _pick(query.pick, usable, seed)
    passed_over = tuple(
        PassedOver(name=b.name, reason=reasons[b.name] or _not_picked(query.pick, chosen))
        for b in candidates
        if chosen is None or b.name != chosen.name
    )
    return Selection(
        backup=chosen,
        passed_over=passed_over,
        findings=_findings(
            query, [b for b in candidates if not others[b.name]], chosen, reasons, wanted, now
        ),
        seed=seed if query.pick.mode is PickMode.RANDOM else None,
    )


def by_namespaces(query: BackupQuery) -> bool:
    """Return whether backups are chosen by nothing but the namespaces in them."""
    other = query.name or query.schedule or query.labels
    return bool(query.namespaces) and not other


def _other(
    query: BackupQuery, backup: Backup, wanted: Sequence[str], lacking: Mapping[str, str]
) -> str | None:
    """Return why a backup chosen by its namespaces is one of something else."""
    if not by_namespaces(query):
        return None
    return lacking.get(backup.name) or _lacks(backup, wanted)


def _lacks(backup: Backup, wanted: Sequence[str]) -> str | None:
    lacking = [name for name in wanted if not backup.covers(name)]
    return f"does not contain namespace {', '.join(lacking)}" if lacking else None


def _age_key(backup: Backup) -> float:
    return backup.recovery_point.timestamp() if backup.recovery_point else float("-inf")


def _asked_for(query: BackupQuery, backup: Backup) -> bool:
    if query.name is not None and backup.name != query.name:
        return False
    if query.schedule is not None and backup.schedule != query.schedule:
        return False
    return all(backup.labels.get(key) == value for key, value in query.labels.items())


def _reason_against(
    query: BackupQuery, backup: Backup, wanted: Sequence[str], now: datetime
) -> str | None:
    if backup.unusable is not None:
        return backup.unusable
    if query.location is not None and backup.location != query.location:
        return f"is in location {backup.location}, not {query.location}"
    if backup.partially_failed and not query.accept_partially_failed:
        return f"is {backup.phase}, and the scenario refuses that (backup.partiallyFailed)"
    return _lacks(backup, wanted) or _age_reason(query, backup, now)


def _age_reason(query: BackupQuery, backup: Backup, now: datetime) -> str | None:
    if backup.recovery_point is None:
        return "has no start time, so its age is unknown"
    age = now - backup.recovery_point
    limited = query.max_age is not None or query.pick.mode is PickMode.RANDOM
    if limited and in_future(backup.recovery_point, now):
        return (
            f"{future_words(backup.recovery_point, now)}, so its age is unknown: a clock is wrong"
        )
    if query.max_age is not None and age > query.max_age:
        limit = format_duration(query.max_age)
        minutes = format_duration(age - age % timedelta(minutes=1))
        return f"is too old: {minutes}, the limit is {limit} (backup.maxAge)"
    window = query.pick.window
    if query.pick.mode is PickMode.RANDOM and window is not None and age > window:
        return f"lies outside the window of {format_duration(window)} (backup.pick.randomWithin)"
    return None


def _pick(pick: Pick, usable: Sequence[Backup], seed: int) -> Backup | None:
    if not usable:
        return None
    if pick.mode is PickMode.RANDOM:
        return random.Random(seed).choice(usable)  # noqa: S311 - a repeatable draw, no secret
    return usable[0] if pick.mode is PickMode.LATEST else usable[-1]


def _not_picked(pick: Pick, chosen: Backup | None) -> str:
    if chosen is None:
        return "was not picked"
    return {
        PickMode.LATEST: f"is older than {chosen.name}",
        PickMode.OLDEST: f"is newer than {chosen.name}",
        PickMode.RANDOM: "was not drawn",
    }[pick.mode]


def _findings(
    query: BackupQuery,
    candidates: Sequence[Backup],
    chosen: Backup | None,
    reasons: dict[str, str | None],
    wanted: Sequence[str],
    now: datetime,
) -> tuple[Finding, ...]:
    """Return what the choice says; `candidates` without those that are of something else."""
    if chosen is None:
        return (_nothing_usable(query, candidates, reasons, wanted, now),)
    if query.pick.mode is not PickMode.LATEST:
        return ()
    newer = candidates[: candidates.index(chosen)]
    spoiled = [b for b in newer if b.unusable is None or not b.in_progress]
    return tuple(
        Finding(
            code="newer-backup-unusable",
            severity=Severity.WARNING,
            cause=Cause.ENVIRONMENT if _outside(b, now) else Cause.BACKUP,
            subject=f"backup {b.name}",
            message=f"A newer backup could not be drilled: {_clause(reasons[b.name])}.",
            remedy=SET_THE_CLOCK
            if b.unusable is None and in_future(b.recovery_point, now)
            else f"Find out why {b.name} went wrong; {chosen.name} was drilled instead.",
        )
        for b in spoiled
    )


def _clause(reason: str | None) -> str:
    """Return the reason as a whole clause: some are told of the backup, some of what is its."""
    said = reason or "was not picked"
    return said if said.startswith(("the ", "its ")) else f"it {said}"


def _nothing_usable(
    query: BackupQuery,
    candidates: Sequence[Backup],
    reasons: dict[str, str | None],
    wanted: Sequence[str],
    now: datetime,
) -> Finding:
    environment = bool(candidates) and all(_outside(b, now) for b in candidates)
    clock = any(b.unusable is None for b in candidates)
    newest = candidates[0] if candidates else None
    if newest is None:
        read = f", of {len(reasons)} that there are" if reasons else ""
        message = f"No backup matches {_query_words(query, wanted)}{read}."
    else:
        message = (
            f"None of {len(candidates)} matching backup(s) can be drilled; "
            f"of the newest, {newest.name}: {_clause(reasons[newest.name])}."
        )
    return Finding(
        code="no-usable-backup",
        severity=Severity.WARNING if environment else Severity.CRITICAL,
        cause=Cause.ENVIRONMENT if environment else Cause.BACKUP,
        subject=_query_words(query, wanted),
        message=message,
        remedy=(
            SET_THE_CLOCK
            if environment and clock
            else "Make the backup location available again, then drill again."
            if environment
            else "Check that the backup schedule runs and succeeds; take a backup, drill again."
        ),
        unanswered=environment,
    )


def _outside(backup: Backup, now: datetime) -> bool:
    """Return whether what speaks against the backup lies outside of it."""
    if backup.unusable is None:
        return in_future(backup.recovery_point, now)
    return backup.unusable_is_environment


def _query_words(query: BackupQuery, wanted: Sequence[str]) -> str:
    if query.name is not None:
        return f"backup {query.name}"
    if query.schedule is not None:
        return f"schedule {query.schedule}"
    if query.labels:
        return "labels " + ",".join(f"{k}={v}" for k, v in sorted(query.labels.items()))
    if query.namespaces:
        return f"namespaces {', '.join(wanted)}"
    return f"engine {query.engine}"
