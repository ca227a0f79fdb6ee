"""Whether a pending claim can ever be bound. Pure.

In: a claim, the cluster's StorageClasses and PersistentVolumes. Out: why it cannot, or None where
it can or is not known. The rules are those of Kubernetes' volume binder
(`pkg/controller/volume/persistentvolume`, 1.34): an empty class is never provisioned, an absent
one is the default, a claim that names a volume waits for that one alone.

| the claim | the cluster has | it cannot bind |
|---|---|---|
| names a volume | no such volume | yes |
| | it, kept for or bound to another claim | yes |
| | it, with other access modes | yes |
| | it, free | no |
| asks for class `""` | a free volume of no class with its access modes | no |
| | none | yes |
| asks for no class | no default class | like `""` |
| names a class | no such class | yes |
| | it, without a provisioner, and no free volume of it | yes |
| | it | no |
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from drills import objects
from drills.findings import Cause
from drills.objects import KubeObject
from drills.readiness import subject
from drills.troubles import Trouble

IS_DEFAULT = (
    "storageclass.kubernetes.io/is-default-class",
    "storageclass.beta.kubernetes.io/is-default-class",
)
NO_PROVISIONER = "kubernetes.io/no-provisioner"


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """What the cluster has, by what a claim asks for: thousands of claims may wait at once."""

    classes: Mapping[str, KubeObject]
    default: bool
    """Whether a class is the default one."""
    volumes: Mapping[str, KubeObject]
    unkept: Mapping[str, frozenset[frozenset[object]]]
    """The access modes of the volumes that are kept for no claim, by class."""
    kept: Mapping[tuple[str, str], tuple[KubeObject, ...]]
    """Those that are kept for a claim, by its namespace and name."""
    held: frozenset[str] = frozenset()
    """Names of the volumes that the backup holds."""


def storage(
    classes: Sequence[KubeObject],
    volumes: Iterable[KubeObject],
    held: frozenset[str] = frozenset(),
) -> Storage:
    """Return what the cluster has, in the order that claims ask for it."""
    named: dict[str, KubeObject] = {}
    unkept: dict[str, set[frozenset[object]]] = defaultdict(set)
    kept: dict[tuple[str, str], list[KubeObject]] = defaultdict(list)
    for volume in volumes:
        named[objects.name(volume)] = volume
        if claim := objects.mapping(volume, "spec", "claimRef"):
            place = objects.text(claim, "namespace"), objects.text(claim, "name")
            kept[place].append(volume)
        else:
            unkept[objects.text(volume, "spec", "storageClassName")].add(_modes(volume))
    return Storage(
        classes={objects.name(one): one for one in classes},
        default=any(map(_is_default, classes)),
        volumes=named,
        unkept={name: frozenset(modes) for name, modes in unkept.items()},
        kept={place: tuple(found) for place, found in kept.items()},
        held=held,
    )


def binding_trouble(claim: KubeObject, storage: Storage) -> Trouble | None:
    """Return why the claim can never be bound."""
    if objects.text(claim, "status", "phase") not in {"", "Pending"}:
        return None
    if name := objects.text(claim, "spec", "volumeName"):
        return _of_named(claim, name, storage)
    asked = objects.dig(claim, "spec", "storageClassName")
    if asked is None and storage.default:
        return None
    if not asked:
        if _free(claim, "", storage):
            return None
        words = "asks for no StorageClass" if asked == "" else "needs a default StorageClass"
        return _cannot(claim, f"it {words}, and there is {_lack(asked)} for it")
    return _of_class(claim, str(asked), storage)


def _lack(asked: object) -> str:
    return "no free volume" if asked == "" else "none, and no free volume"


def _of_named(claim: KubeObject, name: str, storage: Storage) -> Trouble | None:
    volume = storage.volumes.get(name)
    if volume is None:
        lost = name not in storage.held
        more = " and is not in the backup either" if lost else ""
        why = f"it names the volume {name}, which does not exist in the cluster{more}"
        return _cannot(claim, why, blames=lost)
    if not _is_free(volume, claim):
        other = objects.mapping(volume, "spec", "claimRef")
        whose = f"{objects.text(other, 'namespace')}/{objects.text(other, 'name')}"
        return _cannot(claim, f"it names the volume {name}, which belongs to claim {whose}")
    if not _has_modes(volume, claim):
        return _cannot(claim, f"it names the volume {name}, which has other access modes")
    return None


def _of_class(claim: KubeObject, name: str, storage: Storage) -> Trouble | None:
    found = storage.classes.get(name)
    if _free(claim, name, storage):
        return None
    if found is None:
        return _cannot(claim, f"there is no storage class {name}", code="storage-class-missing")
    if objects.text(found, "provisioner") == NO_PROVISIONER:
        return _cannot(claim, f"class {name} makes no volumes, and none of it is free")
    return None


def _free(claim: KubeObject, name: str, storage: Storage) -> bool:
    wanted = _modes(claim)
    if any(wanted <= offered for offered in storage.unkept.get(name, ())):
        return True
    return any(
        objects.text(v, "spec", "storageClassName") == name
        and _is_free(v, claim)
        and _has_modes(v, claim)
        for v in storage.kept.get((objects.namespace(claim), objects.name(claim)), ())
    )


def _is_free(volume: KubeObject, claim: KubeObject) -> bool:
    kept_for = objects.mapping(volume, "spec", "claimRef")
    if not kept_for:
        return True
    same = (objects.namespace(claim), objects.name(claim)) == (
        objects.text(kept_for, "namespace"),
        objects.text(kept_for, "name"),
    )
    return same and objects.text(kept_for, "uid") in {"", objects.uid(claim)}


def _has_modes(volume: KubeObject, claim: KubeObject) -> bool:
    return _modes(claim) <= _modes(volume)


def _modes(obj: KubeObject) -> frozenset[object]:
    return frozenset(objects.items(obj, "spec", "accessModes"))


def _is_default(storage_class: KubeObject) -> bool:
    found = objects.mapping(storage_class, "metadata", "annotations")
    return any(found.get(key) == "true" for key in IS_DEFAULT)


def _cannot(
    claim: KubeObject, why: str, *, code: str = "claim-cannot-bind", blames: bool = False
) -> Trouble:
    return Trouble(
        code=code,
        cause=Cause.BACKUP if blames else Cause.ENVIRONMENT,
        subject=subject("PersistentVolumeClaim", claim),
        namespace=objects.namespace(claim),
        detail=why,
        blames=blames,
    )
