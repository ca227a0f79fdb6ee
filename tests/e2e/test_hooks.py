"""Whole drills of a backup whose pods carry restore hooks."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from embedded.cluster import EmbeddedCluster
from embedded.event_log import Event
from tests.e2e.buckets import Bucket
from tests.e2e.conftest import Drilled
from tests.e2e.living import SHORT_CLUSTER
from tests.e2e.test_pitfalls import rewrite

On = Callable[[str], Drilled]
LEDGER = "/pods/namespaces/production/ledger-0.json"
INIT = "init.hook.restore.velero.io/"


def hook(obj: dict[str, Any]) -> None:
    annotations = obj["metadata"].setdefault("annotations", {})
    annotations |= {f"{INIT}container-image": "tools:1", f"{INIT}command": '["/bin/fix"]'}
    annotations["post.hook.restore.velero.io/command"] = "/bin/notify"


@pytest.fixture(name="pods")
def _pods(bucket: Bucket) -> Iterator[tuple[EmbeddedCluster, list[dict[str, Any]]]]:
    """Return a cluster with the hooked backup, and each ledger pod that Velero creates in it."""
    rewrite(bucket, LEDGER, hook)
    created: list[dict[str, Any]] = []

    def hear(event: Event) -> None:
        labels = event.object["metadata"].get("labels", {})
        if event.type == "ADDED" and "velero.io/restore-name" in labels:
            created.append(event.object)

    with EmbeddedCluster(stand_ins=["shop"], store=str(bucket.folder)) as cluster:
        cluster.storage.ledger.log.tap(cluster.objects.type("pods"), hear)
        yield cluster, created


@pytest.fixture(name="on")
def _on(
    pods: tuple[EmbeddedCluster, list[dict[str, Any]]],
    drill: Callable[..., Drilled],
    write: Callable[..., Path],
    tmp_path: Path,
) -> On:
    kubeconfig = pods[0].kubeconfig(tmp_path / "kubeconfig")

    def on(hooks: str) -> Drilled:
        restore = f"{{namespaces: {{production: backup-test}}, deadline: 60s, hooks: {hooks}}}"
        path = write(cluster=SHORT_CLUSTER, restore=restore)
        return drill(path, "--kubeconfig", kubeconfig)

    return on


@pytest.mark.parametrize(
    ("hooks", "containers", "annotated"),
    [
        ("run", ["restore-wait", "velero-restore-init-embedded"], True),
        ("skip", ["restore-wait"], False),
    ],
)
def test_hooks_run_or_are_skipped(
    pods: tuple[EmbeddedCluster, list[dict[str, Any]]],
    on: On,
    hooks: str,
    containers: list[str],
    *,
    annotated: bool,
) -> None:
    """What waits for the volume's data stays, and the data comes back."""
    done = on(hooks)
    assert (done.code, done.verdict) == (0, "passed")
    ledger = next(one for one in pods[1] if one["metadata"]["name"] == "ledger-0")
    assert [one["name"] for one in ledger["spec"]["initContainers"]] == containers
    annotations = ledger["metadata"].get("annotations", {})
    assert any("hook.restore.velero.io/" in key for key in annotations) is annotated
    assert [v["outcome"] for v in done.document["volumes"]] == ["restored"]
    assert "restore-hooks-run" in done.findings("info")
    assert "restore-hooks-ran" not in done.findings("warning")
