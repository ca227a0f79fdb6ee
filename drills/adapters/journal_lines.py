"""The lines of a journal, there and back.

In: header and things, or JSON objects. Out: the other. A field that is absent reads as empty, so
that a journal of another version still tells what is left.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum

from drills import objects
from drills.cluster import Kind
from drills.ports import Marked


class ThingState(StrEnum):
    """How far a thing has come."""

    INTENDED = "intended"
    MADE = "made"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalHeader:
    """Whose drill it is, where it runs, and which process runs it."""

    drill_id: str
    scenario: str
    started_at: datetime
    context: str = ""
    """Of the kubeconfig, '' for its current one."""
    kubeconfig: str = ""
    in_cluster: bool = False
    embedded: bool = False
    identity: str = ""
    """uid of kube-system: whether a context still leads to the same cluster."""
    engine: str = ""
    engine_namespace: str = ""
    sandbox: tuple[str, ...] = ()
    pid: int = 0
    host: str = ""
    """Where `pid` means something."""


def thing_line(state: ThingState, thing: Marked) -> Mapping[str, object]:
    """Return the line for one step of a thing."""
    return {
        "state": state.value,
        "apiVersion": thing.kind.api_version,
        "kind": thing.kind.kind,
        "namespace": thing.namespace,
        "name": thing.name,
        "uid": thing.uid,
    }


def thing(document: Mapping[str, object]) -> Marked:
    """Return the thing a line speaks of."""
    return Marked(
        kind=Kind(objects.text(document, "apiVersion"), objects.text(document, "kind")),
        namespace=objects.text(document, "namespace"),
        name=objects.text(document, "name"),
        uid=objects.text(document, "uid"),
    )


def header_line(header: JournalHeader) -> Mapping[str, object]:
    """Return the first line."""
    return {**asdict(header), "started_at": header.started_at.isoformat()}


def header(document: Mapping[str, object], fallback_id: str) -> JournalHeader:
    """Return the header; `fallback_id` where the line holds no drill id."""
    started = objects.instant(document, "started_at") or datetime.fromtimestamp(0, UTC)
    sandbox = objects.items(document, "sandbox")
    return JournalHeader(
        drill_id=objects.text(document, "drill_id") or fallback_id,
        scenario=objects.text(document, "scenario"),
        started_at=started,
        context=objects.text(document, "context"),
        kubeconfig=objects.text(document, "kubeconfig"),
        in_cluster=objects.dig(document, "in_cluster") is True,
        embedded=objects.dig(document, "embedded") is True,
        identity=objects.text(document, "identity"),
        engine=objects.text(document, "engine"),
        engine_namespace=objects.text(document, "engine_namespace"),
        sandbox=tuple(name for name in sandbox if isinstance(name, str)),
        pid=objects.number(document, "pid"),
        host=objects.text(document, "host"),
    )


def parsed(line: bytes) -> Mapping[str, object]:
    """Return the JSON object of a line, empty where it holds none."""
    try:
        document: object = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return objects.mapping(document)
