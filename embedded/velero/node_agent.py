"""A node agent that moves no bytes.

In: PodVolumeRestores. Out: each Completed once its pod waits for it, if the kopia repository that
its data is in stands in the bucket, Failed if it does not. Only the repository's structure is
looked at; what is inside is encrypted and stays unread.
"""

from embedded.buckets import Bucket
from embedded.controllers.pods import RESTORE_WAIT
from embedded.json_objects import JsonObject, items, name_of, section
from embedded.velero import NAMESPACE
from embedded.velero.pod_volumes import KIND, OVER
from embedded.velero.surroundings import Surroundings

OF_POD = "pod uid "
"""What a key begins with that means all orders for one pod."""

FINALIZER = "velero.io/pod-volume-finalizer"
"""Holds an order until it has ended (velero v1.17, pod_volume_restore_controller.go)."""

_NEEDED = ("kopia.repository", "kopia.blobcfg")
_BLOBS = ("p", "q", "x")


def repository_problem(bucket: Bucket, namespace: str, uploader: str = "kopia") -> str:
    """Return what is missing of a namespace's repository, or an empty string.

    Args:
        bucket: the bucket.
        namespace: the namespace that was backed up.
        uploader: `kopia` or `restic`, the folder that the repository is in.
    """
    folder = f"{uploader}/{namespace}/"
    names = [key.removeprefix(folder) for key in bucket.keys(folder)]
    if not names:
        return f"repository {folder} is not initialized in the provided storage"
    if uploader != "kopia":
        return ""
    for needed in _NEEDED:
        if needed not in names:
            return f"unable to read {folder}{needed}: BLOB not found"
    for blob in _BLOBS:
        if not any(name.startswith(blob) for name in names):
            return f"repository {folder} holds no blob of kind {blob}"
    return ""


class NodeAgent:
    """Works on one PodVolumeRestore after the other."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around

    def work(self, name: str) -> None:
        """Bring a PodVolumeRestore as far as it can get, or all of a pod (`OF_POD` and its uid)."""
        if name.startswith(OF_POD):
            for one in self._waiting_for(name.removeprefix(OF_POD)):
                self.work(one)
            return
        order = self._around.objects.get(KIND, NAMESPACE, name)
        if order is None or section(order, "status").get("phase") in OVER:
            return
        if self._around.knobs.agent_down or self._stranded(order) or self._cancelled(order):
            return
        if self._pod_waits(order):
            self._fill(order)

    def _fill(self, order: JsonObject) -> None:
        began = self._around.timestamp()
        size = section(order, "spec").get("snapshotSize", 0)
        status: JsonObject = {
            "phase": "InProgress",
            "acceptedTimestamp": began,
            "startTimestamp": began,
            "node": "drill-node",
            "progress": {"totalBytes": size, "bytesDone": 0},
        }
        if self._around.write(order, {"status": status}) is None:
            return
        spec = section(order, "spec")
        source, uploader = str(spec.get("sourceNamespace")), str(spec.get("uploaderType"))
        try:
            problem = repository_problem(self._around.bucket, source, uploader)
        except OSError as away:
            problem = str(away)
        self._finish(order, self._end(problem, size))

    def _stranded(self, order: JsonObject) -> bool:
        """Accept an order and do no more, where the agent is to lose sight of it."""
        if not self._around.knobs.agent_stuck:
            return False
        if section(order, "status").get("phase") != "Accepted":
            change: JsonObject = {"metadata": {"finalizers": [FINALIZER]}}
            self._around.write(order, change | {"status": {"phase": "Accepted"}})
        return True

    def _cancelled(self, order: JsonObject) -> bool:
        """Cancel an order whose Restore has gone; the real agent takes five minutes for it."""
        if not order["metadata"].get("deletionTimestamp"):
            return False
        self._cancel(order)
        return True

    def _cancel(self, order: JsonObject, **said: str) -> None:
        ended = self._around.timestamp()
        self._finish(order, {"phase": "Canceled", "completionTimestamp": ended, **said})

    def _finish(self, order: JsonObject, status: JsonObject) -> None:
        self._around.write(order, {"metadata": {"finalizers": []}, "status": status})

    def _end(self, problem: str, size: object) -> JsonObject:
        made: JsonObject = {"completionTimestamp": self._around.timestamp()}
        if problem:
            text = f"error to initialize data path: error to boost backup repository: {problem}"
            return {**made, "phase": "Failed", "message": text}
        progress = {"totalBytes": size, "bytesDone": size}
        return {**made, "phase": "Completed", "progress": progress}

    def _pod_waits(self, order: JsonObject) -> bool:
        """Return whether the pod's waiting init container runs; nothing is written before."""
        reference = section(order, "spec", "pod")
        place, name = str(reference.get("namespace")), str(reference.get("name"))
        pod = self._around.objects.peek("pods", place, name)
        return any(
            one.get("name") == RESTORE_WAIT and "running" in section(one, "state")
            for one in items(pod or {}, "status", "initContainerStatuses")
        )

    def cancel_all(self, why: str) -> None:
        """Cancel what is under way, as a restarting server does."""
        for order in self._around.objects.all(KIND, NAMESPACE):
            if section(order, "status").get("phase") not in OVER:
                self._cancel(order, message=why)

    def look_again(self) -> None:
        """Go on with what was ordered while the agent was away."""
        for order in self._around.objects.all(KIND, NAMESPACE):
            self.work(name_of(order))

    def _waiting_for(self, uid: str) -> list[str]:
        label = f"velero.io/pod-uid={uid}"
        found = self._around.objects.all(KIND, NAMESPACE, labels=label)
        return [name_of(one) for one in found if section(one, "status").get("phase") not in OVER]
