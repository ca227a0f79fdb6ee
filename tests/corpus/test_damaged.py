"""Every damage, done to each version's backup by each way of saving volumes, brings its finding."""

from datetime import timedelta

import pytest

from drills.integrity.result import State
from tests.corpus.damages import Damage, Subject, damages
from tests.corpus.kept import KEPT
from tests.drills.integrity.buckets import check

CHOSEN = [Subject(one) for one in KEPT if one.sort in {"full", "restic", "versions", "none"}]
CASES = [(subject, damage) for subject in CHOSEN for damage in damages(subject)]
NAMES = [f"{subject.one}: {damage.name}" for subject, damage in CASES]

HARMLESS = {
    "log-missing",
    "counts-differ",
    "backup-partially-failed",
    "backup-ends-before-it-began",
    "file-perhaps-missing",
}
"""What no restore suffers from: a warning, and the backup is still good."""


@pytest.mark.parametrize(("subject", "damage"), CASES, ids=NAMES)
def test_each_damage_brings_its_finding(subject: Subject, damage: Damage) -> None:
    files = dict(subject.files)
    damage.edit(files)
    found = check(files, subject.one.name, now=subject.one.ended + timedelta(hours=1))
    assert damage.code in {finding.code for finding in found.findings}, [
        f"{f.code}: {f.message}" for f in found.findings
    ]
    assert (found.state is State.GOOD) == (damage.code in HARMLESS)
    assert all(finding.remedy and finding.message for finding in found.findings)


def test_there_are_enough_of_them() -> None:
    for subject in CHOSEN:
        assert len(list(damages(subject))) >= 40
