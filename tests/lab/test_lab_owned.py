"""What a left-out kind owns, on the real Velero: its pods are never created, the others are.

What only it can show: that the server takes the Restore's selector as the drill means it, and that
no controller makes up for what stayed out.
"""

import secrets
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from drills import objects
from tests.lab.cluster import status_of
from tests.lab.conftest import Lab
from tests.lab.drilling import Desk, slow_probe, stage
from tests.lab.processes import wait_until
from tests.lab.watching import Watched

pytestmark = pytest.mark.lab

_SECONDS = 90.0
_VELERO = "velero.io/v1"
POD = {
    "containers": [{"name": "main", "image": "lab.invalid/shop:1.4.2"}],
    "terminationGracePeriodSeconds": 1,
}


def _made(api: str, kind: str, name: str, space: str, **parts: object) -> dict[str, object]:
    metadata = {"name": name, "namespace": space}
    return {"apiVersion": api, "kind": kind, "metadata": metadata, **parts}


def _application(space: str) -> Iterator[dict[str, object]]:
    yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space}}
    yield _made("v1", "ConfigMap", "shop-config", space, data={"a": "b"})
    for kind, name in (("Deployment", "web"), ("StatefulSet", "queue")):
        labels = {"app": name, "part-of": "shop"}
        template = {"metadata": {"labels": labels}, "spec": POD}
        spec = {"replicas": 2, "selector": {"matchLabels": {"app": name}}, "template": template}
        yield _made("apps/v1", kind, name, space, spec=spec)
    # Still at work when the backup is made: Velero restores no completed pod.
    metadata = {"labels": {"part-of": "shop"}, "annotations": {"lab/never-ready": "true"}}
    template = {"metadata": metadata, "spec": {**POD, "restartPolicy": "Never"}}
    yield _made("batch/v1", "Job", "migrate", space, spec={"template": template})


@pytest.fixture
def backed_up(lab: Lab) -> Iterator[tuple[str, str]]:
    """Namespace and backup of the application; both are taken away again."""
    space = f"lab-owned-{secrets.token_hex(3)}"
    for document in _application(space):
        lab.cluster.create(document)
    wait_until(
        "five pods", lambda: len(lab.cluster.list("v1", "Pod", space)) == 5, seconds=_SECONDS
    )
    where = (_VELERO, "Backup", space, lab.velero_namespace)
    lab.cluster.create(_made(*where, spec={"includedNamespaces": [space]}))
    wait_until(
        "completed backup",
        lambda: status_of(lab.cluster.find(*where)).get("phase") == "Completed",
        seconds=_SECONDS,
    )
    yield space, space
    asked = (_VELERO, "DeleteBackupRequest", space, lab.velero_namespace)
    lab.cluster.create(_made(*asked, spec={"backupName": space}))
    lab.cluster.delete("v1", "Namespace", space)
    for found in (where, ("v1", "Namespace", space)):
        wait_until(
            f"end of {found[1]}",
            lambda found=found: lab.cluster.find(*found) is None,  # type: ignore[misc]
            seconds=_SECONDS,
        )


class Pods:
    """Every pod that was ever seen in one namespace, by name with its owner's kind."""

    def __init__(self, kubeconfig: Path, namespace: str) -> None:
        self._namespace = namespace
        self._lock = threading.Lock()
        self._owners: dict[str, str] = {}
        self._watched = Watched(kubeconfig, "v1", "Pod", self._look)
        self._watched.start()

    @property
    def owners(self) -> dict[str, str]:
        """Name to the kind that controls it, empty where nothing does."""
        with self._lock:
            return dict(self._owners)

    def _look(self) -> None:
        for (namespace, name), pod in self._watched.objects().items():
            if namespace == self._namespace:
                owners = [
                    objects.text(one, "kind")
                    for one in objects.items(pod, "metadata", "ownerReferences")
                ]
                with self._lock:
                    self._owners[name] = next(iter(owners), "")


def _scenario(desk: Desk, source: str, backup: str, sandbox: str, excluded: list[str]) -> Path:
    what = {"apiVersion": "v1", "kind": "ConfigMap", "name": "shop-config"}
    return desk.scenario(
        sandbox,
        backup={"engine": "velero", "namespace": "velero", "name": backup},
        probes=[{**slow_probe(4)[0], "resource": what}],
        restore={"exclude": excluded, "namespaces": {source: sandbox}},
    )


@pytest.mark.parametrize(
    ("excluded", "stays_out"),
    [(["jobs"], {"Job"}), (["jobs", "statefulsets.apps"], {"Job", "StatefulSet"})],
    ids=["jobs", "jobs-and-statefulsets"],
)
def test_what_a_left_out_kind_owns_is_never_created(
    lab: Lab, desk: Desk, backed_up: tuple[str, str], excluded: list[str], stays_out: set[str]
) -> None:
    source, backup = backed_up
    sandbox = f"{source}-drill"
    pods = Pods(lab.kubeconfig, sandbox)
    with desk.run(_scenario(desk, source, backup, sandbox, excluded)) as drill:
        drill.wait_for(stage("probe"))
        there = lab.cluster.list("v1", "Pod", sandbox)
        ended = drill.end()
    assert ended.code == 0, ended.text
    expected = sorted({"ReplicaSet", "Job", "StatefulSet"} - stays_out)
    assert sorted(set(pods.owners.values())) == expected, pods.owners
    assert len(there) == 2 * len(expected)
    assert lab.cluster.find("v1", "Namespace", sandbox) is None
