"""What the preview shows is what a restore creates, field by field; odd objects do not break it."""

from collections.abc import Mapping
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from drills import objects
from drills.adapters.clock import SystemClock
from drills.adapters.kube.connect import connect_cluster
from drills.engine import LeftOutRule, RestoreOrder
from drills.engines.velero.preview.actions import ACTIONS, act, strip
from drills.engines.velero.preview.patching import Modifier, merged
from drills.engines.velero.preview.plugin_maps import POD_SPECS, PluginMaps
from drills.marks import marks
from drills.plan import DEFAULT_RULES
from drills.ports import Deadline, Kind
from embedded.cluster import EmbeddedCluster
from runner.engines import engine_maker
from tests.fakes.listeners import MemoryJournal, MemoryListener

NAMESPACES = {"production": "backup-test"}
MARKS = marks("d1", "preview")


def holds(live: object, shown: object) -> bool:
    """Return whether all that is shown is there; servers add defaults of their own."""
    if isinstance(shown, Mapping):
        return isinstance(live, Mapping) and all(holds(live.get(k), v) for k, v in shown.items())
    if isinstance(shown, list):
        if not shown:
            return not live
        return (
            isinstance(live, list)
            and len(live) == len(shown)
            and all(holds(a, b) for a, b in zip(live, shown, strict=True))
        )
    return live == shown or (shown is None and live is None)


def test_a_restore_creates_what_the_preview_shows(tmp_path: Path) -> None:
    """The genuine backup, restored by the embedded Velero by the very same order."""
    clock, journal = SystemClock(), MemoryJournal()
    with EmbeddedCluster() as embedded:
        config = str(embedded.kubeconfig(tmp_path / "config"))
        cluster = connect_cluster(kubeconfig=config, context="embedded", clock=clock)
        engine = engine_maker(
            "velero", None, {}, cluster=cluster, clock=clock, journal=journal, labels=MARKS
        )(MemoryListener(), lambda: False)
        backup = next(b for b in engine.list_backups() if b.unusable is None)
        inventory = engine.inspect(backup, NAMESPACES).inventory
        assert inventory is not None
        order = RestoreOrder(
            drill_id="d1",
            backup=backup,
            inventory=inventory,
            namespaces=NAMESPACES,
            left_out=tuple(LeftOutRule(resource=r, reason=why) for r, why in DEFAULT_RULES),
            labels=MARKS,
        )
        shown = list(engine.preview(order))
        embedded.objects.create("namespaces", {"metadata": {"name": "backup-test"}})
        restored = engine.restore(order, Deadline(clock=clock, at=clock.monotonic() + 60))
        assert (restored.phase, restored.errors) == ("Completed", ())
        created = {(i.kind, i.name) for i in restored.items or () if i.outcome == "created"}
        assert {(objects.text(o, "kind"), objects.name(o)) for o in shown} >= {
            (kind, name) for kind, name in created if kind not in {"Namespace", "PersistentVolume"}
        }
        for obj in shown:
            kind = Kind(objects.text(obj, "apiVersion"), objects.text(obj, "kind"))
            live = cluster.get(kind, "backup-test", objects.name(obj))
            assert live is not None, objects.name(obj)
            parts = {k: v for k, v in obj.items() if k != "metadata"}
            assert holds(live, parts), (kind, objects.name(obj))
            assert objects.labels(obj).items() <= objects.labels(live).items()


WORDS = [
    *("metadata", "spec", "ports", "annotations", "labels", "volumes", "containers", "type"),
    *("data", "nodePort", "name", "image", "template", "volumeClaimTemplates"),
]
ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4)
    ),
    max_leaves=20,
)
KINDS = sorted({*ACTIONS, *POD_SPECS, "configmaps"})


@given(st.sampled_from(KINDS), ODD, ODD)
def test_odd_objects_do_not_break_it(resource: str, metadata: object, spec: object) -> None:
    """Whatever an archive holds, the preview shows something or leaves it to the API server."""
    obj: dict[str, object] = {"kind": "Any", "metadata": metadata, "spec": spec}
    act(resource, obj)
    PluginMaps(classes={"a": "b"}, images=(("a", "b"),)).apply(resource, obj)
    strip(obj)
    changed = Modifier(()).applied(resource, obj)
    assert changed["kind"] == "Any"


@given(ODD, ODD)
def test_a_merge_patch_applied_twice_is_applied_once(into: object, patch: object) -> None:
    once = merged(into, patch)
    assert merged(once, patch) == once
