"""What the scenario's own `restore.exclude` takes away from what is to be restored. Pure.

A part of a backup restored on purpose is a good drill; one that cannot work says nothing of the
backup, and it is told before anything is restored:

| excluded                    | and restored all the same      | is                                |
|-----------------------------|--------------------------------|-----------------------------------|
| claims, and all that mounts | nothing that mounts a claim    | on purpose: volumes are left out  |
| claims                      | pods or workloads that mount   | wrong: they never start, or start |
|                             | one                            | on a claim that is new and empty  |
| volumes, but not the claims | claims that are bound to one   | wrong: they keep production's     |
|                             |                                | volume by name and never bind     |
| Secrets, ConfigMaps or      | pods that name one             | wrong: they never start           |
| ServiceAccounts             |                                |                                   |
| pods                        | claims whose data comes back   | wrong: they stay empty            |
|                             | through pods (file system)     |                                   |
| a kind that a probe asks    | -                              | wrong: nobody is there to answer  |

Workloads that have no replicas, and CronJobs, which a drill suspends, start no pod. What is left
out by default (Jobs) starts none either.
"""

from collections.abc import Iterable, Iterator, Mapping

from drills import objects
from drills.backups import BackedUpObject, Inventory
from drills.companions.lacks import Lack, Seen, companions_of
from drills.companions.named import ACCOUNTS, CONFIG_MAPS, SECRETS, naming
from drills.engine import LeftOutRule
from drills.findings import Finding, Severity
from drills.owned import BY_POD
from drills.plan import EXCLUDED, rule_for
from drills.pod_specs import POD_SPECS, pod_spec
from drills.spelling import SHOWN
from drills.unknown_names import wrong

CLAIMS, VOLUMES = "persistentvolumeclaims", "persistentvolumes"
_STARTS_NOTHING = "cronjobs.batch"


def exclusion_findings(
    inventory: Inventory, namespaces: Iterable[str], rules: tuple[LeftOutRule, ...]
) -> Iterator[Finding]:
    """Yield what the scenario leaves out and yet needs."""
    scope = frozenset(namespaces)
    yield from _needed(inventory, scope, rules)
    if excluded(rules, CLAIMS):
        mounting = tuple(_mounting(inventory, scope, rules))
        if mounting:
            yield _cannot_start(mounting)
        return
    if excluded(rules, VOLUMES):
        yield from _never_bound(inventory, scope)
    if excluded(rules, "pods"):
        claims = [
            f"{volume.namespace}/{volume.claim}"
            for volume in inventory.volumes
            if volume.namespace in scope and volume.has_data and volume.method == BY_POD
        ]
        yield from (_stays_empty(claim) for claim in claims)


def excluded(rules: tuple[LeftOutRule, ...], resource: str) -> bool:
    """Return whether the scenario itself leaves the kind out."""
    rule = rule_for(rules, resource)
    return rule is not None and rule.reason == EXCLUDED


def without_volumes(
    findings: Iterable[Finding], rules: tuple[LeftOutRule, ...]
) -> tuple[Finding, ...]:
    """Return the findings; what is wrong with claims weighs nothing where none is restored."""
    if not excluded(rules, CLAIMS):
        return tuple(findings)
    return tuple(_weightless(f) if f.subject.startswith(_CLAIM) else f for f in findings)


_CLAIM = "persistentvolumeclaim "


def _weightless(finding: Finding) -> Finding:
    return Finding(
        code=finding.code,
        severity=Severity.INFO,
        cause=finding.cause,
        subject=finding.subject,
        message=f"{finding.message} This drill leaves claims out (restore.exclude).",
        remedy=finding.remedy,
    )


def _mounting(
    inventory: Inventory, scope: frozenset[str], rules: tuple[LeftOutRule, ...]
) -> Iterator[tuple[str, str]]:
    """Yield each restored workload with a claim that its pods wait for."""
    for obj in inventory.objects:
        if obj.key.namespace not in scope or obj.explanation is not None or obj.body is None:
            continue
        if obj.key.resource not in POD_SPECS or rule_for(rules, obj.key.resource) is not None:
            continue
        if obj.key.resource == _STARTS_NOTHING or objects.dig(obj.body, "spec", "replicas") == 0:
            continue
        claim = next(_claims(obj), None)
        if claim is not None:
            yield str(obj.key), claim


