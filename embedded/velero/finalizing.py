"""The finalizer: what comes after the items, and the last phase.

In: names of Restores in Finalizing or FinalizingPartiallyFailed. Out: labels and reclaim policies
of the source's volumes put on the new ones, and Completed or PartiallyFailed (velero v1.18,
pkg/controller/restore_finalizer_controller.go). One worker, as in the real server.
"""

import logging
from collections.abc import Iterator

from embedded.json_objects import JsonObject, name_of, section
from embedded.velero import NAMESPACE
from embedded.velero.archive import Damaged, gzipped, objects_in, unzipped
from embedded.velero.knobs import GaveUp, WaitedTooLong
from embedded.velero.layout import backup_file, restore_file
from embedded.velero.results import Remarks
from embedded.velero.surroundings import Surroundings

KIND = "restores.velero.io"
_CLAIMS = "v1/PersistentVolumeClaim"
_FINALIZING = frozenset({"Finalizing", "FinalizingPartiallyFailed"})
_LOG = logging.getLogger(__name__)


class Finalizer:
    """Finishes one Restore after the other."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around

    def work(self, name: str) -> None:
        """Look at a Restore and finish it when its items are done."""
        knobs, life = self._around.knobs, self._around.knobs.life
        restore = self._around.objects.get(KIND, NAMESPACE, name)
        if restore is None or knobs.down:
            return
        if section(restore, "status").get("phase") not in _FINALIZING:
            return
        knobs.finalizing = name
        try:
            knobs.wait_until(lambda: not knobs.hangs("Finalizing"), life)
            self._finish(restore, life)
        except GaveUp:
            _LOG.debug("the server stopped while it finalized %s", name)
        finally:
            knobs.finalizing = ""

    def _finish(self, restore: JsonObject, life: int) -> None:
        errors = Remarks()
        for info in self._volume_infos(restore):
            self._adjust_volume(restore, info, errors, life)
        status = section(restore, "status")
        failed = status.get("phase") == "FinalizingPartiallyFailed" or len(errors) > 0
        change: JsonObject = {
            "phase": "PartiallyFailed" if failed else "Completed",
            "completionTimestamp": self._around.timestamp(),
        }
        if len(errors):
            change["errors"] = int(status.get("errors", 0)) + len(errors)
            self._add_errors(name_of(restore), errors)
        knobs = self._around.knobs
        if knobs.final_phase:
            change["phase"], knobs.final_phase = knobs.final_phase, ""
        self._around.write_at_any_cost(restore, {"status": change}, life)

    def _volume_infos(self, restore: JsonObject) -> Iterator[JsonObject]:
        """Yield what the backup says of volumes whose claims were restored as new ones."""
        restored = self._restored_claims(name_of(restore))
        mapping = section(restore, "spec", "namespaceMapping")
        name = str(section(restore, "spec").get("backupName"))
        content = self._read(backup_file("BackupVolumeInfos", name))
        for info in objects_in(content):
            source = str(info.get("pvcNamespace"))
            place = f"{mapping.get(source, source)}/{info.get('pvcName')}"
            filled = info.get("backupMethod") in {"PodVolumeBackup", "CSISnapshot"}
            if filled and info.get("pvInfo") and place in restored:
                yield dict(info)

    def _restored_claims(self, name: str) -> set[str]:
        listed = self._read(restore_file("RestoreResourceList", name))
        claims = listed.get(_CLAIMS, []) if isinstance(listed, dict) else []
        return {str(one).partition("(")[0] for one in claims}

    def _read(self, key: str) -> object:
        try:
            return unzipped(self._around.bucket.read(key))
        except (Damaged, OSError) as problem:
            _LOG.debug("%s: %s", key, problem)
            return None

    def _adjust_volume(
        self, restore: JsonObject, info: JsonObject, errors: Remarks, life: int
    ) -> None:
        """Wait for a claim's new volume and give it the source's labels and reclaim policy."""
        mapping = section(restore, "spec", "namespaceMapping")
        place = str(mapping.get(info["pvcNamespace"], info["pvcNamespace"]))
        claim_name = str(info["pvcName"])
        try:
            self._around.knobs.wait_until(
                lambda: self._is_bound(place, claim_name) or self._need_not_wait(place, claim_name),
                life,
                seconds=self._around.resource_seconds,
            )
        except WaitedTooLong:
            errors.add(
                place,
                "fail to patch dynamic PV, err: context deadline exceeded, "
                f"PVC: {claim_name}, PV: {info.get('pvName')}",
            )
            return
        claim = self._around.objects.peek("persistentvolumeclaims", place, claim_name)
        volume = section(claim or {}, "spec").get("volumeName")
        if claim is not None and volume and self._is_bound(place, claim_name):
            self._patch_volume(str(volume), section(info, "pvInfo"))

    def _is_bound(self, place: str, name: str) -> bool:
        claim = self._around.objects.peek("persistentvolumeclaims", place, name)
        return claim is not None and section(claim, "status").get("phase") == "Bound"

    def _need_not_wait(self, place: str, name: str) -> bool:
        """Return whether the claim waits for its first consumer, which Velero does not."""
        claim = self._around.objects.peek("persistentvolumeclaims", place, name)
        wanted = str(section(claim or {}, "spec").get("storageClassName"))
        kind = "storageclasses.storage.k8s.io"
        storage_class = self._around.objects.peek(kind, "", wanted)
        return (storage_class or {}).get("volumeBindingMode") == "WaitForFirstConsumer"

    def _patch_volume(self, name: str, info: JsonObject) -> None:
        volume = self._around.objects.peek("persistentvolumes", "", name)
        if volume is None:
            return
        spec: JsonObject = {}
        policy = info.get("reclaimPolicy")
        if policy and policy != section(volume, "spec").get("persistentVolumeReclaimPolicy"):
            spec["persistentVolumeReclaimPolicy"] = policy
        change: JsonObject = {"spec": spec} if spec else {}
        if info.get("labels"):
            change["metadata"] = {"labels": info["labels"]}
        if change:
            self._around.objects.patch("persistentvolumes", "", name, change)

    def _add_errors(self, name: str, errors: Remarks) -> None:
        """Add the finalizer's errors to the results file."""
        key = restore_file("RestoreResults", name)
        known = self._read(key)
        content = dict(known) if isinstance(known, dict) else {"warnings": {}}
        parts = content.get("errors") or {}
        before = Remarks(
            velero=list(parts.get("velero", ())),
            cluster=list(parts.get("cluster", ())),
            namespaces={k: list(v) for k, v in parts.get("namespaces", {}).items()},
        )
        before.merge(errors)
        try:
            self._around.bucket.put(key, gzipped({**content, "errors": before.as_json()}))
        except OSError as problem:
            _LOG.debug("%s: %s", key, problem)
