"""All of policy put together over stores, and by the scenario's own act."""

from dataclasses import replace
from datetime import timedelta

import pytest

from drills.adapters.store import open_store
from drills.engine import EngineAudit
from drills.engines import stored_lister
from drills.engines.velero.namespace_patterns import matches
from drills.errors import Forbidden, Misconfigured
from drills.findings import Finding
from drills.policy.bucket import BucketFacts
from drills.policy.judging import Place, Promise, judge_backups, judge_place, judge_replica
from drills.policy.remarks import remark
from drills.ports import StoredObject
from drills.record import Verdict
from drills.rehearsal import Ask, rehearse
from scenarios.model import RetentionSpec
from tests.drills.policy.histories import DAY, NOW, backup, by_code, nightly
from tests.fakes.drilling import DRILL, World, scenario
from tests.fakes.engine import backup as fake_backup
from tests.fakes.store import FakeStore
from tests.fakes.velero import PRODUCTION, SAMPLE

DAILY_ONLY = RetentionSpec(daily=30 * DAY, weekly=None, monthly=None, yearly=None)
PROMISE = Promise(retention=DAILY_ONLY, rpo=DAY, namespaces=("production",))


class Guarded(FakeStore):
    """A store with settings of its own."""

    def __init__(self, facts: BucketFacts) -> None:
        super().__init__({"backups/a/a.tar.gz": b"a"})
        self._facts = facts

    def facts(self) -> BucketFacts:
        """Return the settings."""
        return self._facts


class Shut(FakeStore):
    """A store that may not be listed."""

    def list(self, prefix: str) -> object:  # type: ignore[override]
        """Refuse."""
        raise Forbidden("no", hint="grant s3:ListBucket")


def test_a_kept_promise() -> None:
    found = by_code(judge_backups(nightly(40), {"daily": "0 2 * * *"}, PROMISE, NOW))
    assert {f.severity for f in found.values()} == {"info"}


def test_only_backups_that_cover_the_namespace_count() -> None:
    others = nightly(40, included_namespaces=("staging",))
    found = by_code(judge_backups(others, {}, PROMISE, NOW))
    assert found["no-recovery-point"].severity == "critical"


def test_without_a_name_every_namespace_is_looked_at() -> None:
    history = [*nightly(40), backup(NOW - DAY, included_namespaces=(), schedule="whole")]
    loose = replace(PROMISE, namespaces=())
    found = [f.subject for f in judge_backups(history, {}, loose, NOW) if f.code == "rpo-gap"]
    assert found == ["every namespace", "namespace production"]


def test_patterns_of_namespaces() -> None:
    """What an order means by a pattern counts, and a pattern stands for itself where none is named.

    An exclude pattern takes away, whatever is included.
    """
    history = nightly(40, included_namespaces=("prod*",), means=matches)
    found = by_code(judge_backups(history, {}, PROMISE, NOW))
    assert {f.severity for f in found.values()} == {"info"}
    loose = replace(PROMISE, namespaces=())
    told = {(f.code, f.subject): f.severity for f in judge_backups(history, {}, loose, NOW)}
    assert told["rpo-gap", "namespaces prod*"] == "info"
    assert "critical" not in told.values()
    without = nightly(40, excluded_namespaces=("prod*",), included_namespaces=(), means=matches)
    found = by_code(judge_backups(without, {}, PROMISE, NOW))
    assert found["no-recovery-point"].severity == "critical"


def test_a_store_with_settings_and_one_without() -> None:
    bucket = Place(name="bucket", store=Guarded(BucketFacts()))
    codes = {f.code for f in judge_place(bucket, [], PROMISE, NOW)}
    assert {"bucket-not-encrypted", "bucket-not-locked", "storage-used"} <= codes
    folder = Place(name="folder", store=FakeStore({"backups/a/a": b"a"}))
    assert {f.code for f in judge_place(folder, [], PROMISE, NOW)} == {"storage-used"}


def test_stores_that_cannot_be_asked_are_unanswered() -> None:
    shut, open_ = Place(name="shut", store=Shut()), Place(name="open", store=FakeStore())
    for found in (
        list(judge_place(shut, [], PROMISE, NOW)),
        list(judge_replica(open_, shut, [], PROMISE, NOW)),
    ):
        assert [(f.code, f.unanswered) for f in found] == [("store-not-asked", True)]
        assert "s3:ListBucket" in found[0].remedy


