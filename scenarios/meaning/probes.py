"""Probes: names, namespaces and times that fit the scenario around them."""

from collections.abc import Iterator

from scenarios.document import Document
from scenarios.problems import Complaint, Path, did_you_mean, listed, quoted
from scenarios.proofs import can_show_data, kind_of

_CLUSTER_SCOPED = frozenset(
    {"APIService", "ClusterRole", "ClusterRoleBinding", "CSIDriver", "CustomResourceDefinition"}
    | {"IngressClass", "Namespace", "Node", "PersistentVolume", "PriorityClass", "RuntimeClass"}
    | {"StorageClass", "VolumeSnapshotClass", "VolumeSnapshotContent"}
)


def check_probes(document: Document) -> Iterator[Complaint]:
    """Yield what is wrong with single probes."""
    first_with: dict[str, int] = {}
    for index, (path, probe) in enumerate(document.probes()):
        name = probe.text("name")
        if name and name in first_with:
            message = f"{quoted(name)} is the name of spec.probes[{first_with[name]}] already"
            yield Complaint(path=(*path, "name"), message=message)
        first_with.setdefault(name, index)
        yield from _check_namespace(document, path, probe)
        yield from _check_times(document, path, probe)
        yield from _check_selector(path, probe)
        if probe.text("proves") == "data" and not can_show_data(kind_of(probe)):
            message = f"a {kind_of(probe)} probe sees nothing of the data"
            hint = "ask with sql, exec, canary or http for something only the data can answer"
            yield Complaint(path=(*path, "proves"), message=message, hint=hint)


def _check_namespace(document: Document, path: Path, probe: Document) -> Iterator[Complaint]:
    kind, mapping = kind_of(probe), document.texts("spec", "restore", "namespaces")
    if not kind or not mapping or not isinstance(probe.at(kind), dict):
        return
    namespace = probe.text(kind, "namespace")
    if namespace and namespace not in mapping:
        sources = {target: source for source, target in mapping.items()}
        message = f"{quoted(namespace)} is not restored: expected {listed(list(mapping))}"
        hint = did_you_mean(namespace, mapping)
        if namespace in sources:
            hint = f"say the source, {quoted(sources[namespace])}: the drill maps it"
        yield Complaint(path=(*path, kind, "namespace"), message=message, hint=hint)
    elif "namespace" not in probe.table(kind) and len(mapping) > 1 and _has_namespace(probe, kind):
        message = f"several namespaces are restored: say which, {listed(list(mapping))}"
        yield Complaint(path=(*path, kind), message=message, hint="add namespace:", at_key=True)


def _has_namespace(probe: Document, kind: str) -> bool:
    # A script runs outside the cluster and learns of all namespaces.
    if kind == "script":
        return False
    return kind != "resource" or probe.text(kind, "kind") not in _CLUSTER_SCOPED


def _check_selector(path: Path, probe: Document) -> Iterator[Complaint]:
    if "name" in probe.table("resource") and "labels" in probe.table("resource"):
        message = "one object by name, or several by labels: not both"
        yield Complaint(path=(*path, "resource", "labels"), message=message, at_key=True)
    for login in (("sql",), ("canary", "sql")):
        if probe.table(*login):
            yield from _check_login((*path, *login), probe.part(*login))


def _check_login(path: Path, question: Document) -> Iterator[Complaint]:
    said, named = question.table().keys(), question.table("loginFrom").keys()
    if {"password", "passwordFrom"} <= said:
        message = "a password, or the Secret that holds it: not both"
        yield Complaint(path=(*path, "password"), message=message, at_key=True)
    if {"passwordFrom", "loginFrom"} <= said:
        message = "one Secret: loginFrom.password names the key, or passwordFrom alone"
        yield Complaint(path=(*path, "passwordFrom"), message=message, at_key=True)
    for word in ("user", "password", "database"):
        if word in said and word in named:
            message = f"{word} is said here, and loginFrom names a key for it: not both"
            yield Complaint(path=(*path, word), message=message, at_key=True)
        if word not in said and word not in named and word != "password":
            hint = f"say {word}, or loginFrom.{word} for the key of a restored Secret"
            yield Complaint(path=(*path, word), message="this key is missing", hint=hint)


def _check_times(document: Document, path: Path, probe: Document) -> Iterator[Complaint]:
    said = document.text("spec", "restore", "deadline") or "30m"
    deadline = Document(said).duration()
    for key in ("timeout", "interval", "initialDelay"):
        found = probe.duration(key)
        if deadline and found and found >= deadline:
            message = f"expected less than the restore's deadline ({said})"
            message += f", found {quoted(probe.text(key))}"
            yield Complaint(path=(*path, key), message=message)
