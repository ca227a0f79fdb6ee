"""What a restore has to say: warnings, errors, what became of each item.

In: remarks and outcomes while it runs. Out: the contents of the results and resource-list files
(velero v1.18, pkg/util/results, pkg/restore/request.go).
"""

from dataclasses import dataclass, field

from embedded.json_objects import JsonObject

CREATED, UPDATED, SKIPPED, FAILED = "created", "updated", "skipped", "failed"


@dataclass(slots=True)
class Remarks:
    """Warnings, or errors, by whom they are about."""

    velero: list[str] = field(default_factory=list)
    cluster: list[str] = field(default_factory=list)
    namespaces: dict[str, list[str]] = field(default_factory=dict)

    def add(self, namespace: str, text: str) -> None:
        """Note a remark about a namespace; an empty one means the cluster."""
        if namespace:
            self.namespaces.setdefault(namespace, []).append(text)
        else:
            self.cluster.append(text)

    def __len__(self) -> int:
        return len(self.velero) + len(self.cluster) + sum(map(len, self.namespaces.values()))

    def merge(self, other: "Remarks") -> None:
        """Take in another's remarks."""
        self.velero += other.velero
        self.cluster += other.cluster
        for namespace, texts in other.namespaces.items():
            self.namespaces.setdefault(namespace, []).extend(texts)

    def as_json(self) -> JsonObject:
        """Return the remarks as the results file has them; empty parts are left out."""
        parts = {"velero": self.velero, "cluster": self.cluster, "namespaces": self.namespaces}
        return {key: value for key, value in parts.items() if value}


@dataclass(slots=True)
class Outcome:
    """What became of one item."""

    action: str = ""
    exists: bool = False


@dataclass(slots=True)
class Results:
    """All that a restore has to say.

    Attributes:
        warnings: what did not go as hoped.
        errors: what went wrong; any makes the restore PartiallyFailed.
        items: outcomes by `apiVersion/Kind`, target namespace and name.
    """

    warnings: Remarks = field(default_factory=Remarks)
    errors: Remarks = field(default_factory=Remarks)
    items: dict[tuple[str, str, str], Outcome] = field(default_factory=dict)

    def as_json(self) -> JsonObject:
        """Return the content of the results file."""
        return {"errors": self.errors.as_json(), "warnings": self.warnings.as_json()}

    def resource_list(self) -> dict[str, list[str]]:
        """Return the content of the resource-list file: `ns/name(action)` by `version/Kind`."""
        listed: dict[str, list[str]] = {}
        for (kind, namespace, name), outcome in self.items.items():
            place = f"{namespace}/{name}" if namespace else name
            listed.setdefault(kind, []).append(f"{place}({outcome.action})")
        return {kind: sorted(listed[kind]) for kind in sorted(listed)}
