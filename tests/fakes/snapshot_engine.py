"""A toy engine as unlike Velero as can be: snapshots are files, no namespace is involved.

It restores a file into a data directory of its own (here a dict), as an etcd snapshot becomes a
throw-away server. It shows that the Engine contract fits more than one kind of system.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from drills.backups import BackedUpObject, Backup, Inventory, ObjectKey
from drills.cluster import Kind
from drills.engine import (
    EngineAudit,
    EnginePorts,
    EngineStatus,
    Inspection,
    Restored,
    RestoreOrder,
    SandboxShape,
)
from drills.errors import DeadlinePassed, DrillError, Interrupted, Missing, OutsideRefused
from drills.findings import Cause, Finding, Severity
from drills.objects import KubeObject
from drills.ports import Deadline, Marked

DIRECTORY = Kind("snapshot/v1", "DataDirectory")
DIGEST_LENGTH = 64
BYTES_PER_SECOND = 10


class SnapshotEngine:
    """Snapshots are `snapshots/<instant>.snap`: a SHA-256 in hex, then `key=value` lines."""

    name = "snapshot"
    sandbox_shape = SandboxShape.OWN
    home = ""
    sandbox_labels: Mapping[str, str] = {}

    def __init__(self, ports: EnginePorts, directories: dict[str, dict[str, str]]) -> None:
        self._ports = ports
        self._directories = directories
        self.stuck: set[str] = set()
        """Drills whose directory cannot be removed."""

    def survey(self) -> EngineStatus:
        """Return a fixed version."""
        return EngineStatus(versions={"snapshot": "1"})

    def list_backups(self) -> Sequence[Backup]:
        """Return a Backup for each file; an empty one is unusable."""
        store = self._ports.store
        assert store is not None
        return tuple(
            Backup(
                name=found.key,
                engine=self.name,
                phase="stored",
                recovery_point=_instant(found.key),
                started_at=_instant(found.key),
                unusable=None if found.bytes else "the file is empty",
            )
            for found in store.list("snapshots/")
        )

    def inspect(self, backup: Backup, namespaces: Mapping[str, str]) -> Inspection:
        """Check the digest and list the keys."""
        try:
            data = self._read(backup.name)
        except Missing as error:
            return _unreadable("snapshot-missing", backup, str(error), Cause.BACKUP)
        except DrillError as error:
            return _unreadable("snapshot-unread", backup, str(error), error.cause)
        body = _checked(data)
        if body is None:
            return _unreadable("snapshot-damaged", backup, "digest differs", Cause.BACKUP)
        objects = tuple(
            BackedUpObject(
                key=ObjectKey(resource="keys", namespace="", name=key), api_version="v1", kind="Key"
            )
            for key in body
        )
        return Inspection(
            inventory=Inventory(
                objects=objects,
                volumes=(),
                namespaces=frozenset(),
                recovery_point=backup.recovery_point,
                bytes=len(data),
            )
        )

    def describe(self, order: RestoreOrder) -> Mapping[str, object]:
        """Return the directory that would be filled."""
        return {"directory": f"drill-{order.drill_id}", "from": order.backup.name}

    def preview(self, order: RestoreOrder) -> Iterator[KubeObject]:
        """Yield nothing: no namespace is involved."""
        yield from ()

    def audit(self) -> EngineAudit:
        """Return nothing: there are no settings."""
        return EngineAudit()

    def restore(self, order: RestoreOrder, deadline: Deadline) -> Restored:
        """Copy the keys; it takes a while for each."""
        clock, name = self._ports.clock, f"drill-{order.drill_id}"
        requested_at = clock.now()
        if name in self._directories:
            raise OutsideRefused(f"directory {name} exists")
        marked = Marked(kind=DIRECTORY, namespace="", name=name)
        self._ports.journal.intend(marked)
        directory = self._directories[name] = {}
        self._ports.journal.made(Marked(kind=DIRECTORY, namespace="", name=name, uid=name))
        for key, value in (_checked(self._read(order.backup.name)) or {}).items():
            if self._ports.stop():
                raise Interrupted("stopped while copying")
            if deadline.passed:
                raise DeadlinePassed("the copy took too long")
            clock.sleep(len(value) / BYTES_PER_SECOND)
            directory[key] = value
        return Restored(
            name=name,
            phase="copied",
            requested_at=requested_at,
            started_at=requested_at,
            completed_at=clock.now(),
        )

    def quiesce(self, drill_id: str, deadline: Deadline) -> tuple[Marked, ...]:
        """Nothing goes on once `restore` has returned."""
        return ()

    def orphans(self, drill_id: str, deadline: Deadline) -> tuple[str, ...]:
        """Return nothing: a snapshot is restored into one folder."""
        return ()

    def remove(self, drill_id: str, deadline: Deadline) -> tuple[str, ...]:
        """Remove the drill's directory; a stuck one is returned."""
        name = f"drill-{drill_id}"
        marked = Marked(kind=DIRECTORY, namespace="", name=name, uid=name)
        if drill_id in self.stuck:
            return (f"{DIRECTORY.kind} {name} is still there",)
        if self._directories.pop(name, None) is not None:
            self._ports.journal.gone(marked)
        return ()

    def _read(self, key: str) -> bytes:
        assert self._ports.store is not None
        with self._ports.store.open(key) as body:
            return body.read()


def snapshot(values: Mapping[str, str]) -> bytes:
    """Return a snapshot file."""
    body = "".join(f"{key}={value}\n" for key, value in values.items()).encode()
    return hashlib.sha256(body).hexdigest().encode() + body


def _checked(data: bytes) -> dict[str, str] | None:
    digest, body = data[:DIGEST_LENGTH], data[DIGEST_LENGTH:]
    if hashlib.sha256(body).hexdigest().encode() != digest:
        return None
    lines = (line.partition("=") for line in body.decode().splitlines())
    return {key: value for key, _, value in lines}


def _instant(key: str) -> datetime:
    return datetime.fromisoformat(key.removeprefix("snapshots/").removesuffix(".snap"))


def _unreadable(code: str, backup: Backup, why: str, cause: Cause) -> Inspection:
    damaged = cause is Cause.BACKUP
    return Inspection(
        inventory=None,
        findings=(
            Finding(
                code=code,
                severity=Severity.CRITICAL if damaged else Severity.WARNING,
                cause=cause,
                subject=backup.name,
                message=why,
                remedy="Take a new snapshot.",
                unanswered=not damaged,
            ),
        ),
    )
