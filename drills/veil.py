"""What this drill must not show, and the one hand that takes it out of all that leaves it.

In: the scenario's secrets, and those of the restored Secrets once they are there. Out: texts, probe
records and at last the whole DrillRecord without them. The rule of what is secret is that of
`scenarios.secrets`.
"""

import base64
import binascii
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from enum import Enum
from typing import TypeVar, cast

from drills import objects
from drills.errors import DrillError
from drills.findings import Cause, Finding, Severity
from drills.objects import KubeObject
from drills.ports import Cluster, Kind, Listener
from drills.record import DrillRecord
from scenarios import hiding
from scenarios.model import Confidential
from scenarios.secrets import in_secret, not_shown

SECRET = Kind("v1", "Secret")
AS_THEY_ARE = frozenset({"completeness", "volumes", "backup", "passed_over", "rewritings"})
"""Parts of a record that hold names, instants and sizes out of the backup, and no answers."""
_T = TypeVar("_T")


class DrillVeil:
    """Hides what it knows; threads may teach it more. What it hides, stays hidden."""

    def __init__(self, confidential: Confidential) -> None:
        self._shown = confidential.shown
        self._lock = threading.Lock()
        self._veil = hiding.veil_of(confidential.secrets)

    def learn(self, secrets: Iterable[str]) -> None:
        """Hide these too, unless the scenario names something so."""
        new = frozenset(not_shown(secrets, self._shown))
        with self._lock:
            if not new <= self._veil.secrets:
                self._veil = hiding.veil_of(self._veil.secrets | new)

    def also(self, secrets: Iterable[str]) -> "DrillVeil":
        """Return a veil that hides these as well, for one answer."""
        more = DrillVeil(Confidential(shown=self._shown))
        more.learn((*self._veil.secrets, *secrets))
        return more

    def hide(self, text: str) -> str:
        """Return the text without what is secret."""
        return self._veil.hide(text)

    def veiled(self, value: _T) -> _T:
        """Return a record, a mapping, a list or a text without what is secret in its values."""
        return cast("_T", self._of(value))

    def record(self, record: DrillRecord) -> DrillRecord:
        """Return the drill's record without what is secret."""
        kept = {name: getattr(record, name) for name in AS_THEY_ARE}
        return replace(self.veiled(record), **kept)

    def _of(self, value: object) -> object:
        if isinstance(value, Enum | datetime):
            return value
        if isinstance(value, str):
            return self.hide(value)
        if isinstance(value, Mapping):
            return {key: self._of(each) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(map(self._of, value))
        if is_dataclass(value) and not isinstance(value, type):
            new = {f.name: self._of(getattr(value, f.name)) for f in fields(value) if f.init}
            return replace(value, **new)
        return value


class VeilingListener:
    """A Listener that passes everything on without what is secret."""

    def __init__(self, inner: Listener, veil: DrillVeil) -> None:
        self._inner, self._veil = inner, veil

    def stage(self, name: str, state: str, message: str = "") -> None:
        """Pass a stage's progress on."""
        self._inner.stage(name, state, self._veil.hide(message))

    def action(self, action: str, resource: str, status: str, details: Mapping[str, str]) -> None:
        """Pass an action on."""
        self._inner.action(action, resource, status, self._veil.veiled(details))


def learn_restored(
    cluster: Cluster, namespaces: Iterable[str], veil: DrillVeil
) -> DrillError | None:
    """Teach the veil the values of the sandbox's Secrets; return what kept it from that."""
    for namespace in namespaces:
        try:
            found = cluster.list(SECRET, namespace)
        except DrillError as error:
            return error
        veil.learn(value for secret in found for value in _values(secret))
    return None


def unread_secrets(error: DrillError | None) -> Iterator[Finding]:
    """Yield that restored Secrets could not be read, so that some may show."""
    if error is None:
        return
    yield Finding(
        code="secrets-not-recognised",
        severity=Severity.INFO,
        cause=Cause.CONFIGURATION,
        subject="report",
        message=f"The sandbox's Secrets could not be read ({error}), so that a value of theirs "
        "which the application prints is not recognised and may stand in this report.",
        remedy="Let the drill list Secrets in its sandbox, or do not let probes print them.",
    )


def _values(secret: KubeObject) -> Iterator[str]:
    for key, encoded in objects.mapping(secret, "data").items():
        try:
            value = base64.b64decode(str(encoded), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            continue
        yield from in_secret(key, value)