def _claims(obj: BackedUpObject) -> Iterator[str]:
    for volume in objects.items(pod_spec(obj.key.resource, obj.body), "volumes"):
        if name := objects.text(volume, "persistentVolumeClaim", "claimName"):
            yield name
    for template in objects.items(obj.body, "spec", "volumeClaimTemplates"):
        yield objects.name(template) if isinstance(template, Mapping) else ""


def _cannot_start(mounting: tuple[tuple[str, str], ...]) -> Finding:
    shown = "; ".join(f"{who} mounts {claim}" for who, claim in mounting[:SHOWN])
    more = f" and {len(mounting) - SHOWN} more" if len(mounting) > SHOWN else ""
    return wrong(
        "exclude-keeps-claim-out",
        "restore.exclude",
        "The scenario's own restore.exclude leaves persistentvolumeclaims out, but what mounts "
        f"them is restored ({shown}{more}): it would never start, or start on an empty one.",
        "Leave out the workloads and pods too (deployments.apps, statefulsets.apps, "
        "daemonsets.apps, replicasets.apps, pods), or take persistentvolumeclaims out of "
        "restore.exclude.",
    )


def _needed(
    inventory: Inventory, scope: frozenset[str], rules: tuple[LeftOutRule, ...]
) -> Iterator[Finding]:
    """Yield the excluded kinds that restored pods, which ran in the source, name objects of."""
    kinds = [kind for kind in (SECRETS, CONFIG_MAPS, ACCOUNTS) if excluded(rules, kind)]
    if not kinds:
        return
    members = [obj for obj in inventory.objects if obj.key.namespace in scope]
    kept = (obj.key for obj in members if obj.key.resource not in kinds)
    named = (naming(obj) for obj in members if not rule_for(rules, obj.key.resource))
    lacks = list(companions_of(kept, filter(None, named), inventory.makers).lacks())
    held = {obj.key for obj in members}
    for kind in kinds:
        lacking = [
            lack
            for lack in lacks
            if lack.key.resource == kind and lack.key in held and _stops(lack)
        ]
        if lacking:
            yield _needed_but_out(kind, lacking)


def _stops(lack: Lack) -> bool:
    """Return whether pods that ran do not start without it, and nobody makes it anew."""
    return lack.seen is Seen.RUNNING and lack.maker is None and not lack.only_pulls


def _needed_but_out(kind: str, lacking: list[Lack]) -> Finding:
    shown = "; ".join(f"{lack.by[0]} names {lack.key}" for lack in lacking[:SHOWN])
    more = f" and {len(lacking) - SHOWN} more" if len(lacking) > SHOWN else ""
    return wrong(
        "exclude-keeps-pods-waiting",
        "restore.exclude",
        f"The scenario's own restore.exclude leaves {kind} out, but what needs them is restored "
        f"({shown}{more}): it would never start.",
        f"Take {kind} out of restore.exclude, or leave out the workloads and pods as well.",
    )


def _never_bound(inventory: Inventory, scope: frozenset[str]) -> Iterator[Finding]:
    """Yield the claims that name a volume which nobody would replace.

    Velero clears a claim's `volumeName` as it handles the volume (v1.18 `pkg/restore/restore.go`).
    """
    bound = [
        f"{obj.key.namespace}/{obj.key.name}"
        for obj in inventory.objects
        if obj.key.resource == CLAIMS
        and obj.key.namespace in scope
        and objects.text(obj.body, "spec", "volumeName")
    ]
    if bound:
        more = f" and {len(bound) - SHOWN} more" if len(bound) > SHOWN else ""
        yield wrong(
            "exclude-keeps-claim-unbound",
            "restore.exclude",
            "The scenario's own restore.exclude leaves persistentvolumes out, but these claims "
            f"name one and would never bind: {', '.join(bound[:SHOWN])}{more}.",
            "Take persistentvolumes out of restore.exclude: a drill makes new volumes for claims.",
        )


def _stays_empty(claim: str) -> Finding:
    return wrong(
        "exclude-keeps-claim-empty",
        f"{_CLAIM}{claim}",
        f"The scenario's own restore.exclude keeps claim {claim} empty: its data is in the backup, "
        "but comes back only through the pods that mount it, and the scenario leaves pods out.",
        "Take pods out of restore.exclude, or leave persistentvolumeclaims and the workloads out "
        "as well.",
    )
