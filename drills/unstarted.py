"""Why a pod's containers do not start, where its status does not say so. Pure.

In: a pod that is not ready, the names that are in its namespace. Out: Troubles. A pod that mounts
what is not there stays in ContainerCreating and says why in Events only; one whose init container
waits for a Job just runs.
"""

import re
from collections.abc import Collection, Iterator

from drills import objects
from drills.companions.named import CONFIG_MAPS, SECRETS, needed_by
from drills.findings import Cause
from drills.objects import KubeObject
from drills.readiness import FINISHED, holds
from drills.troubles import LeftOut, Missing, Trouble, missing_trouble, owner_of

WORD = re.compile(r"[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?")
JOBS = "jobs.batch"


def unstarted(
    pod: KubeObject, there: Collection[tuple[str, str, str]] | None, left_out: LeftOut
) -> Iterator[Trouble]:
    """Yield what keeps the pod from starting.

    `there`: (plural, namespace, name) of Secrets and ConfigMaps; None where they were not read.
    """
    if holds(pod, "Ready") or objects.text(pod, "status", "phase") in FINISHED:
        return
    if there is not None:
        yield from _absent(pod, there, left_out)
    yield from _waiting_for_jobs(pod, left_out)


def _absent(
    pod: KubeObject, there: Collection[tuple[str, str, str]], left_out: LeftOut
) -> Iterator[Trouble]:
    needed = dict.fromkeys(needed_by(objects.mapping(pod, "spec")))
    for resource, name in needed:
        looked_for = resource in {SECRETS, CONFIG_MAPS}
        if looked_for and (resource, objects.namespace(pod), name) not in there:
            missing = Missing(resource=resource, name=name)
            message = f'its pod names {resource.removesuffix("s")} "{name}", which is not there'
            yield missing_trouble(owner_of(pod), pod, missing, message, left_out)


def _waiting_for_jobs(pod: KubeObject, left_out: LeftOut) -> Iterator[Trouble]:
    """Yield a running init container whose command names a Job that is not there on purpose."""
    jobs = {name for resource, name in left_out if resource == JOBS}
    running = {
        objects.text(status, "name")
        for status in objects.items(pod, "status", "initContainerStatuses")
        if objects.mapping(status, "state", "running")
    }
    for container in objects.items(pod, "spec", "initContainers") if jobs else ():
        name = objects.text(container, "name")
        told = _words(container)
        if name in running and "job" in " ".join(told) and (named := sorted(jobs & told)):
            yield Trouble(
                code="waits-for-left-out",
                cause=Cause.CONFIGURATION,
                subject=owner_of(pod),
                namespace=objects.namespace(pod),
                detail=f"init container {name} waits for Job {named[0]}, which does not come back",
            )


def _words(container: object) -> frozenset[str]:
    texts = [
        *(str(word) for key in ("command", "args") for word in objects.items(container, key)),
        *(objects.text(variable, "value") for variable in objects.items(container, "env")),
    ]
    return frozenset(word for text in texts for word in WORD.findall(text))
