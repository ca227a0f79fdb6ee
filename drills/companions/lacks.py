"""What the pods of a backup name and the backup does not hold. Pure; cost grows with the names.

In: the backup's objects, one after another. Out: Lacks. Names are remembered as numbers, since a
backup may hold a million Secrets and ConfigMaps.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum

from drills.backups import Maker, ObjectKey
from drills.companions.makers import may_make, named_after
from drills.companions.named import ACCOUNTS, CLAIMS, CONFIG_MAPS, SECRETS, Naming

COMPANIONS = frozenset({SECRETS, CONFIG_MAPS, ACCOUNTS, CLAIMS})
GIVEN = frozenset(
    {
        (ACCOUNTS, "default"),
        (CONFIG_MAPS, "kube-root-ca.crt"),
        (CONFIG_MAPS, "openshift-service-ca.crt"),
        (CONFIG_MAPS, "istio-ca-root-cert"),
    }
)
"""What a controller of the cluster puts into every namespace."""
GIVEN_PULLS = "-dockercfg-"
"""OpenShift makes pull secrets `<account>-dockercfg-xxxxx` for each ServiceAccount."""
MOST_CUSTOM = 200_000
"""Custom resources whose names are remembered."""
SHOWN = 3


class Seen(Enum):
    """What the backup shows of those who name the missing thing."""

    RUNNING = "a pod that names it was running"
    NOT_RUNNING = "no pod that names it was running"
    UNBORN = "only workloads name it, and no pod of theirs is in the backup"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lack:
    """One thing that pods name and the backup does not hold."""

    key: ObjectKey
    by: tuple[str, ...]
    """The first few that name it."""
    count: int
    seen: Seen
    only_pulls: bool
    maker: ObjectKey | None = None
    """A custom resource of the backup that may make it."""
    guessed: bool = False
    """Whether the maker is only called alike."""


@dataclass(slots=True)
class _Users:
    by: list[str] = field(default_factory=list)
    count: int = 0
    pods: int = 0
    running: bool = False
    needed: bool = False

    def add(self, one: Naming, *, needed: bool) -> None:
        self.count += 1
        if len(self.by) < SHOWN:
            self.by.append(str(one))
        self.pods += one.key.resource == "pods"
        self.running = self.running or one.phase == "Running"
        self.needed = self.needed or needed


class Companions:
    """Fills while a backup is read; then tells what it lacks."""

    def __init__(self) -> None:
        self._held: set[int] = set()
        self._custom: dict[tuple[str, str], str] = {}
        self._makers: dict[tuple[str, str], ObjectKey] = {}
        self._users: dict[ObjectKey, _Users] = defaultdict(_Users)
        self._peopled: set[str] = set()

    def see(self, resource: str, namespace: str, name: str) -> None:
        """Take note that the backup holds an object."""
        if resource in COMPANIONS:
            self._held.add(hash((resource, namespace, name)))
        elif namespace and may_make(resource) and len(self._custom) < MOST_CUSTOM:
            self._custom.setdefault((namespace, name), resource)

    def add(self, naming: Naming) -> None:
        """Take note of what a pod or workload names."""
        if naming.key.resource == "pods":
            self._peopled.add(naming.key.namespace)
        for resource, name in naming.needs:
            self._use(naming, resource, name, needed=True)
        for name in naming.pulls:
            if GIVEN_PULLS not in name:
                self._use(naming, SECRETS, name, needed=False)

    def make(self, maker: Maker) -> None:
        """Take note of what a custom resource makes."""
        for name in maker.makes:
            self._makers.setdefault((maker.key.namespace, name), maker.key)

    def lacks(self) -> Iterator[Lack]:
        """Yield what is missing, in order."""
        for key in sorted(self._users):
            if _number(key) not in self._held:
                yield self._lack(key, self._users[key])

    def _use(self, naming: Naming, resource: str, name: str, *, needed: bool) -> None:
        if (resource, name) not in GIVEN:
            key = ObjectKey(resource=resource, namespace=naming.key.namespace, name=name)
            self._users[key].add(naming, needed=needed)

    def _lack(self, key: ObjectKey, users: _Users) -> Lack:
        made = key.resource == SECRETS  # the makers that the table knows make nothing else
        sure = self._makers.get((key.namespace, key.name)) if made else None
        maker = sure or self._called_alike(key)
        return Lack(
            key=key,
            by=tuple(users.by),
            count=users.count,
            seen=self._seen(key, users),
            only_pulls=not users.needed,
            maker=maker,
            guessed=sure is None and maker is not None,
        )

    def _seen(self, key: ObjectKey, users: _Users) -> Seen:
        """Without any pod of the namespace in the backup its workloads are taken to have run."""
        if users.running or (not users.pods and key.namespace not in self._peopled):
            return Seen.RUNNING
        return Seen.NOT_RUNNING if users.pods else Seen.UNBORN

    def _called_alike(self, key: ObjectKey) -> ObjectKey | None:
        if key.resource not in {SECRETS, CONFIG_MAPS, ACCOUNTS}:
            return None
        for name in named_after(key.name):
            resource = self._custom.get((key.namespace, name))
            if resource is not None:
                return ObjectKey(resource=resource, namespace=key.namespace, name=name)
        return None


def _number(key: ObjectKey) -> int:
    return hash((key.resource, key.namespace, key.name))


def companions_of(
    held: Iterable[ObjectKey], namings: Iterable[Naming], makers: Iterable[Maker]
) -> Companions:
    """Return the companions of a backup that is read already."""
    found = Companions()
    for key in held:
        found.see(key.resource, key.namespace, key.name)
    for naming in namings:
        found.add(naming)
    for maker in makers:
        found.make(maker)
    return found
