"""Sandboxes: namespaces that a drill may create, fill and delete without touching anything else."""

from collections.abc import Iterator

from scenarios.document import Document
from scenarios.durations import format_duration
from scenarios.kinds import full_name, unknown_word
from scenarios.model import RestoreSpec
from scenarios.problems import Complaint, Path, listed, quoted

_RESTORE: Path = ("spec", "restore")
_MAPPING: Path = (*_RESTORE, "namespaces")
_ISOLATION: Path = ("spec", "isolation")


def check_restore(document: Document) -> Iterator[Complaint]:
    """Yield what is wrong with `spec.restore` and `spec.isolation`."""
    yield from _check_mapping(document)
    restore = document.part(*_RESTORE)
    yield from _check_kinds(document)
    stable, deadline = restore.duration("stableFor"), restore.duration("deadline")
    if stable and deadline and stable >= deadline:
        message = f"expected less than the deadline ({restore.text('deadline')})"
        yield Complaint(path=(*_RESTORE, "stableFor"), message=message)
    yield from _check_classes(restore)
    yield from _check_ready(restore)
    yield from _check_deadline(document)
    yield from _check_isolation(document)


def _check_kinds(document: Document) -> Iterator[Complaint]:
    restore = document.part(*_RESTORE)
    allowed = {full_name(kind) for kind in restore.words("allow")}
    for index, kind in enumerate(restore.rows("exclude")):
        if isinstance(kind, str) and full_name(kind) in allowed:
            message = f"{quoted(kind)} is both excluded and allowed"
            path = (*_RESTORE, "exclude", index)
            yield Complaint(path=path, message=message, hint="take one out")
    for place in (
        (*_RESTORE, "exclude"),
        (*_RESTORE, "allow"),
        ("spec", "backup", "compareWithSource", "except"),
    ):
        for index, kind in enumerate(document.rows(*place)):
            hint = unknown_word(kind) if isinstance(kind, str) else None
            if hint is not None:
                message = f"no kind is called {quoted(kind)}"
                yield Complaint(path=(*place, index), message=message, hint=hint)


def _check_isolation(document: Document) -> Iterator[Complaint]:
    if document.text(*_ISOLATION, "network") != "none":
        return
    if document.flag(*_ISOLATION, "requireProof"):
        message = "isolation that is switched off cannot be proven"
        path = (*_ISOLATION, "requireProof")
        yield Complaint(path=path, message=message, hint="use network: deny")
    if document.has(*_ISOLATION, "prober"):
        message = "a prober has nothing to prove where isolation is switched off"
        path = (*_ISOLATION, "prober")
        yield Complaint(path=path, message=message, hint="use network: deny")


def _check_classes(restore: Document) -> Iterator[Complaint]:
    mapping = restore.texts("storageClasses")
    for old, new in mapping.items():
        if new in mapping:
            message = f"{quoted(new)} is mapped to another class itself"
            path = (*_RESTORE, "storageClasses", old)
            yield Complaint(path=path, message=message, hint="say the class that claims shall get")


def _check_ready(restore: Document) -> Iterator[Complaint]:
    mapping = restore.texts("namespaces")
    for workload in restore.table("ready"):
        source = workload.split("/")[0] if workload.count("/") > 1 else ""
        if source and source not in mapping:
            message = f"{quoted(source)} is not restored: expected {listed(list(mapping))}"
            yield Complaint(path=(*_RESTORE, "ready", workload), message=message, at_key=True)


def _check_deadline(document: Document) -> Iterator[Complaint]:
    said, target = document.text(*_RESTORE, "deadline"), document.text("spec", "objectives", "rto")
    unsaid = RestoreSpec(namespaces={}).deadline
    deadline = Document(said).duration() if said else unsaid
    rto = Document(target).duration()
    if deadline and rto and deadline < rto:
        ends = said or f"{format_duration(unsaid)} (where none is said)"
        message = f"restore.deadline {ends} ends before objectives.rto {target}"
        message += ": no drill could ever tell that this target is missed"
        hint = f"say a deadline of {target} or more"
        where: Path = (*_RESTORE, "deadline") if said else ("spec", "objectives", "rto")
        yield Complaint(path=where, message=message, hint=hint)


def _check_mapping(document: Document) -> Iterator[Complaint]:
    mapping = document.texts(*_MAPPING)
    engine_home = document.text("spec", "backup", "namespace")
    first_source: dict[str, str] = {}
    for source, target in mapping.items():
        path = (*_MAPPING, source)
        if target in mapping:
            yield Complaint(path=path, message=_source_as_target(source, target))
        if target == engine_home:
            message = f"{quoted(target)} is where the backup engine lives; no drill may touch it"
            yield Complaint(path=path, message=message)
        if target in first_source:
            message = f"{quoted(first_source[target])} is restored into {quoted(target)} already"
            hint = "give each source a sandbox of its own"
            yield Complaint(path=path, message=message, hint=hint)
        first_source.setdefault(target, source)


def _source_as_target(source: str, target: str) -> str:
    if source == target:
        return f"{quoted(target)} would be restored onto itself; a drill needs another namespace"
    return f"{quoted(target)} is also a source; no drill may restore into it"
