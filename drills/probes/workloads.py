"""From a scenario's `statefulset/ledger` to the pod and container that can be asked.

| pods of the workload, with `podLabels` | a log is wanted                 | other questions |
|----------------------------------------|---------------------------------|-----------------|
| one is ready                           | it                              | it              |
| all have ended                         | of a Job or pod: one that       | cannot be asked |
|                                        | succeeded, else one that failed |                 |
| none is ready                          | with `notReady`: one that began | a wrong answer  |

Without a workload, `podLabels` choose among the namespace's pods that the drill did not make.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from drills import objects
from drills.errors import CannotAsk
from drills.expectations import Mismatch
from drills.findings import Cause
from drills.marks import drill_of
from drills.objects import KubeObject
from drills.ports import Cluster
from drills.probes.owned_pods import POD, OwnedPods, pods_of
from drills.probes.pod_containers import container_of

ENDED = frozenset({"Succeeded", "Failed"})
_MAY_END = ("job/", "pod/")
"""Workloads whose pods end rightly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The pod to ask."""

    pod: str
    container: str
    """Empty for the first one."""


def asked_pod(
    cluster: Cluster, namespace: str, question: Mapping[str, object]
) -> Target | Mismatch:
    """Return a ready pod that a question means, or what there is instead.

    Reads `workload`, `podLabels` and `container`; raises CannotAsk where none can be asked.
    """
    found = _pods(cluster, namespace, question)
    if isinstance(found, Mismatch):
        return found
    ready = [pod for pod in found.pods if is_ready(pod)]
    if ready:
        return _target(ready[0], question)
    ended = [pod for pod in found.pods if _phase(pod) in ENDED]
    if ended and len(ended) == len(found.pods):
        raise CannotAsk(
            f"the pods of {_words(question)} have ended, and only what runs can be asked",
            hint="read what it wrote with a logs probe, or ask the workload that holds the data",
        )
    return _none_ready(question, found)


def logged_pod(
    cluster: Cluster, namespace: str, question: Mapping[str, object]
) -> Target | Mismatch:
    """Return the pod whose log a question means: one that has ended or is not ready too."""
    found = _pods(cluster, namespace, question)
    if isinstance(found, Mismatch):
        return found
    ready = [pod for pod in found.pods if is_ready(pod)]
    ended = sorted((pod for pod in found.pods if _phase(pod) in ENDED), key=_age)
    begun = [pod for pod in found.pods if _phase(pod) == "Running"]
    may_end = objects.text(question, "workload").lower().startswith(_MAY_END)
    unready = [*begun, *ended] if question.get("notReady") is True else []
    for pod in (*ready, *(ended if may_end else ()), *unready):
        return _target(pod, question, log=True)
    return _none_ready(question, found)


def asked_target(
    cluster: Cluster, namespace: str, question: Mapping[str, object]
) -> str | Mismatch:
    """Return `service/NAME` or `pod/NAME` that a question means, or what there is instead."""
    for word in ("service", "pod"):
        if name := objects.text(question, word):
            return f"{word}/{name}"
    found = asked_pod(cluster, namespace, {**question, "container": ""})
    return found if isinstance(found, Mismatch) else f"pod/{found.pod}"


def is_ready(pod: KubeObject) -> bool:
    """Return whether the pod says it is ready and is not on its way out."""
    if objects.text(pod, "metadata", "deletionTimestamp"):
        return False
    return any(
        objects.text(condition, "type") == "Ready" and objects.text(condition, "status") == "True"
        for condition in objects.items(pod, "status", "conditions")
    )


def _pods(cluster: Cluster, namespace: str, question: Mapping[str, object]) -> OwnedPods | Mismatch:
    labels = {key: str(value) for key, value in objects.mapping(question, "podLabels").items()}
    workload = objects.text(question, "workload")
    if not workload and not labels:
        raise CannotAsk("the probe names no workload and no labels", cause=Cause.CONFIGURATION)
    if not workload:
        wanted = ",".join(f"{key}={value}" for key, value in labels.items())
        there = cluster.list(POD, namespace, labels=wanted)
        ours = sorted((pod for pod in there if drill_of(pod) is None), key=objects.name)
        return OwnedPods(pods=tuple(ours))
    found = pods_of(cluster, namespace, workload)
    if found is None:
        return Mismatch(f"a ready pod of {workload}", f"no {workload}")
    chosen = tuple(pod for pod in found.pods if labels.items() <= objects.labels(pod).items())
    return OwnedPods(pods=chosen, others=found.others)


def _target(pod: KubeObject, question: Mapping[str, object], *, log: bool = False) -> Target:
    container = container_of(pod, objects.text(question, "container"), log=log)
    return Target(pod=objects.name(pod), container=container)


def _none_ready(question: Mapping[str, object], found: OwnedPods) -> Mismatch:
    count = len(found.pods)
    there = f"{count} pods, none ready" if count != 1 else "1 pod, not ready"
    strange = f"; {_named(found.others)} fit its selector and are not its own"
    return Mismatch(f"a ready pod of {_words(question)}", there + (strange if found.others else ""))


def _words(question: Mapping[str, object]) -> str:
    labels = objects.mapping(question, "podLabels")
    wanted = ", ".join(f"{key}={value}" for key, value in labels.items())
    workload = objects.text(question, "workload")
    return f"{workload} with {wanted}" if workload and wanted else workload or wanted


def _named(pods: Sequence[KubeObject]) -> str:
    shown = ", ".join(objects.name(pod) for pod in pods[:3])
    return f"{shown} and {len(pods) - 3} more" if len(pods) > 3 else shown  # noqa: PLR2004


def _phase(pod: KubeObject) -> str:
    return objects.text(pod, "status", "phase")


def _age(pod: KubeObject) -> tuple[bool, str]:
    """Order pods that have ended: those that succeeded first, then by name."""
    return _phase(pod) != "Succeeded", objects.name(pod)
