"""Looks at the sandbox for trouble that waiting cannot mend, and tells once it has stood.

In: the objects that a watch or a listing saw, and the cluster for what they refer to. Out: the
troubles that are final, the prospects of the others. What may not be read makes nothing final.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from drills import objects
from drills.assessment import Seen, troubles_in
from drills.backups import Inventory, ObjectKey
from drills.claim_binding import Storage, binding_trouble, storage
from drills.engine import RestoreOrder
from drills.errors import DrillError, NotServed
from drills.findings import Cause
from drills.objects import KubeObject
from drills.operated import is_custom
from drills.outlook import AbsentMaker, Known, Maker, Outlook, Prospect, prospect
from drills.plan import EXCLUDED, SHARED, rule_for
from drills.ports import Clock, Cluster, Kind
from drills.readiness import Waiting, holds, subject
from drills.troubles import LeftOut, Trouble, is_over
from drills.unstarted import unstarted

EVERY = 2.0
"""Seconds between looks at what the workloads refer to."""
STORAGE_EVERY = 8.0
"""The same for classes and volumes."""
NAMED = (Kind("v1", "Secret"), Kind("v1", "ConfigMap"))
STORAGE_CLASS, VOLUME = Kind("storage.k8s.io/v1", "StorageClass"), Kind("v1", "PersistentVolume")
EVENT = Kind("v1", "Event")
GROWING = frozenset({"TriggeredScaleUp", "Nominated"})
"""Events by which an autoscaler says that a node is coming (cluster-autoscaler, Karpenter)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What the restore brings, as a lookout needs it; namespaces are those of the sandbox."""

    held: frozenset[tuple[str, str, str]] = frozenset()
    volumes: frozenset[str] = frozenset()
    custom: frozenset[str] = frozenset()
    """Custom kinds (`plural.group`) that come back."""
    absent_makers: tuple[AbsentMaker, ...] = ()
    """Custom resources left out for what their operator would do, or by the scenario's wish."""
    left_out: frozenset[tuple[str, str]] = frozenset()


def expected(order: RestoreOrder) -> Expected:
    """Return what the order brings, and leaves out."""
    held, custom, out = set(), set(), set()
    absent: list[AbsentMaker] = []
    for obj in order.inventory.objects:
        key = obj.key
        if key.namespace not in order.namespaces:
            continue
        stays = rule_for(order.left_out, key.resource) or key in order.owned_out
        if stays or obj.explanation is not None:
            out.add((key.resource, key.name))
            rule = rule_for(order.left_out, key.resource)
            if is_custom(key.resource) and rule and rule.reason in {SHARED, EXCLUDED}:
                absent.append(_left_out_maker(key, order.namespaces[key.namespace]))
            continue
        held.add((key.resource, order.namespaces[key.namespace], key.name))
        if is_custom(key.resource):
            custom.add(key.resource)
    return Expected(
        held=frozenset(held),
        volumes=_volumes(order.inventory),
        custom=frozenset(custom),
        absent_makers=tuple(absent),
        left_out=frozenset(out),
    )


def _left_out_maker(key: ObjectKey, namespace: str) -> AbsentMaker:
    return AbsentMaker(
        subject=f"{key.resource} {namespace}/{key.name}",
        namespace=namespace,
        why="was left out of the restore",
        cause=Cause.CONFIGURATION,
    )


def _volumes(inventory: Inventory) -> frozenset[str]:
    return frozenset(o.key.name for o in inventory.objects if o.key.resource == "persistentvolumes")


