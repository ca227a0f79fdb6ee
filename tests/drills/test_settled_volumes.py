"""An open question about counted bytes is settled by the data itself, by nothing less."""

from dataclasses import replace

import pytest

from drills.engine import RestoredVolume
from drills.findings import Finding
from drills.record import Outcome, ProbeRecord, Verdict
from drills.settled_volumes import CODE, settled
from drills.stages.volumes import volume_findings
from scenarios.model import ProbeSpec, ProofLevel
from tests.drills.stages.test_restore import record, saved
from tests.fakes.drilling import ASK_SETTINGS, World, scenario
from tests.fakes.engine import SHOP, SOURCE, backed, inventory, manifest

DATA = replace(ASK_SETTINGS, proves=ProofLevel.DATA)
FEWER = RestoredVolume(
    claim="data", namespace=SOURCE, method="PodVolumeBackup", bytes=6, outcome="fewer"
)


def drilled(*probes: ProbeSpec) -> tuple[Verdict, Finding]:
    world = World()
    claim = backed(
        manifest("v1", "PersistentVolumeClaim", "data", spec={}, status={"phase": "Bound"})
    )
    world.engine.inventory = inventory(*SHOP, claim, volumes=(replace(saved(), bytes=19),))
    world.engine.volumes = (FEWER,)
    found = world.drill(scenario(probes=probes, prove=probes[0].proves))
    (finding,) = (one for one in found.findings if one.code == CODE)
    return found.verdict, finding


def test_without_a_data_probe_the_question_stays_open() -> None:
    verdict, finding = drilled(ASK_SETTINGS)
    assert verdict is Verdict.INCONCLUSIVE
    assert finding.unanswered


def test_a_data_probe_that_passed_leaves_a_warning() -> None:
    verdict, finding = drilled(DATA)
    assert verdict is Verdict.WARNED
    assert not finding.unanswered
    assert 'Data probe "settings are back" passed' in finding.message


def test_a_data_probe_that_failed_fails_the_drill() -> None:
    missing = replace(DATA, question={**DATA.question, "name": "gone"})
    assert drilled(missing)[0] is Verdict.FAILED


PASSED = ProbeRecord(
    name=DATA.name,
    kind="resource",
    required=True,
    proves=ProofLevel.DATA,
    outcome=Outcome.PASSED,
    attempts=1,
    seconds=0.1,
    expected="",
    observed="",
    message="",
)


@pytest.mark.parametrize(
    "less",
    [
        replace(PASSED, simulated=True),
        replace(PASSED, required=False),
        replace(PASSED, proves=ProofLevel.SERVICE),
        replace(PASSED, outcome=Outcome.INCONCLUSIVE),
        replace(PASSED, name="another"),
    ],
)
def test_nothing_less_settles_it(less: ProbeRecord) -> None:
    findings = volume_findings([record("fewer")])
    assert settled(findings, (DATA,), (less,), (SOURCE,)) == findings


def test_a_probe_of_another_namespace_settles_nothing() -> None:
    findings = volume_findings([record("fewer")])
    elsewhere = replace(DATA, question={**DATA.question, "namespace": "staging"})
    assert settled(findings, (elsewhere,), (PASSED,), (SOURCE, "staging")) == findings


def test_what_is_lost_stays_lost() -> None:
    findings = volume_findings([record("empty"), record("failed"), record("unknown")])
    assert settled(findings, (DATA,), (PASSED,), (SOURCE,)) == findings
