"""A rehearsal reads and says what a drill would do; nothing is made."""

from dataclasses import replace

import pytest

from drills.engine import Inspection
from drills.errors import SandboxTaken, Unreachable
from drills.findings import Cause, Finding, Severity
from drills.record import CleanupOutcome, Verdict
from tests.fakes.drilling import DRILL, World, namespace
from tests.fakes.engine import SHOP, SOURCE, backed, inventory, manifest
from tests.fakes.probing import SANDBOX


def finding(severity: Severity, *, unanswered: bool = False) -> Finding:
    return Finding(
        code="noticed",
        severity=severity,
        cause=Cause.BACKUP,
        subject="backup",
        message="It is so.",
        remedy="Mend it.",
        unanswered=unanswered,
    )


def test_only_the_engines_reads_happen() -> None:
    """Nothing is created in the cluster, nothing restored; the engine's own requests go again."""
    world = World(namespace(SOURCE))
    found = world.rehearsal()
    assert found.verdict is Verdict.PASSED
    assert (world.cluster.calls, world.journal.lines) == ([], [])
    assert sorted(world.engine.calls[:2]) == ["list_backups", "survey"]
    assert world.engine.calls[2:] == ["inspect", "describe", "remove"]
    assert world.engine.removed == [DRILL]
    assert found.cleanup.outcome is CleanupOutcome.CLEAN


def test_it_says_what_would_be_submitted_and_left_out() -> None:
    world = World()
    ingress = backed(manifest("networking.k8s.io/v1", "Ingress", "shop"))
    done = replace(
        backed(manifest("v1", "ConfigMap", "other")), explanation="made anew by the cluster"
    )
    world.engine.inventory = inventory(*SHOP, ingress, done)
    found = world.rehearsal()
    assert found.backup is not None
    assert found.submitted["restore"]
    counts = found.counts()
    assert counts[SOURCE, "deployments.apps"] == (1, "")
    assert counts[SOURCE, "configmaps"] == (2, "")
    assert counts[SOURCE, "ingresses.networking.k8s.io"] == (
        1,
        "would route real traffic to the sandbox",
    )


@pytest.mark.parametrize(
    ("inspection", "verdict"),
    [
        (Inspection(inventory=None), Verdict.INCONCLUSIVE),
        (Inspection(inventory=None, findings=(finding(Severity.CRITICAL),)), Verdict.FAILED),
        (
            Inspection(inventory=None, findings=(finding(Severity.WARNING, unanswered=True),)),
            Verdict.INCONCLUSIVE,
        ),
        (
            Inspection(inventory=inventory(*SHOP), findings=(finding(Severity.WARNING),)),
            Verdict.WARNED,
        ),
        (
            Inspection(
                inventory=inventory(*SHOP),
                findings=(finding(Severity.CRITICAL, unanswered=True),),
            ),
            Verdict.INCONCLUSIVE,
        ),
    ],
)
def test_its_verdict(inspection: Inspection, verdict: Verdict) -> None:
    """It never says more than that the backup reads well."""
    world = World()
    world.engine.on_inspect = lambda _: inspection
    assert world.rehearsal().verdict is verdict


def test_a_foreign_namespace_is_refused() -> None:
    with pytest.raises(SandboxTaken):
        World(namespace(SANDBOX)).rehearsal()


def test_an_engine_that_stays_away_is_inconclusive() -> None:
    world = World()

    def away(call: str) -> None:
        if call == "list_backups":
            raise Unreachable("no answer")

    world.engine.on_call = away
    found = world.rehearsal()
    assert (found.verdict, found.backup) == (Verdict.INCONCLUSIVE, None)


def test_a_backup_that_lacks_the_namespace_fails() -> None:
    world = World()
    world.engine.inventory = replace(inventory(), namespaces=frozenset({"staging"}))
    found = world.rehearsal()
    assert found.verdict is Verdict.FAILED
    assert [f.code for f in found.findings] == ["namespace-not-in-backup"]
    assert found.submitted == {}
