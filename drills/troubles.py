"""Why restored workloads do not come up, recognised from what Kubernetes says of them.

In: Pods, claims, workloads and Events of the sandbox. Out: Troubles with the cause class, so that
a registry, a full cluster or an admission policy is never blamed on the backup. Reasons are the
kubelet's (`pkg/kubelet/images`, `pkg/kubelet/kuberuntime`) and the controllers' own words.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from drills import objects
from drills.findings import Cause
from drills.objects import KubeObject
from drills.readiness import FINISHED, condition, controller, holds, subject

LONGEST_MESSAGE = 300
LeftOut = Collection[tuple[str, str]]
"""(`plural.group`, name) of what the drill left out, or the backup rightly lacks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """Something that a pod or a claim names in its own namespace."""

    resource: str
    """`plural.group`."""
    name: str
    key_only: bool = False
    """Whether it is there, but lacks the key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One reason why a workload is not up."""

    code: str
    cause: Cause
    subject: str
    namespace: str
    detail: str
    blames: bool = False
    """Whether the restore would really have failed by it: a critical finding."""
    lasting: bool = False
    """Whether waiting much longer is unlikely to mend it."""
    missing: Missing | None = None
    """What is referred to and not there, or lacks what is asked of it."""


IMAGE_REASONS = frozenset(
    {
        "ErrImagePull",
        "ImagePullBackOff",
        "ImageInspectError",
        "RegistryUnavailable",
        "SignatureValidationFailed",
    }
)
CRASHES = 3
"""Restarts from which a container that is not ready counts as crashing, between two back-offs."""
WAITS_FOR_DATA = "restore-wait"
"""Init container by which a restored pod waits for its volumes' data."""
_NO_FIT = re.compile(
    r"0/(?P<all>\d+) nodes are available: (?P<unfit>\d+) node\(s\) didn't match Pod's node "
    r"affinity/selector"
)
_UNBOUND = "unbound immediate PersistentVolumeClaims"
"""The scheduler's words where no room is wanting (`volumebinding` plug-in)."""
_EVICTIONS = ("Evicted", "Preempting", "Shutdown", "NodeLost", "NodeShutdown", "Terminated")
_MISSING = re.compile(
    r"(?P<kind>secrets?|configmaps?|persistentvolumeclaims?|serviceaccounts?)"
    r"\s+\"(?:[^\"/]*/)?(?P<name>[^\"/]+)\"\s+not found",
    re.IGNORECASE,
)
_MISSING_KEY = re.compile(
    r"couldn't find key \S+ in (?P<kind>Secret|ConfigMap) \S*?/?(?P<name>[^\s/]+)$"
)


def pod_troubles(pod: KubeObject, left_out: LeftOut = ()) -> Iterator[Trouble]:
    """Yield what keeps this pod from being ready."""
    if holds(pod, "DisruptionTarget"):
        reason = objects.text(condition(pod, "DisruptionTarget"), "reason")
        yield _of(pod, "pod-disrupted", Cause.ENVIRONMENT, f"the pod was disrupted: {reason}")
    if objects.text(pod, "status", "phase") == "Failed" and controller(pod) is None:
        yield _failed(pod)
    if is_over(pod) or holds(pod, "Ready"):
        return
    scheduled = condition(pod, "PodScheduled")
    if objects.text(scheduled, "reason") == "Unschedulable":
        yield _unschedulable(pod, objects.text(scheduled, "message"), left_out)
    for field in ("initContainerStatuses", "containerStatuses"):
        for status in objects.items(pod, "status", field):
            yield from _container(pod, status, left_out)


def is_over(pod: KubeObject) -> bool:
    """Return whether nothing more can come of the pod."""
    leaving = bool(objects.text(pod, "metadata", "deletionTimestamp"))
    return leaving or objects.text(pod, "status", "phase") in FINISHED


def workload_troubles(kind: str, obj: KubeObject, left_out: LeftOut = ()) -> Iterator[Trouble]:
    """Yield what a workload's own conditions say."""
    failure = condition(obj, "ReplicaFailure")
    if objects.text(failure, "status") == "True":
        yield refused_pods(subject(kind, obj), obj, objects.text(failure, "message"), left_out)
    if kind == "Job" and holds(obj, "Failed"):
        message = objects.text(condition(obj, "Failed"), "message")
        yield _trouble("job-failed", Cause.ENVIRONMENT, subject(kind, obj), obj, message)
    if kind == "PersistentVolumeClaim" and objects.text(obj, "status", "phase") == "Lost":
        detail = f"its volume {objects.text(obj, 'spec', 'volumeName')} does not exist"
        yield _blamed("claim-lost", subject(kind, obj), obj, detail)


