"""Volumes whose data stays out with what owns them, or with what would have filled them. Pure."""

from collections.abc import Iterator, Mapping

from drills.backups import BackedUpVolume, ObjectKey
from drills.engine import RestoreOrder
from drills.exclusions import excluded
from drills.findings import Cause, Finding, Severity
from drills.owned import CLAIMS, unfilled_claims
from drills.plan import EXCLUDED


def volumes_left_out(order: RestoreOrder) -> Mapping[ObjectKey, str]:
    """Return the claims with data that does not come back on purpose, and why."""
    if excluded(order.left_out, CLAIMS):
        return dict.fromkeys((_key(volume) for volume in order.inventory.volumes), EXCLUDED)
    owned = {key: why for key, why in order.owned_out.items() if key.resource == CLAIMS}
    return {**unfilled_claims(order.inventory, order.namespaces, order.owned_out), **owned}


def volumes_left_out_notes(order: RestoreOrder) -> Iterator[Finding]:
    """Yield what the drill does not prove; a warning where the scenario did not ask for that."""
    if excluded(order.left_out, CLAIMS):  # told of all claims at once, when the backup was read
        return
    out = volumes_left_out(order)
    for volume in order.inventory.volumes:
        key = _key(volume)
        if volume.has_data and key in out:
            yield _note(key, out[key])


def _key(volume: BackedUpVolume) -> ObjectKey:
    return ObjectKey(resource=CLAIMS, namespace=volume.namespace, name=volume.claim)


def _note(key: ObjectKey, why: str) -> Finding:
    wished = EXCLUDED in why
    return Finding(
        code="volume-left-out",
        severity=Severity.INFO if wished else Severity.WARNING,
        cause=Cause.CONFIGURATION,
        subject=f"persistentvolumeclaim {key.namespace}/{key.name}",
        message=(
            f"The backup has data of claim {key.namespace}/{key.name}, which this drill did not "
            f"restore: {why}. Whether it can be restored is not known."
        ),
        remedy="Put the owner's kind under restore.allow where this data must be proven.",
    )
