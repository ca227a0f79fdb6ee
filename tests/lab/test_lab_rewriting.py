"""Names that lead into the sandbox, on the real Velero and the real controllers.

What only they can show: that the server takes the generated rules, leaves a placed Secret alone,
and that no controller takes the restored pods for old ones and replaces them.
"""

import base64
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest
import yaml

from drills import objects
from tests.lab.cluster import status_of
from tests.lab.conftest import Lab
from tests.lab.drilling import Desk, slow_probe, stage
from tests.lab.processes import wait_until

pytestmark = pytest.mark.lab

_SECONDS = 90.0
_API = "velero.io/v1"
TEXT = "url: postgres://shop@postgres.{db}.svc.cluster.local:5432/shop # \u00fcber \U0001f600\n"
URL = "postgres://shop:made-up@postgres.{db}:5432/shop"


def _pod(db: str) -> dict[str, object]:
    container = {
        "name": "main",
        "image": "lab.invalid/shop:1.4.2",
        "args": ["--db", f"postgres.{db}.svc:5432"],
        "env": [{"name": "A", "value": "1"}, {"name": "DB", "value": f"postgres.{db}"}],
    }
    return {"containers": [container], "terminationGracePeriodSeconds": 1}


def _workload(kind: str, space: str, db: str, **more: object) -> dict[str, object]:
    labels = {"app": kind.lower()}
    template = {"metadata": {"labels": labels}, "spec": _pod(db)}
    spec = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template, **more}
    return _made("apps/v1", kind, "app", space, spec=spec)


def _made(api: str, kind: str, name: str, space: str, **parts: object) -> dict[str, object]:
    return {
        "apiVersion": api,
        "kind": kind,
        "metadata": {"name": name, "namespace": space},
        **parts,
    }


