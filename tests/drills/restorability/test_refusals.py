"""Every refusal finds its class, and no class lets a rehearsal pass."""

import pytest

from drills.errors import (
    AlreadyExists,
    DrillError,
    Forbidden,
    Missing,
    NotServed,
    OutsideRefused,
    Unreachable,
)
from drills.findings import Cause, Severity
from drills.restorability.refusals import WEIGHTS, RefusalClass, class_of

WHAT = "create pods backup-test/shop: "
CASES: list[tuple[DrillError, RefusalClass]] = [
    (NotServed("shop.example/v1 Shop is not served"), RefusalClass.NOT_SERVED),
    (AlreadyExists("secrets x already exists (409 AlreadyExists)"), RefusalClass.EXISTS),
    (
        OutsideRefused(f"{WHAT}exceeded quota: q, requested: pods=1 (403 Forbidden)"),
        RefusalClass.QUOTA,
    ),
    (OutsideRefused("no room", cause=Cause.CAPACITY), RefusalClass.QUOTA),
    (
        OutsideRefused(f'{WHAT}admission webhook "a.b" denied the request: no (403 Forbidden)'),
        RefusalClass.WEBHOOK,
    ),
    (
        Unreachable(f'{WHAT}Internal error occurred: failed calling webhook "a.b" (500)'),
        RefusalClass.WEBHOOK,
    ),
    (
        OutsideRefused(f'{WHAT}admission webhook "a.b" does not support dry run (400 BadRequest)'),
        RefusalClass.NOT_ASKABLE,
    ),
    (
        OutsideRefused(f'{WHAT}violates PodSecurity "restricted:latest" (403 Forbidden)'),
        RefusalClass.POLICY,
    ),
    (
        Forbidden(f"{WHAT}minimum cpu usage per Container is 1 (403 Forbidden)"),
        RefusalClass.POLICY,
    ),
    (
        Forbidden(f"{WHAT}no PriorityClass with name gold was found (403 Forbidden)"),
        RefusalClass.REFERENCE,
    ),
    (
        Forbidden(f"{WHAT}error looking up service account backup-test/shop (403 Forbidden)"),
        RefusalClass.REFERENCE,
    ),
    (Missing("roles x not found (404 NotFound)"), RefusalClass.REFERENCE),
    (Forbidden(f'{WHAT}User "r" cannot create resource "pods" (403)'), RefusalClass.RIGHTS),
    (
        Forbidden("user r is attempting to grant RBAC permissions not currently held (403)"),
        RefusalClass.RIGHTS,
    ),
    (Forbidden("no"), RefusalClass.RIGHTS),
    (
        OutsideRefused('Service "s" is invalid: spec.ports[0].nodePort: Forbidden (422 Invalid)'),
        RefusalClass.SCHEMA,
    ),
    (OutsideRefused("strict decoding error (400 BadRequest)"), RefusalClass.SCHEMA),
    (OutsideRefused("something new (418)"), RefusalClass.UNKNOWN),
]


@pytest.mark.parametrize(("error", "wanted"), CASES, ids=[str(e)[:50] for e, _ in CASES])
def test_class(error: DrillError, wanted: RefusalClass) -> None:
    assert class_of(error) is wanted


@pytest.mark.parametrize("reason", list(RefusalClass))
def test_every_class_weighs_something(reason: RefusalClass) -> None:
    """A refusal is never a mere note, never the backup's fault by itself, and has a remedy."""
    weight = WEIGHTS[reason]
    assert weight.severity is not Severity.INFO
    assert weight.cause is not Cause.BACKUP
    assert weight.remedy
    assert not (weight.severity is Severity.CRITICAL and weight.unanswered)
