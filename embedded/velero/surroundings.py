"""What all parts of the Velero server share.

In: objects, bucket, knobs, clock, time limits. Out: a value passed along, with the few small things
that every part does.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from embedded.api_errors import ApiError
from embedded.buckets import Bucket
from embedded.json_objects import JsonObject, section
from embedded.objects import Objects
from embedded.velero import NAMESPACE
from embedded.velero.knobs import Knobs

_NOT_FOUND = 404


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """The server's surroundings.

    Attributes:
        now: the clock behind all timestamps.
        terminating_seconds: how long a namespace may take to go away (10 minutes by default).
        volume_seconds: how long volume data may take (4 hours by default).
        volume_limit: how long it may take at most, whatever a Restore says.
        resource_seconds: how long a claim may take to be bound (10 minutes by default).
        update_seconds: how long the server tries to update a Restore that is gone.
        any_snapshot_location: whether native snapshots come back as new, empty volumes.
    """

    objects: Objects
    bucket: Bucket
    knobs: Knobs
    now: Callable[[], datetime]
    terminating_seconds: float
    volume_seconds: float
    volume_limit: float
    resource_seconds: float
    update_seconds: float
    any_snapshot_location: bool = False

    def timestamp(self, seconds: float = 0) -> str:
        """Return the current time, or one some seconds later, as Kubernetes writes it."""
        moment = self.now().astimezone(UTC) + timedelta(seconds=seconds)
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")

    def write(self, obj: JsonObject, change: JsonObject) -> JsonObject | None:
        """Merge a change into a Velero object; return it, or None where it is gone."""
        t = self.objects.storage.types.by_kind(obj["apiVersion"], obj["kind"])
        if t is None:
            raise LookupError(f"the embedded cluster serves no {obj['kind']}")
        name, uid = str(obj["metadata"]["name"]), obj["metadata"]["uid"]
        try:
            guarded = {**change, "metadata": {**change.get("metadata", {}), "uid": uid}}
            return self.objects.patch(t.group_resource, NAMESPACE, name, guarded)
        except ApiError as refusal:
            if refusal.code == _NOT_FOUND or refusal.reason == "Conflict":
                return None  # gone, or another of the same name
            raise

    def write_at_any_cost(self, obj: JsonObject, change: JsonObject, life: int) -> None:
        """Merge a change into a Restore; where it is gone, try for long, and do nothing else.

        So does the real server, which retries on every error with a backoff that ends after about
        195 s (velero v1.18, pkg/util/kube/client.go, pkg/client/retry.go: 10 ms, times 5, up to
        --resource-timeout). Its one worker is held up meanwhile, and all other Restores with it.

        Raises:
            GaveUp: when the server's life ended meanwhile.
        """
        if self.write(obj, change) is None:
            self.knobs.pause(self.update_seconds, life)

    def location_is_available(self, backup: JsonObject) -> bool:
        """Return whether the location of a backup can be reached."""
        name = str(section(backup, "spec").get("storageLocation"))
        location = self.objects.peek("backupstoragelocations.velero.io", NAMESPACE, name)
        return location is not None and section(location, "status").get("phase") == "Available"
