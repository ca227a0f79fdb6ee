"""The PodVolumeBackups of a backup, found by the pod or the claim that they saved."""

from collections import defaultdict
from collections.abc import Iterable

from embedded.json_objects import JsonObject, section


class VolumeBackups:
    """All PodVolumeBackups of one backup."""

    def __init__(self, found: Iterable[JsonObject] = ()) -> None:
        self._by_pod: dict[tuple[str, str], list[JsonObject]] = defaultdict(list)
        self._claims: set[tuple[str, str]] = set()
        for one in found:
            pod = section(one, "spec", "pod")
            place = str(pod.get("namespace"))
            if section(one, "status").get("snapshotID"):
                self._by_pod[place, str(pod.get("name"))].append(one)
                claim = section(one, "metadata", "annotations").get("velero.io/pvc-name")
                self._claims.add((place, str(claim)))

    def of_pod(self, namespace: str, name: str) -> Iterable[JsonObject]:
        """Return those with data of a pod, by its namespace in the backup."""
        return self._by_pod.get((namespace, name), ())

    def has_claim(self, namespace: object, name: object) -> bool:
        """Return whether there is data of a claim, by its namespace in the backup."""
        return (str(namespace), str(name)) in self._claims
