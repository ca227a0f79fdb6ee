"""What a Velero Backup's own spec leaves out. Pure: the Backup object in, a BackupScope out.

Fields: `includedResources`, `excludedResources` and, since 1.11, their namespace-scoped twins;
`labelSelector` and `orLabelSelectors` decide object by object, and since 1.17 so may a resource
policy, which is not read here. The exclusion label is Velero's (`ExcludeFromBackupLabel`).
"""

from drills import objects
from drills.coverage.scope import BackupScope
from drills.objects import KubeObject

VERBS = frozenset({"list", "create", "get", "delete"})
"""A kind whose API lacks one of them Velero never backs up (`filterByVerbs`, its discovery)."""
EXCLUSION = ("velero.io/exclude-from-backup", "true")
_FILTERS = {
    "labelSelector": "its label selector",
    "orLabelSelectors": "its label selectors",
    "resourcePolicy": "its resource policy",
}


def scope_of(backup: KubeObject) -> BackupScope:
    """Return which kinds and objects the Backup was asked for."""
    filters = (words for field, words in _FILTERS.items() if objects.dig(backup, "spec", field))
    return BackupScope(
        included=_kinds(backup, "includedResources", "includedNamespaceScopedResources"),
        excluded=_kinds(backup, "excludedResources", "excludedNamespaceScopedResources"),
        verbs=VERBS,
        filtered=next(filters, ""),
        exclusion=EXCLUSION,
    )


def _kinds(backup: KubeObject, *fields: str) -> tuple[str, ...]:
    found = (word for field in fields for word in objects.items(backup, "spec", field))
    return tuple(word for word in found if isinstance(word, str))
