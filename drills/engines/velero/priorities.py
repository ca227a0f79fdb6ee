"""Priorities are taken away: a copy must never push production's pods from a full node. Pure.

In: the objects that come back. Out: rules for the resource modifier.

A StatefulSet and a DaemonSet hold their pods' template a second time, in a ControllerRevision.
Where the two differ the controller takes the restored pods for old ones and replaces them (v1.34
`pkg/controller/history`, EqualRevision): Velero then waits for the volumes of pods that are gone,
and the new pods start without data. So the revision is changed alike. Where the backup holds none,
the workload leaves its pods alone (`OnDelete`).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping

from drills import objects
from drills.backups import BackedUpObject
from drills.engines.velero.rule import Patch, Rule, merge_rule
from drills.name_places import REVISED_SPEC, REVISIONS
from drills.pod_specs import POD_SPECS

Workload = tuple[str, str]
"""Its namespace and `Kind/name`."""
GONE: Patch = {"priorityClassName": None, "priority": None}
LEFT_ALONE: Patch = {"spec": {"updateStrategy": {"type": "OnDelete", "rollingUpdate": None}}}
_REVISED = frozenset({"statefulsets.apps", "daemonsets.apps"})


def priority_rules(scope: Iterable[BackedUpObject]) -> Iterator[Rule]:
    """Yield a rule for each kind that has priorities, and those that keep its pods from rolling."""
    found: dict[str, list[BackedUpObject]] = defaultdict(list)
    revisions: dict[Workload, list[str]] = defaultdict(list)
    for obj in scope:
        if obj.key.resource == REVISIONS and obj.owner:
            revisions[obj.key.namespace, obj.owner].append(obj.key.name)
        path = POD_SPECS.get(obj.key.resource)
        if path is not None and objects.text(obj.body, *path, "priorityClassName"):
            found[obj.key.resource].append(obj)
    for resource, members in sorted(found.items()):
        spaces = {obj.key.namespace for obj in members}
        yield merge_rule(resource, spaces, _below(POD_SPECS[resource], GONE))
    yield from _keep_pods([obj for kind in _REVISED for obj in found[kind]], revisions)


def _keep_pods(
    workloads: Iterable[BackedUpObject], revisions: Mapping[Workload, Collection[str]]
) -> Iterator[Rule]:
    alike: dict[str, list[str]] = defaultdict(list)
    alone: dict[tuple[str, str], list[str]] = defaultdict(list)
    for obj in workloads:
        resource, namespace, name = obj.key.resource, obj.key.namespace, obj.key.name
        if names := revisions.get((namespace, f"{obj.kind}/{name}")):
            alike[namespace].extend(names)
        else:
            alone[resource, namespace].append(name)
    for namespace, names in sorted(alike.items()):
        yield merge_rule(REVISIONS, (namespace,), _below(REVISED_SPEC, GONE), names=names)
    for (resource, namespace), names in sorted(alone.items()):
        yield merge_rule(resource, (namespace,), LEFT_ALONE, names=names)


def _below(path: Iterable[str], patch: Patch) -> Patch:
    for step in reversed(tuple(path)):
        patch = {step: patch}
    return patch
