"""The phase table of Restores."""

import pytest

from drills.engines.velero.phases import Standing, restore_standing


@pytest.mark.parametrize(
    ("phase", "standing"),
    [
        ("New", Standing.WAITING),
        ("InProgress", Standing.RUNNING),
        ("WaitingForPluginOperations", Standing.RUNNING),
        ("WaitingForPluginOperationsPartiallyFailed", Standing.RUNNING),
        ("Finalizing", Standing.RUNNING),
        ("FinalizingPartiallyFailed", Standing.RUNNING),
        ("Completed", Standing.ENDED),
        ("PartiallyFailed", Standing.ENDED),
        ("Failed", Standing.ENDED),
        ("FailedValidation", Standing.ENDED),
        ("Sideways", Standing.UNKNOWN),
    ],
)
def test_each_phase_has_its_standing(phase: str, standing: Standing) -> None:
    assert restore_standing(phase) is standing
