"""All simulated controllers on one thread.

In: every change of the objects that they look after. Out: the controller of each changed object,
of its owner and of what depends on it is called, in order, within milliseconds.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime

from embedded.control_loop import ControlLoop
from embedded.controllers.claims import sync_claim, sync_volume
from embedded.controllers.context import Context, Task
from embedded.controllers.daemon_sets import sync_daemon_set
from embedded.controllers.deployments import sync_deployment
from embedded.controllers.endpoints import sync_service
from embedded.controllers.jobs import sync_cron_job, sync_job
from embedded.controllers.ownership import controller_of, is_ready
from embedded.controllers.pod_faults import PodFaults
from embedded.controllers.pods import sync_pod
from embedded.controllers.replica_sets import sync_replica_set
from embedded.controllers.stateful_sets import sync_stateful_set
from embedded.event_log import ADDED, DELETED, Change, Event
from embedded.indexes import claims_of
from embedded.json_objects import JsonObject, name_of, namespace_of, section
from embedded.objects import Objects
from embedded.storage_classes import CLASSES

_OWNERS = {
    "ReplicaSet": "replicasets.apps",
    "Deployment": "deployments.apps",
    "StatefulSet": "statefulsets.apps",
    "DaemonSet": "daemonsets.apps",
    "Job": "jobs.batch",
}
_SYNCS: Mapping[str, Callable[[Context, str, str], None]] = {
    "deployments.apps": sync_deployment,
    "replicasets.apps": sync_replica_set,
    "statefulsets.apps": sync_stateful_set,
    "daemonsets.apps": sync_daemon_set,
    "jobs.batch": sync_job,
    "cronjobs.batch": sync_cron_job,
    "pods": sync_pod,
    "persistentvolumeclaims": sync_claim,
    "services": sync_service,
}
_ADOPTERS = ("replicasets.apps", "statefulsets.apps", "daemonsets.apps", "jobs.batch")
_WAITING_CLAIMS = "claims that wait"
_ALL_OWNERS = ("deployments.apps", *_ADOPTERS)


class Controllers:
    """The controllers of one embedded cluster.

    Args:
        objects: the cluster's objects.
        now: the clock behind all timestamps.
        any_storage_class: whether unknown StorageClasses are made up on demand.
    """

    def __init__(
        self, objects: Objects, now: Callable[[], datetime], *, any_storage_class: bool = False
    ) -> None:
        self.pod_faults = PodFaults()
        self.pod_faults.changed = self._look_at_all_pods
        self._objects = objects
        self._loop: ControlLoop[Task] = ControlLoop("embedded-controllers", self._work)
        self._context = Context(
            objects=objects,
            faults=self.pod_faults,
            note=self._loop.note,
            now=now,
            any_storage_class=any_storage_class,
        )

    def start(self) -> None:
        """Begin to look after every change."""
        log = self._objects.storage.ledger.log
        heard: Mapping[str, Callable[[Event], None]] = {
            **dict.fromkeys(_ALL_OWNERS, self._hear_owned),
            "cronjobs.batch": self._hear_plain("cronjobs.batch"),
            "persistentvolumeclaims": self._hear_claim,
            "persistentvolumes": self._hear_volume,
            CLASSES: self._hear_class,
            "services": self._hear_plain("services"),
            "resourcequotas": self._hear_quota,
            "configmaps": self._hear_setting("configmaps"),
            "secrets": self._hear_setting("secrets"),
            "podvolumerestores.velero.io": self._hear_data,
        }
        for group_resource, hear in heard.items():
            log.tap(self._objects.type(group_resource), hear)
        log.tap_changes(self._objects.type("pods"), self._hear_pod)
        self._loop.start()

    def stop(self) -> None:
        """End the thread."""
        self._loop.stop()

    def settle(self, seconds: float = 10.0) -> bool:
        """Wait until all that was asked for is done; return whether it is."""
        return self._loop.settle(seconds)

    def _note(self, kind: str, namespace: str, name: str) -> None:
        self._loop.note(Task(kind, namespace, name))

    def _hear_plain(self, kind: str) -> Callable[[Event], None]:
        return lambda event: self._note(kind, namespace_of(event.object), name_of(event.object))

    def _hear_quota(self, event: Event) -> None:
        """Let all workloads of the namespace try again."""
        self._note("owners", namespace_of(event.object), "")

    def _hear_owned(self, event: Event) -> None:
        obj = event.object
        self._note(_OWNERS[obj["kind"]], namespace_of(obj), name_of(obj))
        self._note_owner(obj, ("deployments.apps",) if obj["kind"] == "ReplicaSet" else ())
        if obj["kind"] == "Job":
            self._note("waiting-pods", namespace_of(obj), "")

    def _hear_pod(self, change: Change) -> None:
        pod, place = change.event.object, namespace_of(change.event.object)
        self._note_owner(pod, _ADOPTERS)
        for seen in (change.before, pod):
            for service in self._objects.selecting("services", seen) if seen else ():
                self._note("services", place, service)
        if change.event.type == DELETED:
            for claim in claims_of(pod):
                self._note("persistentvolumeclaims", place, claim)
        else:
            self._note("pods", place, name_of(pod))

    def _note_owner(self, obj: JsonObject, adopters: Collection[str]) -> None:
        """Note the controller of an object, or of one that has none those that may adopt it."""
        owner, place = controller_of(obj), namespace_of(obj)
        if owner is None:
            for kind in adopters:
                for name in self._objects.selecting(kind, obj):
                    self._note(kind, place, name)
        elif owner.get("kind") in _OWNERS:
            self._note(_OWNERS[owner["kind"]], place, str(owner.get("name")))

    def _hear_claim(self, event: Event) -> None:
        claim = event.object
        self._note("persistentvolumeclaims", namespace_of(claim), name_of(claim))
        self._note_waiting(self._objects.mounting(namespace_of(claim), name_of(claim)))
        if event.type == DELETED and (volume := section(claim, "spec").get("volumeName")):
            self._note("persistentvolumes", "", str(volume))

    def _hear_volume(self, event: Event) -> None:
        """Look at a volume, and where it is new at the claims that may have waited for it."""
        self._note("persistentvolumes", "", name_of(event.object))
        reference = section(event.object, "spec", "claimRef")
        if event.type == ADDED and reference:
            place, name = str(reference.get("namespace")), str(reference.get("name"))
            self._note("persistentvolumeclaims", place, name)
        elif event.type == ADDED:
            self._note(_WAITING_CLAIMS, "", "")

    def _hear_class(self, event: Event) -> None:
        if event.type == ADDED:
            self._note(_WAITING_CLAIMS, "", "")

    def _hear_setting(self, kind: str) -> Callable[[Event], None]:
        def hear(event: Event) -> None:
            place, name = namespace_of(event.object), name_of(event.object)
            self._note_waiting(self._objects.reading(place, kind, name))

        return hear

    def _note_waiting(self, pods: Iterable[JsonObject]) -> None:
        for pod in pods:
            if not is_ready(pod):
                self._note("pods", namespace_of(pod), name_of(pod))

    def _hear_data(self, event: Event) -> None:
        pod = section(event.object, "spec", "pod")
        self._note("pods", str(pod.get("namespace")), str(pod.get("name")))

    def _look_at_all_pods(self) -> None:
        for pod in self._objects.all("pods"):
            self._note("pods", namespace_of(pod), name_of(pod))

    def _work(self, task: Task) -> None:
        kind, place, name = task
        if kind == "persistentvolumes":
            sync_volume(self._context, name)
        elif kind == _WAITING_CLAIMS:
            self._note_waiting_claims()
        elif not name:
            self._note_all(place)
        else:
            _SYNCS[kind](self._context, place, name)

    def _note_waiting_claims(self) -> None:
        for claim in self._objects.all("persistentvolumeclaims"):
            if section(claim, "status").get("phase") != "Bound":
                self._note("persistentvolumeclaims", namespace_of(claim), name_of(claim))

    def _note_all(self, place: str) -> None:
        for group_resource in _ALL_OWNERS:
            for obj in self._objects.all(group_resource, place):
                self._note(group_resource, place, name_of(obj))
