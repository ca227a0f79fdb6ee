"""What reading the whole backup shows, and whether restoring it makes sense."""

from dataclasses import replace

import pytest

from drills.engine import Inspection, SandboxShape
from drills.findings import Cause, Finding, Severity
from drills.stages.verify import Verified, verify
from scenarios.model import BackupQuery
from tests.fakes.cluster import FakeCluster
from tests.fakes.drilling import scenario
from tests.fakes.engine import SHOP, FakeEngine, backup, inventory

HOOK = {"post.hook.restore.velero.io/command": '["/bin/mail-everybody"]'}


def finding(code: str, severity: Severity, subject: str = "it", *, open_: bool = False) -> Finding:
    return Finding(
        code=code,
        severity=severity,
        cause=Cause.BACKUP,
        subject=subject,
        message="It is so.",
        remedy="Mend it.",
        unanswered=open_,
    )


def verified(
    inspection: Inspection, *, shape: SandboxShape = SandboxShape.NAMESPACES, **query: object
) -> Verified:
    engine = FakeEngine(FakeCluster(), shape)
    engine.on_inspect = lambda _: inspection
    asked = replace(BackupQuery(engine="fake"), **query)  # type: ignore[arg-type]
    return verify(engine, scenario(backup=asked), backup())


def test_a_whole_backup_can_be_restored() -> None:
    found = verified(Inspection(inventory=inventory(*SHOP)))
    assert found.restorable
    assert found.findings == ()


UNFIT = {
    "unreadable": Inspection(inventory=None),
    "damaged": Inspection(
        inventory=inventory(*SHOP), findings=(finding("damaged", Severity.CRITICAL),)
    ),
    "unanswered": Inspection(
        inventory=inventory(*SHOP), findings=(finding("unread", Severity.WARNING, open_=True),)
    ),
}


@pytest.mark.parametrize("inspection", UNFIT.values(), ids=UNFIT)
def test_what_is_not_known_to_be_whole_is_not_restored(inspection: Inspection) -> None:
    assert not verified(inspection).restorable


def test_a_warning_does_not_keep_from_restoring() -> None:
    odd = Inspection(inventory=inventory(*SHOP), findings=(finding("odd", Severity.WARNING),))
    assert verified(odd).restorable


def test_a_namespace_that_the_archive_lacks_is_critical() -> None:
    """Whatever the backup's own spec says it covers."""
    empty = replace(inventory(), namespaces=frozenset({"staging"}))
    found = verified(Inspection(inventory=empty))
    assert [(f.code, f.subject, f.severity) for f in found.findings] == [
        ("namespace-not-in-backup", "namespace production", Severity.CRITICAL)
    ]
    assert not found.restorable


def test_namespaces_that_must_be_in_the_backup_count_too() -> None:
    found = verified(Inspection(inventory=inventory(*SHOP)), namespaces=("prod", "database"))
    assert [f.subject for f in found.findings] == ["namespace prod", "namespace database"]


def test_what_the_engine_said_is_not_said_twice() -> None:
    """But a name within another's is another namespace."""
    told = finding("namespace-not-in-backup", Severity.CRITICAL, "namespace production")
    lacking = replace(inventory(), namespaces=frozenset())
    found = verified(Inspection(inventory=lacking, findings=(told,)), namespaces=("prod",))
    assert [f.subject for f in found.findings] == ["namespace production", "namespace prod"]


def test_an_engine_without_namespaces_lacks_none() -> None:
    nowhere = replace(inventory(), namespaces=frozenset())
    assert verified(Inspection(inventory=nowhere), shape=SandboxShape.OWN).restorable
