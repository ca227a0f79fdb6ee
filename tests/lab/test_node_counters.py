"""Five backups of one volume on the real node: what kopia counts, and that none is blamed."""

import secrets
from collections.abc import Iterator
from typing import cast

import pytest

from drills.backups import BackedUpVolume
from drills.engines.velero.counted import all_read, compared
from tests.lab.backups import run_velero
from tests.lab.cluster import status_of
from tests.lab.conftest import Lab
from tests.lab.node.bench import SECONDS, Bench, bench, remove
from tests.lab.processes import REAL_NODE, wait_until

pytestmark = [
    pytest.mark.node,
    pytest.mark.timeout(1200),
    pytest.mark.usefixtures("own_node"),
]

_API = "velero.io/v1"
STEPS = (
    ("one file and two links", "printf sixsix > /data/a; ln -s a /data/b; ln -s /data/a /data/c"),
    ("nothing changed", "true"),
    ("a hard link and a socket", "ln /data/a /data/d; mkfifo /data/pipe"),
    ("a sparse file", "truncate -s 4M /data/holes; printf end >> /data/holes"),
    ("changed and deleted", "rm /data/a /data/c; printf longer > /data/d; ln -sfn none /data/b"),
)


@pytest.fixture
def shop(node_lab: Lab) -> Iterator[Bench]:
    """An application with a volume of its own."""
    name = f"lab-counts-{secrets.token_hex(4)}"
    with bench(node_lab.cluster, node_lab.kubeconfig, name) as made:
        yield made


def test_no_sound_backup_of_five_is_blamed(node_lab: Lab, shop: Bench) -> None:
    for number, (what, script) in enumerate(STEPS):
        name = f"{shop.namespace}-{number}"
        assert shop.shell("web", f"{script}; sync").code == 0, what
        try:
            saved, back = _saved_and_restored(node_lab, shop, name)
            assert compared(saved, *back) in {"restored", "fewer"}, what
            assert number or saved.all_read, "the first backup finds nothing unchanged"
        finally:
            remove(node_lab.cluster, name)
            _forget(node_lab, name)


def _saved_and_restored(
    lab: Lab, shop: Bench, name: str
) -> tuple[BackedUpVolume, tuple[int | None, int | None]]:
    """Back the namespace up, restore it beside itself, and return what both counted."""
    place = f"--include-namespaces={shop.namespace}"
    run_velero(REAL_NODE, "backup", "create", name, place, "--wait")
    mapping = f"--namespace-mappings={shop.namespace}:{name}"
    run_velero(
        REAL_NODE, "restore", "create", name, f"--from-backup={name}", mapping, "--wait"
    )  # fmt: skip
    saved = _status(lab, "PodVolumeBackup", "velero.io/backup-name", name)
    back = _status(lab, "PodVolumeRestore", "velero.io/restore-name", name)
    assert (saved["phase"], back["phase"]) == ("Completed", "Completed")
    size = _counted(saved, "bytesDone")
    volume = BackedUpVolume(
        claim="data",
        namespace=shop.namespace,
        volume="",
        method="PodVolumeBackup",
        bytes=size,
        has_data=True,
        uploader="kopia",
        all_read=all_read(size, cast("int | None", saved.get("incrementalBytes"))),
    )
    return volume, (_counted(back, "bytesDone"), _counted(back, "totalBytes"))


def _counted(status: dict[str, object], word: str) -> int | None:
    return cast("dict[str, int]", status.get("progress", {})).get(word)


def _status(lab: Lab, kind: str, label: str, name: str) -> dict[str, object]:
    """Return the status of the one transfer that belongs to a backup or a restore."""
    (found,) = (
        status_of(item)
        for item in lab.cluster.list(_API, kind, lab.velero_namespace)
        if cast("dict[str, dict[str, str]]", item["metadata"]).get("labels", {}).get(label) == name
    )
    return dict(found)


def _forget(lab: Lab, backup: str) -> None:
    """Delete the backup with its files and restores."""
    if lab.cluster.find(_API, "Backup", backup, lab.velero_namespace) is None:
        return
    run_velero(REAL_NODE, "backup", "delete", backup, "--confirm")
    wait_until(
        "end of the backup",
        lambda: lab.cluster.find(_API, "Backup", backup, lab.velero_namespace) is None,
        seconds=SECONDS,
    )
