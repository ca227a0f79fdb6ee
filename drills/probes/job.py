"""The `job` probe: what does the user's own image say from inside the sandbox?

Runs it as a Job that carries the drill's marks, without a service account token, restricted as Pod
Security wants it, and not started again when it fails. It stays for whoever looks at a kept
sandbox, and goes with it. That an image cannot be pulled or a pod not be placed says nothing of the
backup.
"""

from collections.abc import Iterator, Mapping
from uuid import uuid4

from drills import objects
from drills.errors import CannotAsk, OutsideRefused
from drills.findings import Cause
from drills.objects import KubeObject
from drills.ports import Cluster, Deadline, Kind
from drills.probes.contract import Answer, ProbeContext
from drills.probes.job_manifest import CONTAINER, job_manifest
from drills.probes.outputs import judged
from drills.probes.owned_pods import JOB_NAME
from drills.readiness import holds
from drills.troubles import Trouble, event_troubles, pod_troubles
from scenarios.model import ProbeSpec

POD, EVENT = Kind("v1", "Pod"), Kind("v1", "Event")
FAREWELL_SECONDS = 2.0
"""Kept of the probe's time for reading the log."""
IMAGE_PATIENCE = 60.0
"""Seconds for a registry to come round; the kubelet asks again by itself meanwhile."""
MOST_LINES = 1000
SIMULATED = "embedded/simulated"
"""Annotation by which the embedded cluster says that a pod did not really run."""


class JobProbe:
    """Keeps `Probe`."""

    kind = "job"

    def ask(self, spec: ProbeSpec, context: ProbeContext, timeout: float) -> Answer:
        """Run the image once; raises CannotAsk, Unreachable, Forbidden."""
        namespace = context.sandbox(spec.question)
        if context.maker is None:
            raise CannotAsk("nothing may be made in this sandbox", cause=Cause.RUNNER)
        clock = context.clock
        seconds = max(1.0, timeout - FAREWELL_SECONDS)
        deadline = Deadline(clock=clock, at=clock.monotonic() + seconds)
        name = f"drill-probe-{uuid4().hex[:12]}"
        manifest = job_manifest(spec, name, namespace, context, seconds)
        try:
            context.maker.make(manifest)
        except OutsideRefused as error:
            raise CannotAsk(f"the Job cannot be made: {error}", hint=error.hint) from error
        pod = _ended(context.cluster, namespace, name, deadline)
        log = context.cluster.logs(
            namespace, objects.name(pod), CONTAINER, tail=MOST_LINES, timeout=FAREWELL_SECONDS
        )
        simulated = log.simulated or bool(objects.text(pod, "metadata", "annotations", SIMULATED))
        return judged(
            spec.expect,
            _exit_code(pod),
            {"output": log.text},
            context,
            simulated=simulated,
            cut=log.cut or _lines_missed(spec.expect, log.text),
        )


def _lines_missed(expect: Mapping[str, object], log: str) -> bool:
    """Return whether lines before the last ones could change the answer."""
    if len(log.splitlines()) < MOST_LINES:
        return False
    expected = [expect[word] for word in ("output", "value") if word in expect]
    return any(not isinstance(each, Mapping) or set(each) != {"contains"} for each in expected)


def _ended(cluster: Cluster, namespace: str, name: str, deadline: Deadline) -> KubeObject:
    """Return the Job's pod once it has ended; raises CannotAsk with what kept it from that."""
    pod: KubeObject = {}
    refused_until = deadline.clock.monotonic() + IMAGE_PATIENCE
    changes = cluster.watch(
        POD, namespace, labels=f"{JOB_NAME}={name}", stop=lambda: deadline.passed, idle=0.5
    )
    for change in changes:
        if change is not None and objects.name(change.object):
            pod = change.object
            if objects.text(pod, "status", "phase") in {"Succeeded", "Failed"}:
                return _believed(pod)
        if deadline.clock.monotonic() > refused_until:
            _check_lasting(pod)
    raise _stuck(cluster, namespace, name, pod, deadline)


def _believed(pod: KubeObject) -> KubeObject:
    """Return the pod, unless its end was not its own doing."""
    reason, state = objects.text(pod, "status", "reason"), _state(pod)
    if reason == "DeadlineExceeded":
        raise CannotAsk("the Job did not end in time", hint="raise the probe's timeout")
    if holds(pod, "DisruptionTarget") or (reason and not state):
        raise CannotAsk(f"the Job's pod was ended: {reason or 'disrupted'}", cause=Cause.CAPACITY)
    why = objects.text(state, "reason")
    if why == "OOMKilled":
        raise CannotAsk(
            "the Job's container ran out of memory",
            hint="raise job.memory",
            cause=Cause.CONFIGURATION,
        )
    if why in {"StartError", "ContainerCannotRun"}:
        words = objects.text(state, "message")[:300]
        raise CannotAsk(f"the Job's command cannot run: {words}", cause=Cause.CONFIGURATION)
    if not state:
        raise CannotAsk("the Job's pod ended without an exit code", cause=Cause.ENVIRONMENT)
    return pod


def _state(pod: KubeObject) -> Mapping[str, object]:
    for status in objects.items(pod, "status", "containerStatuses"):
        if objects.text(status, "name") == CONTAINER:
            return objects.mapping(status, "state", "terminated")
    return {}


def _exit_code(pod: KubeObject) -> int:
    return objects.number(_state(pod), "exitCode")


def _check_lasting(pod: KubeObject) -> None:
    for trouble in pod_troubles(pod):
        if trouble.lasting:
            raise CannotAsk(f"the Job cannot run: {trouble.detail}", cause=_cause(trouble))


def _stuck(
    cluster: Cluster, namespace: str, name: str, pod: KubeObject, deadline: Deadline
) -> CannotAsk:
    for words, cause in _reasons(cluster, namespace, name, pod):
        hint = "say job.runAsUser" if "runAsNonRoot" in words else ""
        return CannotAsk(f"the Job did not run: {words}", hint=hint, cause=cause)
    running = objects.text(pod, "status", "phase") == "Running"
    words = "did not end in time" if running else "did not start in time"
    return CannotAsk(
        f"the Job {words} ({name} in {namespace})",
        hint="raise the probe's timeout",
        cause=Cause.PROBE if running and not deadline.cut() else Cause.ENVIRONMENT,
    )


def _reasons(
    cluster: Cluster, namespace: str, name: str, pod: KubeObject
) -> Iterator[tuple[str, Cause]]:
    for trouble in pod_troubles(pod):
        yield trouble.detail, _cause(trouble)
    if pod:
        return
    for event in cluster.list(EVENT, namespace, fields=f"involvedObject.name={name}"):
        for trouble in event_troubles(event):
            yield trouble.detail, _cause(trouble)


def _cause(trouble: Trouble) -> Cause:
    """Return whose trouble it is: a Secret that is not there, here the scenario named it."""
    return Cause.CONFIGURATION if trouble.blames else trouble.cause


PROBE = JobProbe()
