"""What every simulated controller is given.

In: the objects, the faults a test switched on, a clock. Out: nothing; it is passed along.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from embedded.controllers.pod_faults import PodFaults
from embedded.objects import Objects


class Task(NamedTuple):
    """What a controller has to look at again; an empty name means all of the namespace."""

    kind: str
    namespace: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The surroundings of a controller.

    Attributes:
        objects: the cluster's objects.
        faults: what goes wrong with pods on purpose.
        note: asks for work on a task.
        now: the clock behind all timestamps.
        any_storage_class: whether a claim's unknown StorageClass is made up, so that backups of
            other clusters can be restored here.
    """

    objects: Objects
    faults: PodFaults
    note: Callable[[Task], None]
    now: Callable[[], datetime]
    any_storage_class: bool

    def timestamp(self) -> str:
        """Return the current time as Kubernetes writes it."""
        return self.now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
