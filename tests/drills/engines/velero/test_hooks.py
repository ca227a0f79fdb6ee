"""Restore hooks on backed-up pods are told before they run on a copy."""

from drills.engines.velero.hooks import hook_notes
from drills.findings import Severity
from tests.fakes.engine import backed, manifest

HOOK = {"post.hook.restore.velero.io/command": "/bin/notify"}


def test_told_once_for_all_pods_in_scope() -> None:
    """Only pods that carry hooks, in namespaces that are restored, are named."""
    hooked = backed(manifest("v1", "Pod", "shop-0", metadata={"annotations": HOOK}))
    plain = backed(manifest("v1", "Pod", "shop-1"))
    (note,) = hook_notes([hooked, plain], ["production"])
    assert (note.code, note.severity) == ("restore-hooks-run", Severity.INFO)
    assert note.subject == "pods production/shop-0"
    assert hook_notes([hooked, plain], ["staging"]) == ()