@dataclass(slots=True, kw_only=True)
class Lookout:
    """One wait's lookout; ask `final` again and again."""

    cluster: Cluster
    clock: Clock
    namespaces: Sequence[str]
    expected: Expected | None
    left_out: LeftOut
    _since: dict[tuple[str, str], float] = field(default_factory=dict)
    _looked: float | None = None
    _storage: Storage | None = None
    _storage_read: float | None = None
    _final: tuple[Trouble, ...] = ()

    def final(self, seen: Seen, waiting: Sequence[Waiting]) -> tuple[Trouble, ...]:
        """Return what has been final for long enough of what is waited for.

        Looks only now and then: each look asks the cluster.
        """
        now = self.clock.monotonic()
        if self._looked is not None and now - self._looked < EVERY:
            return self._final
        self._looked = now
        subjects = {each.subject for each in waiting}
        stands = {
            (t.code, t.subject): (t, p)
            for t, p in self.prospects(seen, waiting)
            if p.outlook is Outlook.FINAL and t.subject in subjects
        }
        self._since = {key: self._since.get(key, now) for key in stands}
        self._final = tuple(
            t for key, (t, p) in stands.items() if now - self._since[key] >= p.after
        )
        return self._final

    def prospects(
        self, seen: Seen, waiting: Sequence[Waiting]
    ) -> tuple[tuple[Trouble, Prospect], ...]:
        """Return each trouble that stands, with what waiting can do about it."""
        if not waiting and not _pods_waiting(seen):
            return ()
        found = self.troubles(seen, waiting)
        known = self._known(seen, found)
        return tuple((trouble, prospect(trouble, known)) for trouble in found)

    def troubles(self, seen: Seen, waiting: Sequence[Waiting]) -> tuple[Trouble, ...]:
        """Return the troubles that the objects show, those they refer to included."""
        events = {"Event": self._listed_here((EVENT,)) or ()} if "Event" not in seen else {}
        said = troubles_in({**seen, **events}, waiting, self.left_out)
        more = [*self._of_pods(_pods_waiting(seen)), *self._of_claims(seen, waiting)]
        return tuple({(t.code, t.subject): t for t in (*said, *more)}.values())

    def _of_pods(self, pods: Sequence[KubeObject]) -> Iterator[Trouble]:
        there = self._names() if pods else None
        for pod in pods:
            yield from unstarted(pod, there, self.left_out)

    def _names(self) -> frozenset[tuple[str, str, str]] | None:
        found: set[tuple[str, str, str]] = set()
        for kind in NAMED:
            listed = self._listed_here((kind,))
            if listed is None:
                return None
            plural = f"{kind.kind.lower()}s"
            found |= {(plural, objects.namespace(o), objects.name(o)) for o in listed}
        return frozenset(found)

    def _of_claims(self, seen: Seen, waiting: Sequence[Waiting]) -> Iterator[Trouble]:
        subjects = {each.subject for each in waiting}
        pending = [
            claim
            for claim in seen.get("PersistentVolumeClaim", ())
            if subject("PersistentVolumeClaim", claim) in subjects
        ]
        there = self._read_storage() if pending else None
        for claim in pending:
            if there and (found := binding_trouble(claim, there)) is not None:
                yield found

    def _read_storage(self) -> Storage | None:
        """Return what the cluster has, read anew now and then: a cluster may have many volumes."""
        now = self.clock.monotonic()
        if self._storage_read is not None and now - self._storage_read < STORAGE_EVERY:
            return self._storage
        self._storage_read = now
        classes, volumes = self._listed(STORAGE_CLASS), self._listed(VOLUME)
        self._storage = None
        if classes is not None and volumes is not None:
            self._storage = storage(classes, volumes, self._volumes_held())
        return self._storage

    def _volumes_held(self) -> frozenset[str]:
        return self.expected.volumes if self.expected else frozenset()

    def _known(self, seen: Seen, found: Sequence[Trouble]) -> Known:
        missing = any(trouble.missing is not None for trouble in found)
        growing = any(trouble.code == "no-node-fits" for trouble in found)
        return Known(
            told=self.expected is not None,
            held=self.expected.held if self.expected else frozenset(),
            makers=tuple(self._makers()) if missing else (),
            absent_makers=tuple(self._absent_makers()) if missing else (),
            templates=frozenset(_templates(seen)),
            growing=frozenset(self._growing()) if growing else frozenset(),
        )

    def _makers(self) -> Iterator[Maker]:
        for resource in sorted(self.expected.custom if self.expected else ()):
            try:
                served = self.cluster.served_resource(resource)
            except DrillError:
                continue
            for obj in (
                self._listed_here((Kind(served.api_version, served.kind),), whole=True) or ()
            ):
                yield Maker(
                    subject=subject(served.kind, obj),
                    namespace=objects.namespace(obj),
                    name=objects.name(obj),
                    words=frozenset(_texts(objects.dig(obj, "spec"))),
                )

    def _absent_makers(self) -> Iterator[AbsentMaker]:
        if self.expected is None:
            return
        yield from self.expected.absent_makers
        for resource in sorted(self.expected.custom):
            try:
                self.cluster.served_resource(resource)
            except NotServed:
                for held, namespace, name in sorted(self.expected.held):
                    if held == resource:
                        yield AbsentMaker(
                            subject=f"{resource} {namespace}/{name}",
                            namespace=namespace,
                            why="is of a kind that this cluster does not serve",
                            cause=Cause.ENVIRONMENT,
                        )
            except DrillError:
                continue

    def _growing(self) -> Iterator[str]:
        for event in self._listed_here((EVENT,), whole=True) or ():
            if objects.text(event, "reason") in GROWING:
                about: KubeObject = {"metadata": objects.mapping(event, "involvedObject")}
                yield subject(objects.text(event, "involvedObject", "kind"), about)

    def _listed_here(
        self, kinds: Sequence[Kind], *, whole: bool = False
    ) -> tuple[KubeObject, ...] | None:
        partial = not whole and kinds != (EVENT,)
        found = [
            self._listed(kind, namespace, partial=partial)
            for kind in kinds
            for namespace in self.namespaces
        ]
        if any(one is None for one in found):
            return None
        return tuple(obj for one in found for obj in one or ())

    def _listed(
        self, kind: Kind, namespace: str = "", *, partial: bool = False
    ) -> tuple[KubeObject, ...] | None:
        try:
            return tuple(self.cluster.list(kind, namespace, metadata_only=partial))
        except NotServed:
            return ()
        except DrillError:
            return None


def with_prospect(trouble: Trouble, found: Prospect) -> Trouble:
    """Return the trouble with its outlook in words; what may still be made blames nobody."""
    if not found.why:
        return trouble
    detail = f"{trouble.detail.rstrip('.')}; {found.why}"
    innocent = found.cause is not None or found.outlook is not Outlook.FINAL
    if not innocent or not trouble.blames:
        return replace(trouble, detail=detail)
    cause = found.cause or Cause.ENVIRONMENT
    return replace(trouble, code="reference-awaited", cause=cause, blames=False, detail=detail)


def _pods_waiting(seen: Seen) -> list[KubeObject]:
    return [pod for pod in seen.get("Pod", ()) if not holds(pod, "Ready") and not is_over(pod)]


def _templates(seen: Seen) -> Iterator[tuple[str, str]]:
    for workload in seen.get("StatefulSet", ()):
        for template in objects.items(workload, "spec", "volumeClaimTemplates"):
            start = f"{objects.name(template)}-{objects.name(workload)}-"
            yield objects.namespace(workload), start


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _texts(part)
