"""Why a claim's data was not saved, by Velero's own reason for that volume. Pure.

In: `skippedReason` of volumeinfo, what the backup was asked for, the pods that mount the claim.
Out: a Skip. Velero writes one reason for each way of saving, `podvolume: ...;volumeSnapshot: ...;`
(v1.13 to v1.18 `pkg/backup/pv_skip_tracker.go`); the words are those of
`pkg/backup/item_backupper.go`, `pkg/podvolume/backupper.go` and `pkg/util/kube/pod.go` there.
The first row that fits decides; who chose it gets a warning, what nobody chose is lost:

| Velero's words, or what the archive shows                   | code                 | absence |
|-------------------------------------------------------------|----------------------|---------|
| item has label velero.io/exclude-from-backup                | excluded-by-label    | chosen  |
| matched action is 'skip' / skipped due to resource policy   | skipped-by-policy    | chosen  |
| opted out due to annotation in pod                          | opted-out (see there)| chosen  |
| pod is not running / scheduled / in the expected status     | pod-not-running      | lost    |
| daemonset pod not found in running state in node            | no-node-agent        | lost    |
| block volume; not mounted by any container                  | not-for-file-system  | lost    |
| encountered a problem with backing up the PVC of pod        | file-system-failed   | lost    |
| no way took it, and no pod mounts it                        | no-pod               | lost    |
| no way took it, and it lies on a node's own path            | host-path            | lost    |
| no way took it: snapshots off, file-system backup by choice | nobody-opted-in      | chosen  |
| no way took it: snapshots wanted, none could be taken       | no-snapshot          | lost    |
| the claim was Lost or Pending in the source                 | no-volume-in-source  | nothing |
| anything else                                               | unknown              | lost    |
"""

import re
from dataclasses import dataclass

from drills import objects
from drills.backups import Absence
from drills.engines.velero.pod_volumes import OPT_IN, OPT_OUT, PodVolumes
from drills.objects import KubeObject

NOT_NEEDED = (
    f"If it is not needed, say so: annotate the pod with {OPT_OUT}, or skip it by a volume policy."
)
INCLUDE = "Include the volume in the backup: file-system backup, a snapshot, or data movement."


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the Backup's spec asks for; Velero writes its server's defaults into it."""

    file_system: bool = False
    """Whether file-system backup takes every volume that nobody opted out."""
    snapshots: bool = True
    """False only where `snapshotVolumes: false` stands there."""
    policy: str = ""
    """The resource policy's ConfigMap, '' where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bystanders:
    """What the archive shows around one claim."""

    claim: str
    phase: str = ""
    """The claim's own phase."""
    mounts: tuple[PodVolumes, ...] | None = None
    """The pods that mount it, None where pods were not looked at."""
    host_path: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Skip:
    """Why the data is not there."""

    code: str
    absence: Absence
    message: str
    remedy: str = INCLUDE


def asked_of(backup: KubeObject) -> Asked:
    """Return what a Backup asks for. Before 1.10 the field had restic's name."""
    spec = objects.mapping(backup, "spec")
    words = ("defaultVolumesToFsBackup", "defaultVolumesToRestic")
    return Asked(
        file_system=any(spec.get(word) is True for word in words),
        snapshots=spec.get("snapshotVolumes") is not False,
        policy=objects.text(spec, "resourcePolicy", "name"),
    )


UNSAID = "Velero skipped it and does not say why"


def skip_of(said: str, asked: Asked | None, around: Bystanders) -> Skip:
    """Return why Velero skipped a volume; `said` is its reason in full, '' where it gave none."""
    for pattern, code, absence, remedy in _TABLE:
        if pattern.search(said):
            return Skip(code=code, absence=absence, message=_plain(said), remedy=remedy)
    if (who := _OPTED_OUT.search(said)) and _means_it(asked, around):
        return _opted_out(who["pod"], said)
    if problem := _NOT_RUNNING.search(said):
        return _not_running(_pod_named(said, problem), said)
    for pattern, code, remedy in _FAILED:
        if pattern.search(said):
            return Skip(code=code, absence=Absence.LOST, message=_plain(said), remedy=remedy)
    return _untold(said, asked, around, by_pod=who is not None)


