"""What an archive holds: its entries become objects, one at a time, so memory stays bounded.

In: an open archive. Out: the inventory's objects and findings for what is damaged. The layout is
that of Velero v1.18 `pkg/backup`, `pkg/archive`: `resources/<plural>[.<group>]/cluster/NAME.json`
or `.../namespaces/NS/NAME.json`, and a duplicate of each below a version folder, which is skipped.
"""

from collections.abc import Collection
from dataclasses import dataclass, field

from drills.addresses import address_uses, addresses_of
from drills.backups import (
    AddressUse,
    BackedUpObject,
    ClusterBinding,
    FoundName,
    Maker,
    ObjectKey,
    Operated,
    Reach,
)
from drills.cluster_rights import binding_of
from drills.companions.makers import maker_of
from drills.engines.velero.judgement import backed_up, with_data
from drills.engines.velero.reaches import reaches
from drills.objects import KubeObject
from drills.operated import operated_of
from drills.rewriting import named_in

VERSION_FILE = "metadata/version"
KNOWN_FORMATS = frozenset({"1", "1.1.0"})
"""Format versions that Velero has written so far; 1.14 to 1.18 write 1.1.0."""

_CLUSTER_DEPTH = 4
_NAMESPACED_DEPTH = 5


@dataclass(slots=True, kw_only=True)
class Contents:
    """What was found, filled while the archive is read."""

    namespaces: Collection[str] = ()
    """Where names are looked for that may be those of Services there."""
    found: dict[ObjectKey, BackedUpObject] = field(default_factory=dict)
    reaches: list[Reach] = field(default_factory=list)
    named: list[FoundName] = field(default_factory=list)
    address_uses: list[AddressUse] = field(default_factory=list)
    addresses: dict[str, str] = field(default_factory=dict)
    bindings: list[ClusterBinding] = field(default_factory=list)
    operated: list[Operated] = field(default_factory=list)
    makers: list[Maker] = field(default_factory=list)

    def take(self, key: ObjectKey, obj: KubeObject) -> BackedUpObject:
        """Take one object in; return it as the inventory keeps it."""
        kept = backed_up(key, obj)
        if kept.owner is None:
            self.reaches.extend(reaches(key, obj))
            self.address_uses.extend(address_uses(key, obj))
        self.addresses.update(addresses_of(key, obj))
        if binding := binding_of(key, obj):
            self.bindings.append(binding)
        if key.namespace in self.namespaces:
            kept = self._looked_into(kept, obj)
        self.found[key] = kept
        return kept

    def _looked_into(self, kept: BackedUpObject, obj: KubeObject) -> BackedUpObject:
        if operated := operated_of(kept.key, obj):
            self.operated.append(operated)
        if maker := maker_of(kept.key, obj):
            self.makers.append(maker)
        named = named_in(kept.key, obj, self.namespaces)
        self.named.extend(named)
        return with_data(kept, obj, {n.place.key for n in named}) if named else kept


def key_of(path: str) -> ObjectKey | None:
    """Return which object a path names, None for a version folder's duplicate and the rest."""
    parts = path.split("/")
    if parts[0] != "resources" or not path.endswith(".json"):
        return None
    if len(parts) == _CLUSTER_DEPTH and parts[2] == "cluster":
        return ObjectKey(resource=parts[1], namespace="", name=parts[3].removesuffix(".json"))
    if len(parts) == _NAMESPACED_DEPTH and parts[2] == "namespaces":
        name = parts[4].removesuffix(".json")
        return ObjectKey(resource=parts[1], namespace=parts[3], name=name)
    return None
