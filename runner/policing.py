"""Policy for `verify --policy`: opens the stores and has everything judged.

In: where backups and their copy are, what they are held to. Out: findings. Nothing is written.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime

from drills.adapters.store import location_of, open_store
from drills.backups import Backup
from drills.engines import stored_lister
from drills.findings import Cause, Finding, Severity
from drills.policy.acts import promise_of
from drills.policy.judging import Place, Promise, judge_backups, judge_place, judge_replica
from drills.rehearsal import Rehearsal
from runner.policy_options import PolicyWish
from scenarios.model import RetentionSpec, Scenario


def with_store_policy(scenario: Scenario, rehearsal: Rehearsal, wish: PolicyWish) -> Rehearsal:
    """Return the rehearsal with what the stores say; raises as opening a store does."""
    promise = replace(promise_of(scenario), retention=wish.onto(scenario.retention))
    now = datetime.now(UTC)
    found = _stores(wish.bucket, rehearsal.backups, promise, now)
    return replace(rehearsal, findings=(*rehearsal.findings, *found))


def about_bucket(
    wish: PolicyWish, *, engine: str, namespace: str | None
) -> Callable[[], Iterable[Finding]]:
    """Return what judges a bucket when called."""
    wish.onto(RetentionSpec())
    return lambda: bucket_policy(wish, engine=engine, namespace=namespace)


def bucket_policy(wish: PolicyWish, *, engine: str, namespace: str | None) -> tuple[Finding, ...]:
    """Return what a bucket alone says; raises as opening and listing it do."""
    now = datetime.now(UTC)
    namespaces = (namespace,) if namespace else ()
    promise = Promise(retention=wish.onto(RetentionSpec()), namespaces=namespaces)
    backups = tuple(stored_lister(engine)(open_store(wish.bucket or ""), now))
    return (*judge_backups(backups, {}, promise, now), *_stores(wish.bucket, backups, promise, now))


def _stores(
    url: str | None, backups: Iterable[Backup], promise: Promise, now: datetime
) -> tuple[Finding, ...]:
    replica = promise.retention.replica
    if url is None:
        return (_store_not_named(replica),)
    listed = tuple(backups)
    place = Place(name=location_of(url), store=open_store(url))
    found = tuple(judge_place(place, listed, promise, now))
    if replica is None:
        return found
    second = Place(name=location_of(replica), store=open_store(replica))
    return (*found, *judge_replica(place, second, listed, promise, now))


def _store_not_named(replica: str | None) -> Finding:
    """Return a note, or an open question where the scenario promises a copy."""
    promised = replica is not None
    return Finding(
        code="store-not-named",
        severity=Severity.WARNING if promised else Severity.INFO,
        cause=Cause.CONFIGURATION,
        subject="backup store",
        message="The store itself was not looked at: its settings, its size"
        + (" and the promised copy are unknown." if promised else " are unknown."),
        remedy="Name it with --bucket s3://BUCKET/PREFIX; read-only rights suffice.",
        unanswered=promised,
    )
