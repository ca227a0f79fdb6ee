"""Stand-ins: who answers for containers that do not exist.

In: names of built-in stand-ins, or a test's own functions. Out: one `Containers` for the API
server; every answer carries the name of the stand-in that gave it.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from embedded.containers import ExecAnswer, HttpAnswer
from embedded.json_objects import JsonObject, section
from embedded.objects import Objects
from embedded.velero import NAMESPACE


class UnknownStandIn(Exception):
    """A stand-in was asked for by a name that nobody has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpQuestion:
    """An HTTP request to a Service (`service/NAME`) or a pod (`pod/NAME`)."""

    namespace: str
    target: str
    port: str
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


HttpStandIn = Callable[[HttpQuestion], HttpAnswer | None]
ExecStandIn = Callable[[str, str, str, tuple[str, ...]], ExecAnswer | None]
LogsStandIn = Callable[[str, str, str], str | None]
ConnectStandIn = Callable[[str, str, int, bytes], bytes | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class StandIn:
    """What one stand-in can answer; None where it cannot.

    Attributes:
        name: the name that its answers carry.
        http: answers HTTP requests.
        exec: answers commands: namespace, pod, container, command.
        logs: answers for logs: namespace, pod, container.
        connect: answers bytes: namespace, pod, port, what was sent.
    """

    name: str
    http: HttpStandIn | None = None
    exec: ExecStandIn | None = None
    logs: LogsStandIn | None = None
    connect: ConnectStandIn | None = None


class StandIns:
    """All stand-ins of one cluster; the newest that answers decides."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._lock = threading.Lock()
        self._all: tuple[StandIn, ...] = ()

    def use(self, name: str) -> None:
        """Let a built-in stand-in answer from now on.

        Raises:
            UnknownStandIn: when there is none of the name.
        """
        if name not in BUILT_IN:
            raise UnknownStandIn(
                f"there is no stand-in called {name!r}; known are {', '.join(sorted(BUILT_IN))}"
            )
        self.add(BUILT_IN[name](self._objects))

    def register(
        self,
        name: str,
        *,
        http: HttpStandIn | None = None,
        exec: ExecStandIn | None = None,  # noqa: A002  # the word of the Containers Protocol
        logs: LogsStandIn | None = None,
        connect: ConnectStandIn | None = None,
    ) -> None:
        """Let a test's own functions answer from now on; a later one of the name replaces it."""
        self.add(StandIn(name=name, http=http, exec=exec, logs=logs, connect=connect))

    def add(self, one: StandIn) -> None:
        """Let a stand-in answer from now on, before all others."""
        with self._lock:
            self._all = (one, *(other for other in self._all if other.name != one.name))

    def remove(self, name: str) -> None:
        """Let a stand-in answer no longer."""
        with self._lock:
            self._all = tuple(one for one in self._all if one.name != name)

    def http(  # noqa: PLR0917  # as the Protocol has it
        self,
        namespace: str,
        target: str,
        port: str,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes,
    ) -> HttpAnswer | None:
        """Answer an HTTP request."""
        question = HttpQuestion(
            namespace=namespace,
            target=target,
            port=port,
            method=method,
            path=path,
            headers=headers,
            body=body,
        )
        for one in self._all:
            answer = one.http(question) if one.http else None
            if answer is not None:
                return replace(answer, stand_in=one.name)
        return None

    def connect(self, namespace: str, pod: str, port: int, data: bytes) -> bytes | None:
        """Answer bytes sent to a pod's port."""
        answers = (one.connect(namespace, pod, port, data) for one in self._all if one.connect)
        return next((answer for answer in answers if answer is not None), None)

    def exec(
        self, namespace: str, pod: str, container: str, command: tuple[str, ...]
    ) -> ExecAnswer | None:
        """Answer a command."""
        for one in self._all:
            answer = one.exec(namespace, pod, container, command) if one.exec else None
            if answer is not None:
                return replace(answer, stand_in=one.name)
        return None

    def logs(self, namespace: str, pod: str, container: str) -> str | None:
        """Answer for a container's log."""
        answers = (one.logs(namespace, pod, container) for one in self._all if one.logs)
        return next((answer for answer in answers if answer is not None), None)


def _shop(objects: Objects) -> StandIn:
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


def _ledger(objects: Objects) -> StandIn:
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


BUILT_IN: Mapping[str, Callable[[Objects], StandIn]] = {"shop": _shop, "ledger": _ledger}
"""The built-in stand-ins, by name."""