def _untold(said: str, asked: Asked | None, around: Bystanders, *, by_pod: bool) -> Skip:
    """Judge by what stands around the claim where the reason decides nothing."""
    if around.phase in {"Lost", "Pending"}:
        return _nothing(around)
    why = _plain(said) or UNSAID
    if asked is not None and (not said or by_pod or _NO_WAY.search(said)):
        return _no_way(why, asked, around)
    return Skip(code="unknown", absence=Absence.LOST, message=why)


def absence_of(asked: Asked | None, around: Bystanders) -> Skip:
    """Return why nothing in the backup speaks of a claim's data: Velero wrote no reason.

    Before 1.13 it never did; since then not for a claim whose volume it did not archive.
    """
    if around.phase in {"Lost", "Pending"}:
        return _nothing(around)
    for pod in around.mounts or ():
        if pod.opts_out(around.claim):
            return _opted_out(pod.name, "")
    unsaid = "the backup does not mention it"
    if asked is None or around.mounts is None:
        return Skip(code="unknown", absence=Absence.LOST, message=unsaid)
    return _no_way(unsaid, asked, around)


_POD = r"(?P<namespace>[^\s/,]+)/(?P<name>[^\s/,:]+)"
_LABEL = re.compile(r"has label")
_POLICY = re.compile(r"resource polic")
_OPTED_OUT = re.compile(r"opted out due to annotation in pod (?P<pod>[^\s;]+)")
_NOT_RUNNING = re.compile(
    r"pod is not (?:in the expected status|running|scheduled)|pod is being terminated"
    rf"|the pod the PVC is mounted to, {_POD}, is not running"
)
_NAMED = re.compile(r"name=(?P<name>[^\s,;]+), namespace=[^\s,;]+, phase=(?P<phase>\w*)")
_OF_POD = re.compile(rf"(?:PVC of pod|mounted to,) {_POD}")
_NO_WAY = re.compile(
    r"not satisfy the criteria|no applicable volumesnapshotter|not a CSI volume"
    r"|volume snapshots disabled"
)
_TABLE = (
    (
        _LABEL,
        "excluded-by-label",
        Absence.CHOSEN,
        "Take the label velero.io/exclude-from-backup off, if its data is to be saved.",
    ),
    (
        _POLICY,
        "skipped-by-policy",
        Absence.CHOSEN,
        "Change the volume policy that the backup names, if its data is to be saved.",
    ),
)
_FAILED = (
    (
        re.compile(r"daemonset pod not found|node-agent|node name is empty"),
        "no-node-agent",
        "Have a node-agent run on the pod's node (tolerations, node selector), then back up again.",
    ),
    (
        re.compile(r"block volume|hostPath volume"),
        "not-for-file-system",
        "File-system backup cannot read it: use snapshots or data movement. " + NOT_NEEDED,
    ),
    (
        re.compile(r"not mounted by any container"),
        "not-mounted",
        "Mount it in a container of the pod while backups run, or use snapshots. " + NOT_NEEDED,
    ),
    (
        re.compile(r"encountered a problem with backing up"),
        "file-system-failed",
        "Mend what the message names, then take a new backup.",
    ),
)


def _means_it(asked: Asked | None, around: Bystanders) -> bool:
    """Return whether somebody opted the volume out.

    Since 1.14 Velero writes so of every volume of a pod that file-system backup does not take: in
    opt-in mode, and where a policy names another way, without any annotation
    (`item_backupper.go`, Optout). Where it takes all there is no other reason than the annotation.
    """
    if any(pod.opts_out(around.claim) for pod in around.mounts or ()):
        return True
    return asked is None or (asked.file_system and not asked.policy)


