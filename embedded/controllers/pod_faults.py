"""What can go wrong with pods on purpose.

In: rules by namespace and pod name with `*` wildcards. Out: the fault that hits a pod, if any.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

from embedded.json_objects import JsonObject, name_of, namespace_of


class PodFault(StrEnum):
    """How a pod fails to become ready."""

    IMAGE_PULL = "image-pull"
    UNSCHEDULABLE = "unschedulable"
    CRASH_LOOP = "crash-loop"
    NEVER_READY = "never-ready"


@dataclass(frozen=True, slots=True, kw_only=True)
class PodRule:
    """A fault and the pods that it hits."""

    fault: PodFault
    namespace: str
    name: str


class PodFaults:
    """The faults switched on; `changed` is called after each change so that pods feel it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: tuple[PodRule, ...] = ()
        self.changed: Callable[[], None] = lambda: None

    def add(self, fault: PodFault | str, *, namespace: str = "*", name: str = "*") -> None:
        """Let matching pods fail from now on; the newest matching rule decides."""
        rule = PodRule(fault=PodFault(fault), namespace=namespace, name=name)
        with self._lock:
            self._rules = (rule, *self._rules)
        self.changed()

    def clear(self) -> None:
        """Turn all pod faults off; the pods recover."""
        with self._lock:
            self._rules = ()
        self.changed()

    def of(self, pod: JsonObject) -> PodFault | None:
        """Return what is wrong with this pod, or None."""
        place, name = namespace_of(pod), name_of(pod)
        for rule in self._rules:
            if fnmatchcase(place, rule.namespace) and fnmatchcase(name, rule.name):
                return rule.fault
        return None
