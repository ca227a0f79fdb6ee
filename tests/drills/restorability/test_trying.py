"""The dry run on a fake cluster: what it asks, what it groups, what it cannot know."""

import pytest

from drills.cluster import Kind
from drills.errors import Conflicted, Forbidden, Interrupted, OutsideRefused, Unreachable
from drills.objects import KubeObject
from drills.restorability.dry_run import DryRun, dry_run_findings, try_out
from drills.restorability.refusals import RefusalClass
from tests.fakes.cluster import FakeCluster
from tests.fakes.engine import manifest

POD, ACCOUNT, MAP = Kind("v1", "Pod"), Kind("v1", "ServiceAccount"), Kind("v1", "ConfigMap")
NO_ACCOUNT = "error looking up service account backup-test/shop: not found (403 Forbidden)"


def inside(api_version: str, kind: str, name: str, **body: object) -> KubeObject:
    return manifest(api_version, kind, name, metadata={"namespace": "backup-test"}, **body)


def pod(account: str = "shop") -> KubeObject:
    return inside("v1", "Pod", "shop-1", spec={"serviceAccountName": account})


def tried(cluster: FakeCluster, *found: KubeObject) -> DryRun:
    return try_out(cluster, found, lambda: None)


def test_nothing_is_kept() -> None:
    cluster = FakeCluster()
    result = tried(cluster, inside("v1", "ConfigMap", "a"), inside("v1", "Secret", "b"))
    assert (result.asked, result.accepted, result.refused) == (2, 2, ())
    assert cluster.calls == []
    assert cluster.list(MAP) == ()


def test_refusals_are_grouped_by_kind_and_reason() -> None:
    cluster = FakeCluster()
    cluster.refuse("create", MAP, OutsideRefused("x is invalid: no (422 Invalid)"), times=8)
    result = tried(cluster, *(inside("v1", "ConfigMap", f"m{n}") for n in range(9)))
    (group,) = result.refused
    assert (group.reason, group.count, len(group.names)) == (RefusalClass.SCHEMA, 8, 5)
    assert result.accepted == 1
    (found,) = dry_run_findings(result)
    assert found.code == "dry-run-schema"
    assert found.message.startswith("8 ConfigMap would be refused (schema): m0, m1, m2, m3, m4 …")


def test_a_service_account_that_is_there_is_merged() -> None:
    cluster = FakeCluster(None, inside("v1", "ServiceAccount", "default"))
    assert tried(cluster, inside("v1", "ServiceAccount", "default")).refused == ()


def test_another_object_of_that_name_is_told() -> None:
    cluster = FakeCluster(None, inside("v1", "ConfigMap", "a"))
    (group,) = tried(cluster, inside("v1", "ConfigMap", "a")).refused
    assert group.reason is RefusalClass.EXISTS


def test_a_pod_whose_account_comes_along_is_asked_again_without_it() -> None:
    """The account was accepted but not kept, so its absence says nothing."""
    cluster = FakeCluster()
    cluster.refuse("create", POD, Forbidden(NO_ACCOUNT))
    assert tried(cluster, inside("v1", "ServiceAccount", "shop"), pod()).refused == ()


def test_a_pod_whose_account_does_not_come_is_refused() -> None:
    cluster = FakeCluster()
    cluster.refuse("create", POD, Forbidden(NO_ACCOUNT))
    (group,) = tried(cluster, pod()).refused
    assert group.reason is RefusalClass.REFERENCE


def test_a_webhook_that_is_down_is_asked_once_for_each_kind() -> None:
    """Each question costs a minute of patience."""
    cluster = FakeCluster()
    cluster.refuse("create", MAP, Unreachable('failed calling webhook "a.b": no endpoints (500)'))
    (group,) = tried(cluster, *(inside("v1", "ConfigMap", f"m{n}") for n in range(3))).refused
    assert (group.reason, group.count) == (RefusalClass.WEBHOOK, 3)


@pytest.mark.parametrize("error", [Unreachable("no answer"), Conflicted("being terminated")])
def test_what_keeps_us_from_asking_is_raised(error: OutsideRefused) -> None:
    cluster = FakeCluster()
    cluster.refuse("create", MAP, error)
    with pytest.raises(type(error)):
        tried(cluster, inside("v1", "ConfigMap", "a"))


def test_a_stop_is_heeded_before_each_question() -> None:
    def stop() -> None:
        raise Interrupted("asked to stop")

    with pytest.raises(Interrupted):
        try_out(FakeCluster(), [inside("v1", "ConfigMap", "a")], stop)
