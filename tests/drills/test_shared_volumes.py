"""Two volumes may be one disk: the sandbox must have none that production has too."""

from collections.abc import Mapping

import pytest

from drills.errors import Forbidden, Unreachable
from drills.findings import Cause, Severity
from drills.objects import KubeObject
from drills.shared_volumes import VOLUME, Shared, shared_volumes
from tests.fakes.cluster import FakeCluster
from tests.fakes.engine import SOURCE, manifest
from tests.fakes.probing import SANDBOX

CLAIM = manifest(
    "v1", "PersistentVolumeClaim", "data", metadata={"namespace": SANDBOX}, spec={"volumeName": "b"}
)


def volume(name: str, source: Mapping[str, object], namespace: str = SOURCE) -> KubeObject:
    spec = {**source, "claimRef": {"namespace": namespace, "name": "data"}}
    return manifest("v1", "PersistentVolume", name, spec=spec)


def compared(theirs: Mapping[str, object], ours: Mapping[str, object]) -> Shared:
    cluster = FakeCluster(None, volume("a", theirs), volume("b", ours, SANDBOX))
    return shared_volumes(cluster, [CLAIM])


ONE_DISK: dict[str, Mapping[str, object]] = {
    "csi": {"csi": {"driver": "disk.example.com", "volumeHandle": "vol-1"}},
    "nfs": {"nfs": {"server": "10.0.0.1", "path": "/orders"}},
    "cloud disk": {"awsElasticBlockStore": {"volumeID": "vol-1"}},
    "path of a node": {"hostPath": {"path": "/srv/orders"}},
}


@pytest.mark.parametrize("source", ONE_DISK.values(), ids=ONE_DISK)
def test_one_disk_under_two_names_is_dangerous(source: Mapping[str, object]) -> None:
    found = compared(source, source)
    (finding,) = found.findings
    assert not found.harmless
    assert (finding.severity, finding.cause) == (Severity.CRITICAL, Cause.ISOLATION)
    assert f"{SOURCE}/data" in finding.message


TWO_DISKS: dict[str, tuple[Mapping[str, object], Mapping[str, object]]] = {
    "another handle": (
        {"csi": {"driver": "disk.example.com", "volumeHandle": "vol-1"}},
        {"csi": {"driver": "disk.example.com", "volumeHandle": "vol-2"}},
    ),
    "another path": (
        {"nfs": {"server": "10.0.0.1", "path": "/orders"}},
        {"nfs": {"server": "10.0.0.1", "path": "/copy"}},
    ),
    "the same path of another node": (
        {"local": {"path": "/disk"}, "nodeAffinity": {"required": "node-1"}},
        {"local": {"path": "/disk"}, "nodeAffinity": {"required": "node-2"}},
    ),
    "no source that says anything": ({}, {}),
}


@pytest.mark.parametrize(("theirs", "ours"), TWO_DISKS.values(), ids=TWO_DISKS)
def test_a_disk_of_its_own_is_right(
    theirs: Mapping[str, object], ours: Mapping[str, object]
) -> None:
    assert compared(theirs, ours) == Shared()


def test_what_may_not_be_looked_at_is_unanswered() -> None:
    cluster = FakeCluster()
    cluster.refuse("list", VOLUME, Forbidden("may not list persistentvolumes"))
    found = shared_volumes(cluster, [CLAIM])
    assert [(f.code, f.unanswered) for f in found.findings] == [("volumes-not-compared", True)]


def test_without_claims_nothing_is_asked() -> None:
    cluster = FakeCluster()
    cluster.refuse("list", VOLUME, Unreachable("no answer"))
    assert shared_volumes(cluster, []) == Shared()


def test_an_api_server_that_is_away_is_no_answer() -> None:
    cluster = FakeCluster()
    cluster.refuse("list", VOLUME, Unreachable("no answer"))
    with pytest.raises(Unreachable):
        shared_volumes(cluster, [CLAIM])
