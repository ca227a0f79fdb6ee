"""The backup's own resource list against its archive: what is named must be there. Pure.

In: `<backup>-resource-list.json.gz` and the archive's objects. Out: findings. Kinds are compared
by group and kind, since list and archive may name different versions of one object.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from drills.backups import BackedUpObject
from drills.engines.velero.remarks import damage, warning
from drills.findings import Cause, Finding

Named = tuple[str, str, str, str]
"""Group, kind, namespace, name."""

MOST_NAMES = 5
ADDED_LATER = ("velero.io", "DataUpload")
"""Archived when the data has been moved, after the list was written (v1.14 to v1.18
`pkg/backup/backup.go`, FinalizeBackup)."""


def compare_with_list(
    document: object,
    found: Iterable[BackedUpObject],
    damaged: frozenset[str],
    scope: frozenset[str] | None = None,
) -> tuple[Finding, ...]:
    """Return a critical finding for each kind with objects named but not archived.

    `scope` is given for a backup that is known to have failed in part: what was lost in
    namespaces outside of it is then only a warning.
    """
    listed = frozenset(named_in(document))
    archived = frozenset(
        (_group(o.api_version), o.kind, o.key.namespace, o.key.name) for o in found
    )
    lost = {n for n in listed - archived if f"{n[2]}/{n[3]}" not in damaged}
    strange = {n for n in archived - listed if n[:2] != ADDED_LATER}
    elsewhere = {n for n in lost if scope is not None and n[2] and n[2] not in scope}
    return (
        *(_lost(kind, names) for kind, names in _by_kind(lost - elsewhere).items()),
        *(_elsewhere(kind, names) for kind, names in _by_kind(elsewhere).items()),
        *(_unlisted(kind, names) for kind, names in _by_kind(strange).items()),
    )


def named_in(document: object) -> Iterable[Named]:
    """Yield what a list `{"apps/v1/Deployment": ["ns/name", ...]}` names."""
    lists = document if isinstance(document, Mapping) else {}
    for word, names in lists.items():
        version, _, kind = str(word).rpartition("/")
        for entry in names if isinstance(names, list) else ():
            namespace, _, name = str(entry).rpartition("/")
            yield _group(version), kind, namespace, name


def _group(api_version: str) -> str:
    return api_version.rpartition("/")[0]


def _by_kind(named: Iterable[Named]) -> Mapping[str, list[str]]:
    kinds: dict[str, list[str]] = defaultdict(list)
    for group, kind, namespace, name in sorted(named):
        kinds[f"{kind}.{group}" if group else kind].append(
            f"{namespace}/{name}" if namespace else name
        )
    return kinds


def _lost(kind: str, names: list[str]) -> Finding:
    return damage(
        "archive-incomplete",
        kind,
        f"The backup's own list names {len(names)} {kind} that the archive lacks: {_some(names)}.",
        "Look at the backup's log for errors about these objects, then take a new backup.",
    )


def _elsewhere(kind: str, names: list[str]) -> Finding:
    return warning(
        "archive-incomplete-elsewhere",
        kind,
        f"The backup lacks {len(names)} {kind} of namespaces not drilled here: {_some(names)}.",
        "Look at the backup's log for errors about these objects.",
        cause=Cause.BACKUP,
    )


def _unlisted(kind: str, names: list[str]) -> Finding:
    return warning(
        "list-incomplete",
        kind,
        f"The archive holds {len(names)} {kind} that the backup's own list lacks: {_some(names)}.",
        "The archive or its list was written by something else than one run of Velero.",
        cause=Cause.BACKUP,
    )


def _some(names: list[str]) -> str:
    return ", ".join(names[:MOST_NAMES]) + (" …" if len(names) > MOST_NAMES else "")
