"""The real node's Velero: a file in a volume comes back, byte for byte, by kopia."""

import secrets
from collections.abc import Iterator
from typing import cast

import pytest

from tests.lab.backups import run_velero
from tests.lab.cluster import status_of
from tests.lab.conftest import Lab
from tests.lab.node.bench import SECONDS, Bench, bench, remove
from tests.lab.processes import REAL_NODE, Run, wait_until

pytestmark = [
    pytest.mark.node,
    pytest.mark.timeout(600),
    pytest.mark.usefixtures("own_node"),
]

_API = "velero.io/v1"


@pytest.fixture
def shop(node_lab: Lab) -> Iterator[Bench]:
    """An application with a file of 5 MB in its volume."""
    name = f"lab-data-{secrets.token_hex(4)}"
    with bench(node_lab.cluster, node_lab.kubeconfig, name) as made:
        made.shell("web", "dd if=/dev/urandom of=/data/blob bs=1M count=5; sync")
        yield made


def test_a_file_in_a_volume_comes_back(node_lab: Lab, shop: Bench) -> None:
    copy = f"{shop.namespace}-copy"
    original = shop.shell("web", "sha256sum /data/blob").out
    run = REAL_NODE
    try:
        run_velero(
            run, "backup", "create", shop.namespace, f"--include-namespaces={shop.namespace}",
            "--wait",
        )  # fmt: skip
        (saved,) = _of(node_lab, "PodVolumeBackup", "velero.io/backup-name", shop.namespace)
        assert (saved["phase"], saved["uploader"]) == ("Completed", "kopia")
        run_velero(
            run, "restore", "create", copy, f"--from-backup={shop.namespace}",
            f"--namespace-mappings={shop.namespace}:{copy}", "--wait",
        )  # fmt: skip
        (brought,) = _of(node_lab, "PodVolumeRestore", "velero.io/restore-name", copy)
        assert brought["phase"] == "Completed"
        restored = Bench(cluster=shop.cluster, kubeconfig=shop.kubeconfig, namespace=copy)
        wait_until("Ready copy", lambda: restored.ready("web"), seconds=SECONDS)
        assert restored.shell("web", "sha256sum /data/blob").out == original != ""
    finally:
        remove(node_lab.cluster, copy)
        _forget(run, node_lab, shop.namespace)


def _of(lab: Lab, kind: str, label: str, name: str) -> list[dict[str, str]]:
    """Phase and uploader of the transfers that belong to a backup or a restore."""
    found = []
    for item in lab.cluster.list(_API, kind, lab.velero_namespace):
        labels = cast("dict[str, dict[str, str]]", item["metadata"]).get("labels", {})
        if labels.get(label) == name:
            spec = cast("dict[str, str]", item["spec"])
            found.append(
                {"phase": str(status_of(item).get("phase")), "uploader": spec["uploaderType"]}
            )
    return found


def _forget(run: Run, lab: Lab, backup: str) -> None:
    """Deletes the backup with its files and restores."""
    if lab.cluster.find(_API, "Backup", backup, lab.velero_namespace) is None:
        return
    run_velero(run, "backup", "delete", backup, "--confirm")
    wait_until(
        "end of the backup",
        lambda: lab.cluster.find(_API, "Backup", backup, lab.velero_namespace) is None,
        seconds=SECONDS,
    )
