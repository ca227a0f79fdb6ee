"""Where the engine lives: its ports and its namespace, and the two things done through both.

In: EnginePorts. Out: objects created with journal and audit entry, and removed again.
"""

from dataclasses import dataclass, field

from drills import objects
from drills.engine import EnginePorts
from drills.errors import DrillError, Interrupted
from drills.marks import MANAGED_BY, MANAGER
from drills.objects import KubeObject
from drills.ports import Kind, Marked


@dataclass(slots=True)
class Health:
    """What was learnt of the server on the way, so that nobody waits for it twice."""

    silent: bool = False
    """It left a status request unanswered."""
    away: str = ""
    """Why nobody is there to answer anything, '' where somebody may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One Velero, as this drill reaches it."""

    ports: EnginePorts
    namespace: str
    health: Health = field(default_factory=Health)

    def make(self, obj: KubeObject) -> KubeObject:
        """Create `obj`, written into the journal before and after; raises what create raises."""
        kind = Kind(objects.text(obj, "apiVersion"), objects.text(obj, "kind"))
        name = objects.name(obj)
        self.ports.journal.intend(Marked(kind=kind, namespace=self.namespace, name=name))
        made = self.ports.cluster.create(obj)
        self.ports.journal.made(self.marked(kind, made))
        self._tell("create", "success", kind, made)
        return made

    def unmake(self, kind: Kind, obj: KubeObject, *, unchanged: bool = False) -> None:
        """Ask for the deletion of exactly this object (uid as precondition).

        With `unchanged` only as it is in `obj`; raises Conflicted where somebody touched it.
        """
        version = objects.text(obj, "metadata", "resourceVersion") if unchanged else ""
        self.ports.cluster.delete(
            kind, self.namespace, objects.name(obj), uid=objects.uid(obj), version=version
        )
        self._tell("delete", "accepted", kind, obj)

    def discard(self, kind: Kind, obj: KubeObject) -> None:
        """Delete a request of ours; one that cannot be deleted Velero drops itself in minutes."""
        try:
            self.unmake(kind, obj)
        except DrillError as error:
            where = f"{kind.kind} {self.namespace}/{objects.name(obj)}"
            self.ports.listener.action("delete", where, "failed", {"error": str(error)})
            return
        self.ports.journal.gone(self.marked(kind, obj))

    def request_labels(self) -> dict[str, str]:
        """Return the marks for requests made before there is an order."""
        return {MANAGED_BY: MANAGER, **self.ports.labels}

    def marked(self, kind: Kind, obj: KubeObject) -> Marked:
        """Return the journal's word for `obj`."""
        return Marked(
            kind=kind, namespace=self.namespace, name=objects.name(obj), uid=objects.uid(obj)
        )

    def check_stop(self) -> None:
        """Raise Interrupted once the drill was asked to stop."""
        if self.ports.stop():
            raise Interrupted("the drill was asked to stop")

    def _tell(self, action: str, status: str, kind: Kind, obj: KubeObject) -> None:
        where = f"{kind.kind} {self.namespace}/{objects.name(obj)}"
        self.ports.listener.action(action, where, status, {"uid": objects.uid(obj)})
