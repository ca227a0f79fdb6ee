"""Stage isolate: make the sandbox, closed, before anything is restored into it.

Velero uses a namespace that exists as it is, so what is put here first stays in force. Every
creation is in the journal before it happens.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from drills import objects
from drills.carried import Carried
from drills.errors import DeadlinePassed, Forbidden, Interrupted, SandboxTaken
from drills.marks import drill_of
from drills.objects import KubeObject
from drills.ports import ChangeType, Clock, Cluster, Deadline, Journal, Kind, Listener, Marked
from drills.sandbox import (
    NAMESPACE,
    NETWORK_POLICY,
    POLICY_NAME,
    QUOTA,
    QUOTA_NAME,
    SandboxRights,
    binding_manifest,
    limit_range_manifest,
    namespace_manifest,
    policy_manifest,
    quota_manifest,
)
from scenarios.model import LimitsSpec, NetworkIsolation

StopCheck = Callable[[], bool]

RIGHTS_PATIENCE = 10.0
RIGHTS_EVERY = 0.1
QUOTA_PATIENCE = 10.0
"""Seconds for the quota controller to take note; without it every Service is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Maker:
    """Creates marked things: journal first, then the cluster, then the audit trail."""

    cluster: Cluster
    journal: Journal
    listener: Listener
    made: list[Marked] = field(default_factory=list)
    """All that was made so far, whatever came afterwards."""

    def make(self, manifest: KubeObject) -> KubeObject:
        """Create `manifest` and return it as the cluster has it."""
        kind = Kind(objects.text(manifest, "apiVersion"), objects.text(manifest, "kind"))
        namespace, name = objects.namespace(manifest), objects.name(manifest)
        self.journal.intend(Marked(kind=kind, namespace=namespace, name=name))
        made = self.cluster.create(manifest)
        self.made.append(Marked(kind=kind, namespace=namespace, name=name, uid=objects.uid(made)))
        self.journal.made(self.made[-1])
        where = f"{namespace}/{name}" if namespace else name
        self.listener.action("create", f"{kind.kind} {where}", "success", {})
        return made


def check_free(
    cluster: Cluster, clock: Clock, namespaces: tuple[str, ...], *, patience: float, stop: StopCheck
) -> tuple[KubeObject, ...]:
    """Return the namespaces of that name that an earlier drill of ours left.

    One that is going away is waited for, `patience` seconds at most. Raises SandboxTaken for a
    namespace that is not ours; nothing is touched.
    """
    left = []
    for name in namespaces:
        present = cluster.get(NAMESPACE, "", name)
        if present is None:
            continue
        if drill_of(present) is None:
            raise SandboxTaken(
                f"namespace {name} exists and was not made by a drill",
                hint="Choose another sandbox namespace in restore.namespaces; this one is "
                "left exactly as it is.",
            )
        if objects.text(present, "metadata", "deletionTimestamp"):
            _await_gone(cluster, name, Deadline(clock=clock, at=clock.monotonic() + patience), stop)
        else:
            left.append(present)
    return tuple(left)


def make_namespaces(
    maker: Maker,
    clock: Clock,
    namespaces: Mapping[str, str],
    labels: Mapping[str, str],
    *,
    sources: Mapping[str, Carried],
    engine_labels: Mapping[str, str],
    rights: SandboxRights | None = None,
) -> dict[str, str]:
    """Create the sandbox namespaces, still open and empty; return each one's uid.

    `sources` says what each takes over from the backed-up namespace; `engine_labels`
    keep the engine's own machinery off the namespaces; `rights` are
    bound to the runner in each namespace, where it has no others.
    """
    uids = {}
    for source, target in namespaces.items():
        made = maker.make(
            namespace_manifest(target, {**engine_labels, **labels}, sources.get(source, Carried()))
        )
        uids[target] = objects.uid(made)
        if rights is not None:
            maker.make(binding_manifest(target, rights, labels))
            _await_rights(maker.cluster, clock, target)
    return uids


def close_namespaces(
    maker: Maker,
    clock: Clock,
    targets: tuple[str, ...],
    labels: Mapping[str, str],
    *,
    network: NetworkIsolation,
    limits: LimitsSpec | None = None,
) -> None:
    """Close the sandbox namespaces: policy and quota, known to the cluster when this returns."""
    limits = limits or LimitsSpec()
    for target in targets:
        if network is NetworkIsolation.DENY:
            maker.make(policy_manifest(target, targets, labels))
        if defaults := limit_range_manifest(target, labels, limits):
            maker.make(defaults)
        maker.make(quota_manifest(target, labels, limits))
    for target in targets:
        _await_quota(maker.cluster, clock, target)


def closed(cluster: Cluster, target: str, network: NetworkIsolation, drill_id: str) -> bool:
    """Return whether the drill's own closing measures are in place in `target`."""
    measures = [cluster.get(QUOTA, target, QUOTA_NAME)]
    if network is NetworkIsolation.DENY:
        measures.append(cluster.get(NETWORK_POLICY, target, POLICY_NAME))
    return all(each is not None and drill_of(each) == drill_id for each in measures)


def _await_quota(cluster: Cluster, clock: Clock, namespace: str) -> None:
    deadline = Deadline(clock=clock, at=clock.monotonic() + QUOTA_PATIENCE)
    for change in cluster.watch(
        QUOTA, namespace, name=QUOTA_NAME, stop=lambda: deadline.passed, idle=0.5
    ):
        if change is not None and objects.mapping(change.object, "status", "hard"):
            return
    raise DeadlinePassed(
        f"the cluster took no note of the quota in {namespace} within {QUOTA_PATIENCE:.0f} s",
        hint="Every Service would be refused there: see whether kube-controller-manager is well.",
    )


def _await_rights(cluster: Cluster, clock: Clock, namespace: str) -> None:
    """Wait until the authorizer has seen the binding; raises Forbidden when it never does."""
    deadline = Deadline(clock=clock, at=clock.monotonic() + RIGHTS_PATIENCE)
    while not cluster.may("create", "resourcequotas", namespace):
        if deadline.passed:
            raise Forbidden(
                f"the role bound in {namespace} gives no right to create resourcequotas there",
                hint="Compare the ClusterRole with restore-drill-sandbox in deploy/rbac.yaml.",
            )
        clock.sleep(RIGHTS_EVERY)


def _await_gone(cluster: Cluster, name: str, deadline: Deadline, stop: StopCheck) -> None:
    for change in cluster.watch(NAMESPACE, name=name, stop=stop, idle=0.5):
        if change is not None and change.type is ChangeType.DELETED:
            return
        synced = change is not None and change.type is ChangeType.SYNCED
        if synced and cluster.get(NAMESPACE, "", name) is None:
            return
        if deadline.passed:
            raise DeadlinePassed(
                f"namespace {name} of an earlier drill is still going away",
                hint=f"See what holds it up: kubectl get namespace {name} -o yaml",
            )
    raise Interrupted(f"stopped while namespace {name} of an earlier drill was going away")
