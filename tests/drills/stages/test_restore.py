"""What really came back: volumes by table, and everything dangerous made harmless at once."""

from dataclasses import replace

import pytest

from drills import objects
from drills.backups import BackedUpObject, BackedUpVolume
from drills.cluster import Kind, ServedKind
from drills.engine import EngineItem, ItemOutcome, Restored, RestoredVolume, RestoreOrder
from drills.errors import Conflicted, DrillError, Forbidden, Missing, Unreachable
from drills.findings import Cause, Severity
from drills.marks import marks
from drills.plan import left_out_rules
from drills.record import VolumeRecord
from drills.stages.restore import Examined, examine, look_before
from drills.stages.volumes import volume_findings, volumes_of
from tests.fakes.clock import START
from tests.fakes.cluster import FakeCluster
from tests.fakes.drilling import DRILL, scenario
from tests.fakes.engine import SHOP, SOURCE, FakeEngine, backed, backup, inventory, manifest
from tests.fakes.listeners import MemoryListener
from tests.fakes.probing import SANDBOX, thing

SERVICE = Kind("v1", "Service")
CRON_JOB = Kind("batch/v1", "CronJob")
INGRESS = Kind("networking.k8s.io/v1", "Ingress")
MIB = 1024 * 1024


def order(*found: BackedUpObject, volumes: tuple[BackedUpVolume, ...] = ()) -> RestoreOrder:
    return RestoreOrder(
        drill_id=DRILL,
        backup=backup(),
        inventory=inventory(*(found or SHOP), volumes=volumes),
        namespaces={SOURCE: SANDBOX},
        left_out=left_out_rules(scenario()),
        labels=marks(DRILL, "weekly"),
    )


def restored(*volumes: RestoredVolume) -> Restored:
    return Restored(
        name="r",
        phase="Completed",
        requested_at=START,
        started_at=START,
        completed_at=START,
        volumes=volumes,
    )


def look(
    cluster: FakeCluster, wanted: RestoreOrder | None = None, listener: MemoryListener | None = None
) -> Examined:
    return examine(cluster, listener or MemoryListener(), wanted or order(), restored())


def saved(*, has_data: bool = True, size: int | None = MIB) -> BackedUpVolume:
    return BackedUpVolume(
        claim="data",
        namespace=SOURCE,
        volume="pv-1",
        method="PodVolumeBackup",
        bytes=size,
        has_data=has_data,
    )


def back(outcome: str, size: int | None = MIB) -> RestoredVolume:
    return RestoredVolume(
        claim="data", namespace=SOURCE, method="PodVolumeBackup", bytes=size, outcome=outcome
    )