def _application(api: str, db: str) -> Iterator[dict[str, object]]:
    for name in (api, db):
        yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    service = {"clusterIP": "None", "selector": {"app": "none"}, "ports": [{"port": 5432}]}
    yield _made("v1", "Service", "postgres", db, spec=service)
    alias = {"type": "ExternalName", "externalName": f"postgres.{db}.svc.cluster.local"}
    yield _made("v1", "Service", "database", api, spec=alias)
    yield _made("v1", "ConfigMap", "settings", api, data={"app.yaml": TEXT.format(db=db)})
    yield _made("v1", "Secret", "login", api, stringData={"url": URL.format(db=db)})
    yield _workload("Deployment", api, db)
    yield _workload("StatefulSet", api, db, serviceName="app")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two namespaces that name each other, their backup, and the sandboxes for them."""

    api: str
    db: str
    backup: str

    def sandbox(self, name: str) -> str:
        """The sandbox of one of them."""
        return f"{name}-drill"


@pytest.fixture
def pair(lab: Lab) -> Iterator[Pair]:
    """An application over two namespaces, running and backed up; taken away again."""
    word = secrets.token_hex(3)
    made = Pair(api=f"lab-api-{word}", db=f"lab-db-{word}", backup=f"lab-names-{word}")
    for document in _application(made.api, made.db):
        lab.cluster.create(document)
    for kind in ("Deployment", "StatefulSet"):
        wait_until(
            f"ready {kind}",
            lambda kind=kind: _ready(lab, kind, made.api),  # type: ignore[misc]
            seconds=_SECONDS,
        )
    spec = {"includedNamespaces": [made.api, made.db]}
    backup = _made(_API, "Backup", made.backup, lab.velero_namespace, spec=spec)
    lab.cluster.create(backup)
    wait_until("completed backup", lambda: _completed(lab, made), seconds=_SECONDS)
    yield made
    deletion = _made(
        _API,
        "DeleteBackupRequest",
        made.backup,
        lab.velero_namespace,
        spec={"backupName": made.backup},
    )
    lab.cluster.create(deletion)
    for name in (made.api, made.db):
        lab.cluster.delete("v1", "Namespace", name)
    # Gone wholly: the next test may look whether anything in the cluster changes.
    for found in (
        (_API, "Backup", made.backup, lab.velero_namespace),
        ("v1", "Namespace", made.api),
        ("v1", "Namespace", made.db),
    ):
        wait_until(
            f"end of {found[1]} {found[2]}",
            lambda found=found: lab.cluster.find(*found) is None,  # type: ignore[misc]
            seconds=_SECONDS,
        )


def _ready(lab: Lab, kind: str, space: str) -> bool:
    return status_of(lab.cluster.find("apps/v1", kind, "app", space)).get("readyReplicas") == 1


def _completed(lab: Lab, pair: Pair) -> bool:
    found = lab.cluster.find(_API, "Backup", pair.backup, lab.velero_namespace)
    return status_of(found).get("phase") == "Completed"


def _scenario(desk: Desk, pair: Pair) -> Path:
    what = {"apiVersion": "v1", "kind": "ConfigMap", "name": "settings", "namespace": pair.api}
    late = [{**slow_probe(5)[0], "resource": what}]
    file = desk.scenario(
        pair.sandbox(pair.api),
        backup={"engine": "velero", "namespace": "velero", "name": pair.backup},
        probes=late,
        restore={"rewriteNames": True},
    )
    document = yaml.safe_load(file.read_text(encoding="utf-8"))
    mapping = {name: pair.sandbox(name) for name in (pair.api, pair.db)}
    document["spec"]["restore"]["namespaces"] = mapping
    file.write_text(yaml.safe_dump(document), encoding="utf-8")
    return file


def _container(obj: object) -> Mapping[str, object]:
    (found,) = objects.items(obj, "spec", "template", "spec", "containers")
    return cast("Mapping[str, object]", found)


def test_names_lead_into_the_sandbox_and_no_pod_is_replaced(
    lab: Lab, desk: Desk, pair: Pair
) -> None:
    target, db = pair.sandbox(pair.api), pair.sandbox(pair.db)
    with desk.run(_scenario(desk, pair)) as drill:
        drill.wait_for(stage("probe"))
        secret = lab.cluster.find("v1", "Secret", "login", target)
        settings = lab.cluster.find("v1", "ConfigMap", "settings", target)
        alias = lab.cluster.find("v1", "Service", "database", target)
        workloads = [
            lab.cluster.find("apps/v1", kind, "app", target)
            for kind in ("Deployment", "StatefulSet")
        ]
        sets = lab.cluster.list("apps/v1", "ReplicaSet", target)
        revisions = lab.cluster.list("apps/v1", "ControllerRevision", target)
        pods = lab.cluster.list("v1", "Pod", target)
        ended = drill.end()
    assert ended.code == 0, ended.text
    assert base64.b64decode(objects.text(secret, "data", "url")).decode() == URL.format(db=db)
    assert objects.text(settings, "data", "app.yaml") == TEXT.format(db=db)
    assert objects.text(alias, "spec", "externalName") == f"postgres.{db}.svc.cluster.local"
    for workload in workloads:
        container = _container(workload)
        assert container["args"] == ["--db", f"postgres.{db}.svc:5432"]
        assert [objects.text(one, "value") for one in objects.items(container, "env")] == [
            "1",
            f"postgres.{db}",
        ]
    # One template of each, that of the restored pods: nothing was rolled out.
    assert len(sets) == 1
    assert len(revisions) == 1
    restored = [pod for pod in pods if "velero.io/restore-name" in objects.labels(pod)]
    assert len(restored) == len(pods) == 2
    outcomes = {row["outcome"] for row in ended.rows("rewritings")}
    assert outcomes == {"rewritten"}
    codes = {finding["code"] for finding in ended.rows("findings")}
    assert "names-rewritten" in codes
    assert not codes & {"already-exists", "name-not-rewritten", "names-not-placed"}