def event_troubles(event: KubeObject, left_out: LeftOut = ()) -> Iterator[Trouble]:
    """Yield what an Event says of an object that is not up."""
    reason, message = objects.text(event, "reason"), objects.text(event, "message")
    about = objects.mapping(event, "involvedObject")
    named: KubeObject = {"metadata": about}
    whom = subject(objects.text(about, "kind"), named)
    if reason == "FailedCreate":
        yield refused_pods(whom, named, message, left_out)
    elif reason in {"FailedMount", "FailedAttachVolume", "FailedMapVolume"}:
        yield _missing(whom, named, message, left_out) or _trouble(
            "volume-not-mounted", Cause.ENVIRONMENT, whom, named, message
        )
    elif reason == "FailedScheduling":
        yield _missing(whom, named, message, left_out) or _trouble(
            *_no_place(message), whom, named, message
        )
    elif reason == "ProvisioningFailed":
        yield _trouble("volume-not-provisioned", Cause.ENVIRONMENT, whom, named, message)


def refused_pods(whom: str, obj: KubeObject, message: str, left_out: LeftOut) -> Trouble:
    """Return why the API server refused a workload's pods."""
    if "exceeded quota" in message or "failed quota" in message:
        return _trouble("quota-exceeded", Cause.CAPACITY, whom, obj, message)
    if "admission webhook" in message or "failed calling webhook" in message:
        return _trouble("admission-denied", Cause.ENVIRONMENT, whom, obj, message)
    if "violates PodSecurity" in message:
        return _trouble("pod-security-denied", Cause.ENVIRONMENT, whom, obj, message)
    missing = _missing(whom, obj, message, left_out)
    return missing or _trouble("pods-not-created", Cause.ENVIRONMENT, whom, obj, message)


def explaining(troubles: Sequence[Trouble]) -> Mapping[str, Trouble]:
    """Return, by namespace, trouble of the environment that may be behind crashes there."""
    return {t.namespace: t for t in troubles if not t.blames and t.code != "job-failed"}


def _container(pod: KubeObject, status: object, left_out: LeftOut) -> Iterator[Trouble]:
    name = objects.text(status, "name")
    waiting = objects.mapping(status, "state", "waiting")
    reason, message = objects.text(waiting, "reason"), objects.text(waiting, "message")
    detail = f"container {name}: {reason}: {message}"
    if reason == "InvalidImageName":
        yield _of(pod, "image-name-invalid", Cause.REGISTRY, detail)
    elif reason == "ErrImageNeverPull":
        yield _of(pod, "image-never-pulled", Cause.REGISTRY, detail)
    elif reason in IMAGE_REASONS:
        yield _of(pod, "image-not-pullable", Cause.REGISTRY, detail, lasting=True)
    elif reason == "CreateContainerConfigError":
        yield _missing(owner_of(pod), pod, message, left_out) or _of(
            pod, "container-not-created", Cause.ENVIRONMENT, detail
        )
    elif reason in {"CreateContainerError", "RunContainerError", "StartError"}:
        yield _of(pod, "container-not-created", Cause.ENVIRONMENT, detail)
    elif reason == "CrashLoopBackOff" or _crashes(status):
        yield _crash(pod, status)
    elif name == WAITS_FOR_DATA and not objects.mapping(status, "state", "terminated"):
        yield _of(
            pod, "volume-data-awaited", Cause.ENVIRONMENT, "still waits for its volumes' data"
        )


def _crashes(status: object) -> bool:
    ready = objects.dig(status, "ready") is True
    return objects.number(status, "restartCount") >= CRASHES and not ready