def _opted_out(pod: str, said: str) -> Skip:
    return Skip(
        code="opted-out",
        absence=Absence.CHOSEN,
        message=_plain(said) or f"an annotation of pod {pod} opted it out of file-system backup",
        remedy=f"Take its name out of {OPT_OUT} of pod {pod}, if its data is to be saved.",
    )


def _pod_named(said: str, problem: re.Match[str]) -> tuple[str, str]:
    """Return the pod's name and its phase, '' where the message does not say."""
    if named := _NAMED.search(said):
        return named["name"], named["phase"]
    if of_pod := _OF_POD.search(said):
        return of_pod["name"], ""
    return problem.groupdict().get("name") or "", ""


def _not_running(pod: tuple[str, str], said: str) -> Skip:
    name, phase = pod
    state = f" (phase {phase})" if phase else ""
    words = f": {_plain(said)}" if said else ""
    return Skip(
        code="pod-not-running",
        absence=Absence.LOST,
        message=(
            f"its pod {name}{state} was not running, and file-system backup reads only the "
            f"volumes of running pods{words}"
        ).replace("  ", " "),
        remedy=(
            f"Have pod {name or 'that mounts it'} run while backups are taken, or save the volume "
            f"by snapshots or data movement; then take a new backup. {NOT_NEEDED}"
        ),
    )


def _no_way(said: str, asked: Asked, around: Bystanders) -> Skip:
    """Judge a volume that no way of saving took."""
    wanted = asked.file_system or any(pod.opts_in(around.claim) for pod in around.mounts or ())
    if (wanted or asked.policy) and (found := _unreached(said, around)):
        return found
    if wanted or asked.policy:
        return Skip(code="unknown", absence=Absence.LOST, message=_plain(said))
    if not asked.snapshots:
        return Skip(
            code="nobody-opted-in",
            absence=Absence.CHOSEN,
            message=(
                "the backup takes no snapshots (snapshotVolumes: false), file-system backup only "
                f"what pods ask for, and no pod asks for it ({_plain(said)})"
            ),
            remedy=(
                f"Annotate the pod that mounts it with {OPT_IN}, or set defaultVolumesToFsBackup, "
                "if its data is to be saved."
            ),
        )
    return Skip(
        code="no-snapshot",
        absence=Absence.LOST,
        message=f"a snapshot was wanted and none could be taken ({_plain(said)})",
        remedy=(
            "Have Velero snapshot such volumes (a VolumeSnapshotLocation with its plugin, or "
            f"EnableCSI with a VolumeSnapshotClass), or opt it in to file-system backup ({OPT_IN})."
        ),
    )


def _unreached(said: str, around: Bystanders) -> Skip | None:
    """Return why file-system backup did not reach a volume, None where the archive shows none."""
    if around.host_path:
        return Skip(
            code="host-path",
            absence=Absence.LOST,
            message=f"its volume is a hostPath: file-system backup cannot read it ({_plain(said)})",
            remedy="Move it to a volume of another type. " + NOT_NEEDED,
        )
    if around.mounts is None:
        return None
    idle = [pod for pod in around.mounts if not pod.running]
    if idle and len(idle) == len(around.mounts):
        return _not_running((idle[0].name, idle[0].phase), said)
    if around.mounts:
        return None
    return Skip(
        code="no-pod",
        absence=Absence.LOST,
        message=(
            "no pod in the backup mounts it (scaled to zero?), and file-system backup reaches a "
            f"volume only through a running pod ({_plain(said)})"
        ),
        remedy=(
            "Have a pod mount it while backups are taken, or save it by snapshots or data "
            f"movement; then take a new backup. {NOT_NEEDED}"
        ),
    )


def _nothing(around: Bystanders) -> Skip:
    return Skip(
        code="no-volume-in-source",
        absence=Absence.NOTHING,
        message=f"the claim was {around.phase} in the source: it had no volume to save",
        remedy=(
            "Mend or remove the claim in the source: its data is gone there, or never was. An "
            "older backup may still hold it."
        ),
    )


def _plain(said: str) -> str:
    return "; ".join(filter(None, map(str.strip, said.split(";"))))
