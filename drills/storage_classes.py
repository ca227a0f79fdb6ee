"""StorageClasses that the scenario maps for its drill: what is told of it, before and after. Pure.

The engine gives claims the other class while it restores; nothing of the cluster changes.
"""

from collections.abc import Collection, Iterable, Mapping

from drills import objects
from drills.backups import BackedUpObject
from drills.findings import Cause, Finding, Severity
from drills.objects import KubeObject

CLAIMS = "persistentvolumeclaims"
SHOWN = 5


def class_of(claim: object) -> str:
    """Return the class that a claim or volume asks for by name, '' for the default or none."""
    return objects.text(claim, "spec", "storageClassName")


def mapping_note(
    found: Iterable[BackedUpObject], namespaces: Collection[str], mapping: Mapping[str, str]
) -> tuple[Finding, ...]:
    """Return the note that claims get another class; none where none does."""
    mapped = (
        (obj.key, class_of(obj.body))
        for obj in found
        if obj.key.resource == CLAIMS and obj.key.namespace in namespaces
    )
    claims = [
        f"{key.namespace}/{key.name} ({old} to {mapping[old]})"
        for key, old in mapped
        if old in mapping
    ]
    if not claims:
        return ()
    more = f", and {len(claims) - SHOWN} more" if len(claims) > SHOWN else ""
    return (
        Finding(
            code="storage-class-mapped",
            severity=Severity.INFO,
            cause=Cause.CONFIGURATION,
            subject="restore.storageClasses",
            message=(
                f"Claims get another StorageClass: {', '.join(claims[:SHOWN])}{more}. The drill "
                "tests neither the original class nor its speed."
            ),
            remedy="See that the original class will be there for a real restore.",
        ),
    )


def unmapped(claims: Iterable[KubeObject], mapping: Mapping[str, str]) -> tuple[Finding, ...]:
    """Return a finding for each restored claim that still has a class that is mapped away."""
    return tuple(
        Finding(
            code="storage-class-not-mapped",
            severity=Severity.WARNING,
            cause=Cause.CONFIGURATION,
            subject=f"persistentvolumeclaim {objects.namespace(claim)}/{objects.name(claim)}",
            message=f"It was to get class {mapping[class_of(claim)]} and has {class_of(claim)}.",
            remedy="Read the restore's errors: the rule that should have changed it did not work.",
        )
        for claim in claims
        if class_of(claim) in mapping
    )
