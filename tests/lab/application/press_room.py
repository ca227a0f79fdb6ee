"""The press in a cluster: its operator with a webhook, an archive of three members, its readers.

In comes a cluster with a node, out come a running press, what is in its archive, and backups.
"""

import base64
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from tests.lab.application import shopkeeping
from tests.lab.certificates import Authority
from tests.lab.cluster import Cluster, read_manifest, status_of
from tests.lab.parts import LabError
from tests.lab.processes import wait_until

NAMESPACE, OPERATOR, WEBHOOK = "press", "press-operator", "press-operator"
ISSUES = 20
MEMBERS = tuple(f"issues-{number}" for number in range(3))
STAMP = "press.example.com/kept-by"
_HERE = Path(__file__).resolve().parent
_DEFINITION = ("apiextensions.k8s.io/v1", "CustomResourceDefinition", "archives.press.example.com")
_CONFIGURATION = ("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration", WEBHOOK)
_SECONDS = 180.0


def apply_press(cluster: Cluster) -> None:
    """Applies operator, webhook and press, and waits until the readers read.

    Raises:
        LabError: Something was not there in time; the message says what.
    """
    words = _keys()
    known = cluster.find(*_DEFINITION) is not None
    definition, *others = read_manifest(_HERE / "press-operator.yaml", words)
    cluster.apply(definition)
    wait_until("definition of archives", lambda: _defined(cluster), seconds=_SECONDS)
    cluster.refresh()
    if not known:
        shopkeeping.restart_velero(cluster)
    for document in others:
        cluster.apply(document)
    shopkeeping.await_rollout(cluster, "Deployment", "press-operator", OPERATOR)
    for document in read_manifest(_HERE / "press-webhook.yaml", words):
        cluster.apply(document)
    for document in read_manifest(_HERE / "press.yaml", words):
        cluster.apply(document)
    wait_until("filled archive", lambda: _filled(cluster), seconds=_SECONDS)
    shopkeeping.await_rollout(cluster, "Deployment", "reader", NAMESPACE)


def remove_press(cluster: Cluster) -> None:
    """Deletes all of it and waits until it is gone, the webhook first."""
    if cluster.find(*_CONFIGURATION) is not None:
        cluster.delete(*_CONFIGURATION)
    for namespace in (NAMESPACE, OPERATOR):
        if cluster.find("v1", "Namespace", namespace) is not None:
            cluster.delete("v1", "Namespace", namespace)
    for namespace in (NAMESPACE, OPERATOR):
        wait_until(
            f"end of namespace {namespace}",
            lambda name=namespace: cluster.find("v1", "Namespace", name) is None,  # type: ignore[misc]
            seconds=_SECONDS,
        )


def stamps(cluster: Cluster, namespace: str) -> Mapping[str, str]:
    """Each member's pod to what the webhook wrote on it."""
    found = {}
    for pod in cluster.list("v1", "Pod", namespace):
        meta = cast("Mapping[str, Mapping[str, str]]", pod["metadata"])
        name = str(meta["name"])
        if name in MEMBERS:
            found[name] = meta.get("annotations", {}).get(STAMP, "")
    return found


def logs(cluster: Cluster, namespace: str = NAMESPACE) -> tuple[str, ...]:
    """What each member has written."""
    return tuple(
        shopkeeping.execute(cluster, namespace, member, ["cat", "/data/log"]) for member in MEMBERS
    )


def _filled(cluster: Cluster) -> bool:
    issues = status_of(cluster.find("apps/v1", "StatefulSet", "issues", NAMESPACE))
    seed = status_of(cluster.find("batch/v1", "Job", "seed", NAMESPACE))
    if issues.get("readyReplicas") != len(MEMBERS) or seed.get("succeeded") != 1:
        return False
    try:
        found = logs(cluster)
    except LabError:
        return False  # one has written nothing yet
    return {len(log.splitlines()) for log in found} == {ISSUES}


def _defined(cluster: Cluster) -> bool:
    conditions = status_of(cluster.find(*_DEFINITION)).get("conditions") or ()
    return any(
        (condition["type"], condition["status"]) == ("Established", "True")
        for condition in cast("tuple[Mapping[str, str], ...]", conditions)
    )


def _keys() -> Mapping[str, str]:
    """What the webhook is called with: a key and a certificate of an authority of its own."""
    with tempfile.TemporaryDirectory() as folder:
        authority = Authority(Path(folder))
        host = "webhook.press-operator.svc"
        pair = authority.issue("webhook", user=host, hosts=(host,))
        files = {"CERTIFICATE": pair.certificate, "KEY": pair.key}
        files["AUTHORITY"] = authority.certificate
        return {word: base64.b64encode(file.read_bytes()).decode() for word, file in files.items()}