def _crash(pod: KubeObject, status: object) -> Trouble:
    last = objects.mapping(status, "lastState", "terminated") or objects.mapping(
        status, "state", "terminated"
    )
    reason = objects.text(last, "reason") or "ended"
    detail = (
        f"container {objects.text(status, 'name')} keeps ending: {reason}, "
        f"exit code {objects.number(last, 'exitCode')}, "
        f"{objects.number(status, 'restartCount')} restarts"
    )
    code = "out-of-memory" if reason == "OOMKilled" else "crash-loop"
    return _blamed(code, owner_of(pod), pod, detail)


def _failed(pod: KubeObject) -> Trouble:
    reason = objects.text(pod, "status", "reason")
    detail = f"the pod failed: {reason or 'no reason given'}"
    if reason in _EVICTIONS or reason.startswith("OutOf"):
        return _of(pod, "pod-evicted", Cause.CAPACITY, detail)
    return _blamed("pod-failed", owner_of(pod), pod, detail)


def _unschedulable(pod: KubeObject, message: str, left_out: LeftOut) -> Trouble:
    missing = _missing(owner_of(pod), pod, message, left_out)
    if missing is None and no_node_fits(message):
        return _of(pod, "no-node-fits", Cause.ENVIRONMENT, message)
    return missing or _of(pod, *_no_place(message), message)


def _no_place(message: str) -> tuple[str, Cause]:
    """Return the code and cause of a pod for which the scheduler has found no place."""
    if _UNBOUND in message:
        return "claim-unbound", Cause.ENVIRONMENT
    return "unschedulable", Cause.CAPACITY


def no_node_fits(message: str) -> bool:
    """Return whether no node has the labels asked for, whatever room there is.

    The scheduler counts nodes by their reason: `0/3 nodes are available: 3 node(s) didn't match
    Pod's node affinity/selector.` (`pkg/scheduler/framework`, 1.24 and later).
    """
    found = _NO_FIT.search(message)
    return found is not None and found["all"] == found["unfit"]


def _missing(whom: str, obj: KubeObject, message: str, left_out: LeftOut) -> Trouble | None:
    """Return the trouble where the message says that something referred to is not there."""
    found = _MISSING.search(message) or _MISSING_KEY.search(message.strip())
    if found is None:
        return None
    missing = Missing(
        resource=f"{found['kind'].lower().removesuffix('s')}s",
        name=found["name"],
        key_only=found.re is _MISSING_KEY,
    )
    return missing_trouble(whom, obj, missing, message, left_out)


def missing_trouble(
    whom: str, obj: KubeObject, missing: Missing, message: str, left_out: LeftOut
) -> Trouble:
    """Return the trouble that something referred to is not there."""
    resource, name = missing.resource, missing.name
    if (resource, name) in left_out:
        detail = f"{resource} {name} was left out of the restore on purpose: {message}"
        found = _trouble(
            "left-out-but-needed", Cause.CONFIGURATION, whom, obj, detail, lasting=True
        )
    else:
        found = _blamed("reference-missing", whom, obj, message)
    return replace(found, missing=missing)


def owner_of(pod: KubeObject) -> str:
    """Return the workload a pod belongs to, so that its replicas share one finding."""
    owner = controller(pod)
    if owner is None:
        return subject("Pod", pod)
    kind, name = objects.text(owner, "kind"), objects.text(owner, "name")
    template = objects.labels(pod).get("pod-template-hash", "")
    if kind == "ReplicaSet" and template and name.endswith(f"-{template}"):
        kind, name = "Deployment", name.removesuffix(f"-{template}")
    return f"{kind.lower()} {objects.namespace(pod)}/{name}"


def _of(pod: KubeObject, code: str, cause: Cause, detail: str, *, lasting: bool = False) -> Trouble:
    return _trouble(code, cause, owner_of(pod), pod, detail, lasting=lasting)


def _trouble(
    code: str, cause: Cause, whom: str, obj: KubeObject, detail: str, *, lasting: bool = False
) -> Trouble:
    return Trouble(
        code=code,
        cause=cause,
        subject=whom,
        namespace=objects.namespace(obj),
        detail=detail.strip()[:LONGEST_MESSAGE],
        lasting=lasting,
    )


def _blamed(code: str, whom: str, obj: KubeObject, detail: str) -> Trouble:
    return Trouble(
        code=code,
        cause=Cause.BACKUP,
        subject=whom,
        namespace=objects.namespace(obj),
        detail=detail.strip()[:LONGEST_MESSAGE],
        blames=True,
        lasting=True,
    )
