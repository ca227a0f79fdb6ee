"""The Velero server: its controllers, its knobs, its life and death.

In: changes of Velero's objects in the embedded cluster. Out: restores run, requests answered,
backups synced. Start it once; a test may stop, start and restart it, and turn its knobs.
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from embedded.api_errors import ApiError
from embedded.buckets import Bucket
from embedded.control_loop import ControlLoop
from embedded.event_log import DELETED, Event
from embedded.json_objects import name_of, namespace_of, section
from embedded.objects import Objects
from embedded.velero import NAMESPACE
from embedded.velero.controls import Controls
from embedded.velero.finalizing import Finalizer
from embedded.velero.knobs import EVERYWHERE
from embedded.velero.node_agent import OF_POD, NodeAgent
from embedded.velero.pod_volumes import KIND as POD_VOLUME_RESTORES
from embedded.velero.requests import DOWNLOADS, STATUSES, RequestKey, Requests
from embedded.velero.restores import KIND as RESTORES
from embedded.velero.restores import RestoreController
from embedded.velero.surroundings import Surroundings
from embedded.velero.sync import Sync

_TICK_SECONDS = 60.0
_INTERRUPTED = (
    'found a restore with status "InProgress" during the server starting, mark it as "Failed"'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class VeleroOptions:
    """The server's time limits, in seconds, with Velero's defaults.

    Attributes:
        terminating_seconds: for a namespace to go away (`--terminating-resource-timeout`).
        volume_seconds: for volume data to arrive (`--fs-backup-timeout`), where a Restore does
            not say otherwise.
        volume_limit: for the same whatever a Restore says; the real server has no such limit.
        resource_seconds: for a claim to be bound (`--resource-timeout`).
        update_seconds: for a Restore that is gone to be updated all the same.
        any_snapshot_location: whether native snapshots come back as new, empty volumes; the real
            server refuses them where their VolumeSnapshotLocation is unknown.
    """

    terminating_seconds: float = 600.0
    volume_seconds: float = 4 * 3600.0
    volume_limit: float = float("inf")
    resource_seconds: float = 600.0
    update_seconds: float = 195.0
    any_snapshot_location: bool = False


class VeleroServer(Controls):
    """The server and all that a test can do to it."""

    def __init__(
        self,
        objects: Objects,
        bucket: Bucket,
        now: Callable[[], datetime],
        options: VeleroOptions,
    ) -> None:
        super().__init__()
        self._around = Surroundings(
            objects=objects,
            bucket=bucket,
            knobs=self.knobs,
            now=now,
            terminating_seconds=options.terminating_seconds,
            volume_seconds=options.volume_seconds,
            volume_limit=options.volume_limit,
            resource_seconds=options.resource_seconds,
            update_seconds=options.update_seconds,
            any_snapshot_location=options.any_snapshot_location,
        )
        bucket.allow_put = self.knobs.check_upload
        self._objects = objects
        self._sync = Sync(self._around)
        self._agent = NodeAgent(self._around)
        self._questions = Requests(self._around)
        restorer, finalizer = RestoreController(self._around), Finalizer(self._around)
        self._restores = ControlLoop[str]("embedded-velero-restores", restorer.work)
        self._finalizer = ControlLoop[str]("embedded-velero-finalizer", finalizer.work)
        self._node_agent = ControlLoop[str]("embedded-node-agent", self._agent.work)
        self._requests = ControlLoop[RequestKey]("embedded-velero-requests", self._questions.work)
        self._loops = (self._restores, self._finalizer, self._node_agent, self._requests)
        self.before_sync: Callable[[], None] = lambda: None
        self._ended = threading.Event()
        self._ticker = threading.Thread(target=self._tick, name="embedded-velero", daemon=True)

    def start(self) -> None:
        """Validate the location, take in its backups and begin to work."""
        self.sync()
        log = self._objects.storage.ledger.log
        heard: dict[str, Callable[[Event], None]] = {
            RESTORES: self._hear_restore,
            POD_VOLUME_RESTORES: self._hear_volume_order,
            DOWNLOADS: self._hear_request(DOWNLOADS),
            STATUSES: self._hear_request(STATUSES),
            "pods": self._hear_pod,
            "namespaces": self._poke,
            "persistentvolumeclaims": self._poke,
        }
        for group_resource, hear in heard.items():
            log.tap(self._objects.type(group_resource), hear)
        for loop in self._loops:
            loop.start()
        self._ticker.start()

    def stop(self) -> None:
        """End all threads, whatever they wait for."""
        self._ended.set()
        self.knobs.down = True
        self.knobs.end_life()
        for loop in self._loops:
            loop.stop()
        self._ticker.join()

    def sync(self) -> None:
        """Validate the location and take in new backups now, instead of within the minute."""
        with suppress(OSError):  # the store is away, which the validation tells
            self.before_sync()
        self._sync.validate()
        self._sync.sync()

    def expire_requests(self) -> None:
        """Remove requests whose time is over now, instead of within the minute."""
        self._questions.expire()

    def answer_requests(self, *, answers: bool) -> None:
        """Let the server answer DownloadRequests and ServerStatusRequests, or leave them New."""
        self.knobs.answers_requests = answers
        self._look_again()

    def lose_location(self, message: str = "rpc error: bucket not reachable") -> None:
        """Make the location Unavailable."""
        self.knobs.unavailable = message
        self.sync()

    def find_location(self) -> None:
        """Make the location Available again; deletions that waited for it go on."""
        self.knobs.unavailable = ""
        self.sync()
        self._look_again()

    def stop_agent(self) -> None:
        """Take the node agent down: volumes that are ordered stay New."""
        self.knobs.agent_down = True

    def strand_agent(self) -> None:
        """Let the node agent accept what is ordered and lose sight of it, as one killed then."""
        self.knobs.agent_stuck = True

    def start_agent(self) -> None:
        """Bring the node agent up again; it goes on with what was ordered, or cancels it."""
        self.knobs.agent_down = self.knobs.agent_stuck = False
        self._agent.look_again()

    def stand_still(self) -> None:
        """Stop the server without ending it, as SIGSTOP does."""
        self.hang(EVERYWHERE)
        self.answer_requests(answers=False)

    def go_on(self) -> None:
        """Let a server that stood still go on where it was."""
        self.release()
        self.answer_requests(answers=True)

    def lose_bucket(self) -> None:
        """Let the object store refuse everybody: restores, downloads, deletions."""
        self._around.bucket.lose()

    def find_bucket(self) -> None:
        """Let the object store answer again; deletions that waited for it go on."""
        self._around.bucket.find()
        self.sync()
        self._look_again()

    def stop_server(self) -> None:
        """Take the server down: nothing is answered, a running restore stays InProgress."""
        self.knobs.down = True
        self._scale(0)
        self.knobs.end_life()
        for loop in self._loops:
            loop.settle()

    def start_server(self) -> None:
        """Bring the server up again: what was InProgress is marked Failed, the rest goes on."""
        self._agent.cancel_all("canceled because the server restarted")
        for restore in self._objects.all(RESTORES, NAMESPACE):
            if section(restore, "status").get("phase") == "InProgress":
                status = {
                    "phase": "Failed",
                    "failureReason": _INTERRUPTED,
                    "completionTimestamp": self._around.timestamp(),
                }
                self._around.write(restore, {"status": status})
        self.knobs.down = False
        self._scale(1)
        self._look_again()

    def restart(self) -> None:
        """Stop and start the server."""
        self.stop_server()
        self.start_server()

    def _scale(self, replicas: int) -> None:
        try:
            change = {"spec": {"replicas": replicas}}
            self._objects.patch("deployments.apps", NAMESPACE, "velero", change)
        except ApiError:
            return  # a test has removed it

    def _look_again(self) -> None:
        for restore in self._objects.all(RESTORES, NAMESPACE):
            self._restores.note(name_of(restore))
            self._finalizer.note(name_of(restore))
        for kind in (DOWNLOADS, STATUSES):
            for request in self._objects.all(kind, NAMESPACE):
                self._requests.note(RequestKey(kind, name_of(request)))

    def _tick(self) -> None:
        while not self._ended.wait(_TICK_SECONDS):
            if not self.knobs.down:
                self.sync()
                self._look_again()
                self.expire_requests()

    def _poke(self, event: Event) -> None:
        del event
        self.knobs.poke()

    def _hear_restore(self, event: Event) -> None:
        if event.type != DELETED and namespace_of(event.object) == NAMESPACE:
            self._restores.note(name_of(event.object))
            self._finalizer.note(name_of(event.object))

    def _hear_request(self, kind: str) -> Callable[[Event], None]:
        def hear(event: Event) -> None:
            if event.type != DELETED:
                self._requests.note(RequestKey(kind, name_of(event.object)))

        return hear

    def _hear_volume_order(self, event: Event) -> None:
        self.knobs.poke()
        if event.type != DELETED:
            self._node_agent.note(name_of(event.object))

    def _hear_pod(self, event: Event) -> None:
        """Go on with a pod's volumes once it is scheduled."""
        spec = section(event.object, "spec")
        if event.type != DELETED and spec.get("nodeName") and spec.get("initContainers"):
            self._node_agent.note(OF_POD + str(event.object["metadata"]["uid"]))
