"""Restore hooks on backed-up pods are told before they run on a copy, and can be skipped."""

import json
from dataclasses import replace

import pytest

from drills import objects
from drills.backups import BackedUpObject
from drills.engines import engine_factory
from drills.engines.velero.hooks import hook_left, hook_notes, hook_rules
from drills.engines.velero.kinds import POD
from drills.errors import Unreachable
from drills.findings import Severity
from drills.objects import KubeObject
from drills.ports import Deadline
from tests.drills.engines.velero.orders import held, order_of
from tests.fakes.engine import backed, manifest
from tests.fakes.velero import FakeVelero

POST = {"post.hook.restore.velero.io/command": "/bin/notify"}
INIT = {
    "init.hook.restore.velero.io/container-image": "tools:1",
    "init.hook.restore.velero.io/command": "/bin/fix",
}


def pod(name: str, *inits: str, **annotations: str) -> BackedUpObject:
    spec = {"initContainers": [{"name": f"own-{image}", "image": image} for image in inits]}
    return held("pods", name, metadata={"annotations": {"team": "a", **annotations}}, spec=spec)


def test_told_once_for_all_pods_in_scope() -> None:
    """Only pods that carry hooks, in namespaces that are restored, are named."""
    hooked = backed(manifest("v1", "Pod", "shop-0", metadata={"annotations": POST}))
    plain = backed(manifest("v1", "Pod", "shop-1"))
    (note,) = hook_notes([hooked, plain], ["production"])
    assert (note.code, note.severity) == ("restore-hooks-run", Severity.INFO)
    assert note.subject == "pods production/shop-0"
    assert hook_notes([hooked, plain], ["staging"]) == ()


def test_hooks_run_unless_the_order_skips_them() -> None:
    assert tuple(hook_rules(order_of(pod("shop", **POST)))) == ()


def test_skipped_hooks_lose_their_annotations_and_nothing_else() -> None:
    order = replace(order_of(pod("shop", **POST), pod("plain")), runs_hooks=False)
    (rule,) = hook_rules(order)
    assert objects.items(rule, "conditions", "namespaces") == ["production"]
    (patch,) = objects.items(rule, "mergePatches")
    assert json.loads(objects.text(patch, "patchData")) == {
        "metadata": {"annotations": dict.fromkeys(POST)}
    }


def test_an_init_container_is_taken_out_wherever_velero_puts_it() -> None:
    order = replace(order_of(pod("shop", **INIT)), runs_hooks=False)
    _, first, second = hook_rules(order)
    assert objects.items(first, "patches") == [
        {"operation": "remove", "path": "/spec/initContainers/0"}
    ]
    assert objects.items(first, "conditions", "matches") == [
        {"path": "/spec/initContainers/0/image", "value": '"tools:1"'}
    ]
    assert objects.items(second, "patches") == [
        {"operation": "remove", "path": "/spec/initContainers/1"}
    ]
    assert objects.items(second, "conditions", "matches")[0] == {
        "path": "/spec/initContainers/0/name",
        "value": '"restore-wait"',
    }


@pytest.mark.parametrize(
    ("before", "now", "left"),
    [
        ((), ("tools:1",), True),
        ((), (), False),
        (("tools:1",), ("tools:1",), False),
        (("tools:1",), ("tools:1", "tools:1"), True),
        (("other",), ("velero", "other"), False),
    ],
)
def test_what_is_left_is_seen(before: tuple[str, ...], now: tuple[str, ...], *, left: bool) -> None:
    """The application may have an init container of the same image."""
    live = {"spec": {"initContainers": [{"image": image} for image in now]}}
    assert hook_left(pod("shop", *before, **INIT), live) is left
    assert not hook_left(pod("shop", *before), live)


def account(velero: FakeVelero) -> dict[str, str]:
    """Return the findings of a restore that skips hooks: code to subject."""
    order = replace(order_of(pod("shop", **INIT, **POST)), runs_hooks=False)
    deadline = Deadline(clock=velero.clock, at=velero.clock.monotonic() + 60)
    engine = engine_factory("velero")(velero.ports(), namespace=None, options={})
    return {f.code: f.subject for f in engine.restore(order, deadline).findings}


def test_hooks_that_ran_all_the_same_are_said() -> None:
    velero = FakeVelero()

    def end(restore: KubeObject) -> None:
        status = {"hooksAttempted": 2}
        velero.finish(restore, "Completed", {}, hookStatus=status)

    velero.on_restore = end
    assert account(velero)["restore-hooks-ran"] == "restore drill-d1"


def test_an_init_container_that_is_there_is_said() -> None:
    velero = FakeVelero()
    containers = {"initContainers": [{"name": "x", "image": "tools:1"}]}
    place = {"namespace": "backup-test"}
    velero.cluster.put(manifest("v1", "Pod", "shop", metadata=place, spec=containers))
    assert account(velero)["restore-hooks-ran"] == "pod backup-test/shop"


def test_where_nobody_can_look_nothing_is_claimed() -> None:
    velero = FakeVelero()
    velero.cluster.refuse("get", POD, Unreachable("no answer"))
    assert "restore-hook-not-seen" in account(velero)


def test_skipped_and_gone_is_no_finding() -> None:
    assert account(FakeVelero()) == {}