def test_the_newest_backup_must_be_in_the_second_place() -> None:
    name = nightly(1)[0].name
    primary = FakeStore({f"backups/{name}/{name}.tar.gz": b"x"})
    found = judge_replica(
        Place(name="a", store=primary), Place(name="b", store=FakeStore()), nightly(1), PROMISE, NOW
    )
    assert {"replica-missing", "replica-behind"} <= set(by_code(found))


def test_stored_backups_of_a_genuine_bucket() -> None:
    """Velero's own metadata says all that policy needs, without a cluster."""
    found = {b.name: b for b in stored_lister("velero")(open_store(str(SAMPLE)), NOW)}
    genuine = found[PRODUCTION]
    assert (genuine.schedule, genuine.phase) == ("production-daily", "Completed")
    assert genuine.unusable is None
    assert genuine.expires_at is not None
    assert genuine.expires_at - (genuine.recovery_point or NOW) == pytest.approx(
        30 * DAY, abs=timedelta(minutes=1)
    )


@pytest.mark.parametrize(
    "metadata", [None, b"", b"null", b"[]", b"{", b"{}", b'{"metadata": {"name": "other"}}']
)
def test_stored_metadata_that_cannot_be_read(metadata: bytes | None) -> None:
    """The backup is listed all the same, as unusable."""
    files = {"backups/b/b.tar.gz": b"x"}
    if metadata is not None:
        files["backups/b/velero-backup.json"] = metadata
    (found,) = stored_lister("velero")(FakeStore(files), NOW)
    assert found.name == "b"
    assert found.unusable


def test_an_engine_that_stores_nothing_readable() -> None:
    with pytest.raises(Misconfigured):
        stored_lister("other")


def policed(world: World, *asks: Ask) -> tuple[Verdict, dict[str, Finding]]:
    wanted = scenario(retention=DAILY_ONLY)
    found = rehearse(wanted, world.ports(), drill_id=DRILL, seed=7, asks=asks)
    return found.verdict, {f.code: f for f in found.findings}


def test_the_act_hears_the_engine() -> None:
    world = World()
    world.engine.audited = EngineAudit(
        schedules={"nightly": "0 2 * * *"}, findings=(remark("odd", "engine", "Odd.", "Mend it."),)
    )
    verdict, found = policed(world, Ask.POLICY)
    assert {"odd", "rpo-gap", "schedule-without-backup"} <= set(found)
    assert verdict is Verdict.WARNED
    assert world.cluster.calls == []


def test_policy_is_judged_though_no_backup_can_be_drilled() -> None:
    """The missed runs are the very reason."""
    world = World()
    world.engine.backups = (fake_backup(unusable="the backup failed"),)
    verdict, found = policed(world, Ask.POLICY)
    assert {"no-usable-backup", "no-recovery-point"} <= set(found)
    assert verdict is Verdict.FAILED


def test_a_dry_run_makes_a_sandbox_and_removes_it() -> None:
    """Whatever the scenario says about keeping, and on fakes as over HTTP."""
    world = World()
    before = world.namespaces
    verdict, found = policed(world, Ask.REFERENCES, Ask.DRY_RUN)
    assert ("Namespace", "backup-test") in [(k.kind, n) for k, n in world.created]
    assert world.namespaces == before
    assert not [code for code in found if code.startswith("dry-run")]
    assert verdict is Verdict.PASSED


def test_listing_order_does_not_matter() -> None:
    files = [StoredObject(key=f"backups/b/{n}", bytes=1, modified=NOW) for n in range(3)]

    class Listed(FakeStore):
        def list(self, prefix: str) -> object:  # type: ignore[override]
            return iter(reversed(files))

    class Sorted(FakeStore):
        def list(self, prefix: str) -> object:  # type: ignore[override]
            return iter(files)

    found = by_code(
        judge_replica(
            Place(name="a", store=Sorted()), Place(name="b", store=Listed()), [], PROMISE, NOW
        )
    )
    assert "3 of 3 files are copied" in found["replica-state"].message