VOLUMES = {
    "all of it": (saved(), back("restored"), "restored"),
    "more of it": (saved(), back("restored", 2 * MIB), "restored"),
    "size unknown": (saved(), back("restored", None), "restored"),
    "size of the backup unknown": (saved(size=None), back("restored", 5), "restored"),
    "an empty volume of old": (saved(size=0), back("restored", 0), "restored"),
    "said to be back, but nothing came": (saved(), back("restored", 0), "empty"),
    "said to be back, but only some came": (saved(), back("restored", MIB // 2), "fewer"),
    "the engine knows that it is less": (saved(), back("failed", MIB // 2), "failed"),
    "the engine cannot tell": (saved(), back("fewer", 0), "fewer"),
    "failed": (saved(), back("failed"), "failed"),
    "empty": (saved(), back("empty", None), "empty"),
    "unknown": (saved(), back("unknown", None), "unknown"),
    "broken off": (saved(), back("interrupted", 0), "interrupted"),
    "under way when the restore ended": (saved(), back("unknown", 5), "unknown"),
    "no word of it": (saved(), None, "not-restored"),
    "never backed up": (saved(has_data=False), back("restored"), "not-in-backup"),
}


@pytest.mark.parametrize(("volume", "came", "outcome"), VOLUMES.values(), ids=VOLUMES)
def test_volume_outcomes(volume: BackedUpVolume, came: RestoredVolume | None, outcome: str) -> None:
    """The bytes decide, not the engine's word for it."""
    found = volumes_of(inventory(volumes=(volume,)), {SOURCE: SANDBOX}, [came] if came else [])
    assert [record.outcome for record in found] == [outcome]


def test_a_restore_that_was_broken_off_blames_nobody() -> None:
    """Nothing of it came back, and that is one open question for objects, one for each volume."""
    wanted = order(*SHOP, volumes=(saved(),))
    broken = replace(restored(back("empty", None)), broken_off=Cause.ENVIRONMENT)
    examined = examine(FakeCluster(), MemoryListener(), wanted, broken)
    codes = {finding.code for finding in examined.findings}
    assert codes == {"objects-not-reached", "volume-interrupted"}
    assert all(finding.unanswered for finding in examined.findings)
    assert examined.hindered


def test_volumes_of_other_namespaces_are_out_of_scope() -> None:
    volume = replace(saved(), namespace="staging")
    assert volumes_of(inventory(volumes=(volume,)), {SOURCE: SANDBOX}, []) == ()


def record(outcome: str) -> VolumeRecord:
    return VolumeRecord(claim="data", namespace=SOURCE, method="m", bytes=None, outcome=outcome)


@pytest.mark.parametrize("outcome", ["empty", "failed", "not-in-backup", "not-restored"])
def test_lost_data_is_the_backups_fault(outcome: str) -> None:
    (finding,) = volume_findings([record(outcome)])
    assert (finding.severity, finding.cause) == (Severity.CRITICAL, Cause.BACKUP)
    assert not finding.unanswered


@pytest.mark.parametrize("outcome", ["unknown", "fewer", "a word we do not know"])
def test_data_that_nobody_vouches_for_is_unanswered(outcome: str) -> None:
    (finding,) = volume_findings([record(outcome)])
    assert finding.unanswered
    assert finding.cause is not Cause.BACKUP


def test_restored_data_is_no_finding() -> None:
    assert volume_findings([record("restored")]) == ()


def test_a_good_restore_has_no_findings() -> None:
    cluster = FakeCluster(None, manifest("v1", "Namespace", SANDBOX))
    FakeEngine(cluster).bring_back(order())
    found = look(cluster)
    assert (found.findings, found.harmless) == ((), True)
    assert found.completeness.restored == len(SHOP)


def test_a_live_service_is_closed_in_place() -> None:
    ports = [{"port": 80, "nodePort": 30080}]
    live = thing("v1", "Service", "shop", spec={"type": "LoadBalancer", "ports": ports})
    cluster, listener = FakeCluster(None, live), MemoryListener()
    found = look(cluster, listener=listener)
    hazard = next(f for f in found.findings if f.code == "hazard-live")
    assert hazard.severity is Severity.CRITICAL
    assert found.harmless
    closed = cluster.get(SERVICE, SANDBOX, "shop")
    assert objects.text(closed, "spec", "type") == "ClusterIP"
    assert objects.items(closed, "spec", "ports") == [{"port": 80}]
    assert listener.actions[0][:3] == ("patch", "Service backup-test/shop", "success")


def test_a_live_cron_job_is_suspended() -> None:
    cluster = FakeCluster(
        None, thing("batch/v1", "CronJob", "bill", spec={"schedule": "* * * * *"})
    )
    assert look(cluster).harmless
    job = cluster.get(CRON_JOB, SANDBOX, "bill")
    assert objects.dig(job, "spec", "suspend") is True


def test_a_live_ingress_is_deleted() -> None:
    cluster, listener = (
        FakeCluster(None, thing(INGRESS.api_version, "Ingress", "shop")),
        MemoryListener(),
    )
    found = look(cluster, listener=listener)
    assert cluster.get(INGRESS, SANDBOX, "shop") is None
    assert "hazard-live" in {f.code for f in found.findings}
    assert listener.actions[0][:3] == ("delete", "Ingress backup-test/shop", "success")


def test_the_same_hazards_outside_the_sandbox_are_not_touched() -> None:
    """Production's own load balancer and Ingress are what they are."""
    cluster = FakeCluster()
    outside = {"namespace": SOURCE}
    cluster.put(manifest(INGRESS.api_version, "Ingress", "shop", metadata=outside))
    cluster.put(manifest("v1", "Service", "shop", metadata=outside, spec={"type": "LoadBalancer"}))
    look(cluster)
    assert cluster.calls == []


CURES = {
    "a right is missing": (Forbidden("may not delete"), False),
    "nobody answers": (Unreachable("no answer"), False),
    "another of that name is there now": (Conflicted("another uid"), False),
    "it is gone": (Missing("not there"), True),
}


@pytest.mark.parametrize(("error", "harmless"), CURES.values(), ids=CURES)
def test_a_cure_that_fails_is_said(error: DrillError, *, harmless: bool) -> None:
    cluster = FakeCluster(None, thing(INGRESS.api_version, "Ingress", "shop"))
    cluster.refuse("delete", INGRESS, error)
    found = look(cluster)
    assert found.harmless is harmless
    hazard = next(f for f in found.findings if f.code == "hazard-live")
    assert ("could NOT be made harmless" in hazard.message) is not harmless


def test_one_failed_cure_does_not_keep_from_the_others() -> None:
    first, second = (thing(INGRESS.api_version, "Ingress", name) for name in ("a", "b"))
    cluster = FakeCluster(None, first, second)
    cluster.refuse("delete", INGRESS, Forbidden("may not delete"))
    found = look(cluster)
    assert [objects.name(obj) for obj in cluster.list(INGRESS)] == ["a"]
    assert not found.harmless


def test_a_patch_meets_only_the_object_it_is_meant_for() -> None:
    """Its uid is in the patch, so that another object of that name refuses it."""
    cluster = FakeCluster(None, thing("v1", "Service", "shop", spec={"type": "LoadBalancer"}))
    live = cluster.list(SERVICE)

    cluster.drop(SERVICE, SANDBOX, "shop")
    cluster.put(thing("v1", "Service", "shop", spec={"type": "LoadBalancer"}))
    listing = cluster.list
    cluster.list = (  # type: ignore[method-assign]
        lambda kind, *args, **more: live if kind == SERVICE else listing(kind, *args, **more)
    )
    assert not look(cluster).harmless
    service = cluster.get(SERVICE, SANDBOX, "shop")
    assert objects.text(service, "spec", "type") == "LoadBalancer"


def test_a_kind_that_may_not_be_listed_is_unanswered() -> None:
    cluster = FakeCluster()
    FakeEngine(cluster).bring_back(order())
    cluster.refuse("list", SERVICE, Forbidden("may not list services"))
    found = look(cluster)
    assert [f.code for f in found.findings if f.unanswered] == ["kind-not-read"]


def test_an_api_server_that_is_away_is_no_answer() -> None:
    cluster = FakeCluster()
    cluster.refuse("list", SERVICE, Unreachable("no answer"))
    with pytest.raises(Unreachable):
        look(cluster)


def test_a_kind_that_is_not_served_is_named() -> None:
    crawler = replace(SHOP[2], key=replace(SHOP[2].key, resource="crawlers.example.com"))
    found = look(FakeCluster(), order(crawler))
    assert [f.code for f in found.findings] == ["kind-not-served"]


def test_a_claim_out_of_the_inventory_is_looked_for_by_name() -> None:
    lost = backed(manifest("v1", "PersistentVolumeClaim", "data"))
    found = look(FakeCluster(), order(lost))
    assert found.completeness.missing == (f"persistentvolumeclaims {SOURCE}/data",)


def test_a_volume_that_is_productions_own_ends_the_drill() -> None:
    """Under another name, but the same disk: nothing may run on it."""
    source = {"csi": {"driver": "disk.example.com", "volumeHandle": "vol-1"}}
    claim = {"namespace": SOURCE, "name": "data"}
    cluster = FakeCluster(
        None,
        manifest("v1", "PersistentVolume", "a", spec={**source, "claimRef": claim}),
        manifest("v1", "PersistentVolume", "b", spec=source),
        thing("v1", "PersistentVolumeClaim", "data", spec={"volumeName": "b"}),
    )
    found = look(cluster, order(backed(manifest("v1", "PersistentVolumeClaim", "data"))))
    assert "volume-shared-with-production" in {f.code for f in found.findings}
    assert not found.harmless


def created(kind: str, name: str, outcome: ItemOutcome = ItemOutcome.CREATED) -> EngineItem:
    return EngineItem(
        api_version="networking.k8s.io/v1", kind=kind, namespace=SANDBOX, name=name, outcome=outcome
    )


def test_what_the_engine_did_not_create_is_named_and_left_alone() -> None:
    """An operator put it there while the restore ran."""
    ours = thing(INGRESS.api_version, "Ingress", "restored")
    theirs = thing(INGRESS.api_version, "Ingress", "operators")
    service = thing("v1", "Service", "lb", spec={"type": "LoadBalancer"})
    cluster = FakeCluster(None, ours, theirs, service)
    account = replace(restored(), items=(created("Ingress", "restored"),))
    found = examine(cluster, MemoryListener(), order(), account)
    assert [objects.name(obj) for obj in cluster.list(INGRESS)] == ["operators"]
    assert objects.text(cluster.get(SERVICE, SANDBOX, "lb"), "spec", "type") == "LoadBalancer"
    subjects = {f.subject.rpartition("/")[2]: f.code for f in found.findings}
    assert subjects["restored"] == "hazard-live"
    assert (subjects["operators"], subjects["lb"]) == ("sandbox-bystander", "sandbox-bystander")
    assert found.harmless


def test_what_was_there_before_needs_no_list_of_the_engine() -> None:
    cluster = FakeCluster(None, thing(INGRESS.api_version, "Ingress", "operators"))
    before = look_before(cluster, order(), closed=True)
    found = examine(cluster, MemoryListener(), order(), restored(), before)
    assert [f.code for f in before.findings] == ["sandbox-bystander"]
    assert "hazard-live" not in {f.code for f in found.findings}
    assert "sandbox-bystander" not in {f.code for f in found.findings}  # told once
    assert cluster.calls == []


def test_a_policy_that_comes_late_and_leads_out_ends_the_drill() -> None:
    policy = thing(
        "networking.k8s.io/v1",
        "NetworkPolicy",
        "allow-all",
        spec={"podSelector": {}, "egress": [{}]},
    )
    cluster = FakeCluster(None, policy)
    found = examine(cluster, MemoryListener(), order(), replace(restored(), items=()))
    assert not found.harmless
    assert "sandbox-opened" in {f.code for f in found.findings if f.unanswered}
    assert cluster.calls == []


def test_a_policy_of_another_kind_is_looked_for_though_the_backup_has_none() -> None:
    """Cilium's policies add up with those of Kubernetes."""
    cilium = ServedKind(
        api_version="cilium.io/v2",
        kind="CiliumNetworkPolicy",
        plural="ciliumnetworkpolicies",
        namespaced=True,
    )
    cluster = FakeCluster()
    cluster.kinds = (*cluster.kinds, cilium)
    egress = [{"toEntities": ["world"]}]
    cluster.put(thing(cilium.api_version, cilium.kind, "allow", spec={"egress": egress}))
    before = look_before(cluster, order(), closed=True)
    assert not before.closed
    (found,) = before.findings
    assert found.subject == f"ciliumnetworkpolicies.cilium.io {SANDBOX}/allow"
