"""Stand-ins for the containers of the sample backup: a web shop and a ledger.

In: the cluster's objects. Out: stand-ins that answer as those containers would.
"""

from embedded.containers import ExecAnswer, HttpAnswer
from embedded.json_objects import JsonObject, section
from embedded.objects import Objects
from embedded.stand_in import HttpQuestion, StandIn
from embedded.velero import NAMESPACE


def shop(objects: Objects) -> StandIn:
    """Stand in for the sample's web shop, in any namespace."""

    def answers_for(namespace: str, target: str) -> bool:
        kind, _, name = target.partition("/")
        if kind == "service":
            return name in {"shop", "shop-nodeport"}
        pod = objects.peek("pods", namespace, name)
        return section(pod or {}, "metadata", "labels").get("app") == "shop"

    def http(question: HttpQuestion) -> HttpAnswer | None:
        if not answers_for(question.namespace, question.target):
            return None
        if question.path.partition("?")[0] == "/healthz":
            return HttpAnswer(stand_in="shop", body=b"ok\n")
        return HttpAnswer(stand_in="shop", status=404, body=b"not found\n")

    def logs(namespace: str, pod: str, container: str) -> str | None:
        del container
        return "httpd started\n" if answers_for(namespace, f"pod/{pod}") else None

    return StandIn(name="shop", http=http, logs=logs)


def ledger(objects: Objects) -> StandIn:
    """Stand in for the sample's ledger: its file ends with the instant its backup is from."""

    def exec_(
        namespace: str, pod: str, container: str, command: tuple[str, ...]
    ) -> ExecAnswer | None:
        del container
        found = objects.peek("pods", namespace, pod)
        if found is None or section(found, "metadata", "labels").get("app") != "ledger":
            return None
        if command[-1:] != ("/data/heartbeat.log",):
            return ExecAnswer(stand_in="ledger", stderr=b"sh: not found\n", exit_code=127)
        instant = _data_instant(objects, found)
        if not instant:
            text = f"{command[0]}: /data/heartbeat.log: No such file or directory\n"
            return ExecAnswer(stand_in="ledger", stderr=text.encode(), exit_code=1)
        return ExecAnswer(stand_in="ledger", stdout=f"{instant}\n".encode())

    def logs(namespace: str, pod: str, container: str) -> str | None:
        del container
        found = objects.peek("pods", namespace, pod)
        ours = section(found or {}, "metadata", "labels").get("app") == "ledger"
        return "ledger started\n" if ours else None

    return StandIn(name="ledger", exec=exec_, logs=logs)


def _data_instant(objects: Objects, pod: JsonObject) -> str:
    """Return when the data in a pod's volume is from; empty where nothing was put into it."""
    labels = section(pod, "metadata", "labels")
    if "velero.io/restore-name" not in labels:
        return str(section(pod, "status").get("startTime", ""))
    uid = f"velero.io/pod-uid={pod['metadata']['uid']}"
    for order in objects.all("podvolumerestores.velero.io", NAMESPACE, labels=uid):
        if section(order, "status").get("phase") != "Completed":
            continue
        snapshot = section(order, "spec").get("snapshotID")
        for backup in _backups(objects, str(labels.get("velero.io/backup-name"))):
            if section(backup, "status").get("snapshotID") == snapshot:
                return str(section(backup, "status").get("startTimestamp", ""))
    return ""


def _backups(objects: Objects, name: str) -> list[JsonObject]:
    label = f"velero.io/backup-name={name}"
    return objects.all("podvolumebackups.velero.io", NAMESPACE, labels=label)
