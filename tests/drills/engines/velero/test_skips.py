"""Velero's reasons for a volume that it did not save: who chose it, and what to do about it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drills.backups import Absence, ObjectKey
from drills.engines.velero.judgement import backed_up
from drills.engines.velero.pod_volumes import PodVolumes
from drills.engines.velero.skips import Asked, Bystanders, absence_of, asked_of, skip_of
from drills.engines.velero.volumes import VolumeSources, volumes_of

CRITERIA = "volumeSnapshot: not satisfy the criteria for VolumePolicy or the legacy snapshot way;"
NO_SNAPSHOTTER = "volumeSnapshot: no applicable volumesnapshotter found;"
NOT_CSI = "csiSnapshot: skipped b/c it's not a CSI volume;"
OPTED_OUT = "podvolume: opted out due to annotation in pod ledger-0;"
PROBLEM = "podvolume: encountered a problem with backing up the PVC of pod production/ledger-0: "
EVERY = Asked(file_system=True)
EVERY_NO_SNAPSHOTS = Asked(file_system=True, snapshots=False)
OPT_IN = Asked()
OPT_IN_NO_SNAPSHOTS = Asked(snapshots=False)


def pod(phase: str = "Running", *, out: bool = False, into: bool = False) -> PodVolumes:
    return PodVolumes(
        namespace="production",
        name="ledger-0",
        phase=phase,
        comes_back=True,
        volumes={"data": "disk"},
        opted_out=frozenset({"disk"} if out else ()),
        opted_in=frozenset({"disk"} if into else ()),
    )


def around(*pods: PodVolumes, phase: str = "Bound", host_path: bool = False) -> Bystanders:
    return Bystanders(claim="data", phase=phase, mounts=pods, host_path=host_path)


@pytest.mark.parametrize(
    ("said", "asked", "seen", "code", "absence"),
    [
        (
            "any: item has label velero.io/exclude-from-backup=true;",
            EVERY,
            around(pod()),
            "excluded-by-label",
            Absence.CHOSEN,
        ),
        (
            "any: skipped due to resource policy ;",
            EVERY,
            around(pod()),
            "skipped-by-policy",
            Absence.CHOSEN,
        ),
        (
            "podvolume: matched action is 'skip' in chosen resource policies;",
            OPT_IN,
            around(),
            "skipped-by-policy",
            Absence.CHOSEN,
        ),
        (OPTED_OUT + CRITERIA, EVERY, around(pod(out=True)), "opted-out", Absence.CHOSEN),
        (OPTED_OUT + NOT_CSI, EVERY_NO_SNAPSHOTS, around(pod()), "opted-out", Absence.CHOSEN),
        (OPTED_OUT, OPT_IN, around(pod(out=True)), "opted-out", Absence.CHOSEN),
        # Since 1.14 Velero says "annotation" of whatever file-system backup does not take.
        (OPTED_OUT + NO_SNAPSHOTTER, OPT_IN, around(pod()), "no-snapshot", Absence.LOST),
        (OPTED_OUT, OPT_IN_NO_SNAPSHOTS, around(pod()), "nobody-opted-in", Absence.CHOSEN),
        (
            OPTED_OUT + NO_SNAPSHOTTER,
            Asked(file_system=True, policy="by-class"),
            around(pod()),
            "unknown",
            Absence.LOST,
        ),
        (
            "podvolume: pod is not in the expected status, name=ledger-0, namespace=production, "
            "phase=Pending: pod is not running;" + CRITERIA,
            EVERY_NO_SNAPSHOTS,
            around(pod("Pending")),
            "pod-not-running",
            Absence.LOST,
        ),
        (
            PROBLEM + "pod is not scheduled, name=ledger-0, namespace=production, phase=Pending;",
            EVERY,
            around(pod("Pending")),
            "pod-not-running",
            Absence.LOST,
        ),
        (
            PROBLEM + "pod is being terminated, name=ledger-0, namespace=production, phase=Running",
            EVERY,
            around(pod()),
            "pod-not-running",
            Absence.LOST,
        ),
        (
            "podvolume: the pod the PVC is mounted to, production/ledger-0, is not running;",
            EVERY,
            around(),
            "pod-not-running",
            Absence.LOST,
        ),
        (
            PROBLEM + "daemonset pod not found in running state in node n1;",
            EVERY,
            around(pod()),
            "no-node-agent",
            Absence.LOST,
        ),
        (
            (
                "podvolume: volume disk declared in pod production/ledger-0 is a block volume. "
                "Block volumes are not supported for fs backup, skipping;"
            ),
            EVERY,
            around(pod()),
            "not-for-file-system",
            Absence.LOST,
        ),
        (
            (
                "podvolume: volume disk is declared in pod production/ledger-0 but not mounted by "
                "any container, skipping;"
            ),
            EVERY,
            around(pod()),
            "not-mounted",
            Absence.LOST,
        ),
        (
            PROBLEM + "error to connect to the repository;",
            EVERY,
            around(pod()),
            "file-system-failed",
            Absence.LOST,
        ),
        (CRITERIA, EVERY_NO_SNAPSHOTS, around(), "no-pod", Absence.LOST),
        (NO_SNAPSHOTTER, EVERY, around(), "no-pod", Absence.LOST),
        (CRITERIA, EVERY, around(pod("Failed")), "pod-not-running", Absence.LOST),
        (NO_SNAPSHOTTER, EVERY, around(pod(), host_path=True), "host-path", Absence.LOST),
        (CRITERIA, EVERY, around(pod()), "unknown", Absence.LOST),
        (CRITERIA, OPT_IN_NO_SNAPSHOTS, around(pod()), "nobody-opted-in", Absence.CHOSEN),
        (
            "volumeSnapshot: backup has volume snapshots disabled;",
            OPT_IN_NO_SNAPSHOTS,
            around(pod()),
            "nobody-opted-in",
            Absence.CHOSEN,
        ),
        (
            CRITERIA,
            OPT_IN_NO_SNAPSHOTS,
            around(pod("Pending", into=True)),
            "pod-not-running",
            Absence.LOST,
        ),
        (NOT_CSI + NO_SNAPSHOTTER, OPT_IN, around(pod()), "no-snapshot", Absence.LOST),
        ("anyway: the moon was full;", OPT_IN_NO_SNAPSHOTS, around(), "unknown", Absence.LOST),
        ("anyway: the moon was full;", None, around(), "unknown", Absence.LOST),
    ],
)
def test_the_reason_for_that_volume_decides(
    said: str, asked: Asked | None, seen: Bystanders, code: str, absence: Absence
) -> None:
    found = skip_of(said, asked, seen)
    assert (found.code, found.absence) == (code, absence)
    assert found.remedy


def test_a_pod_that_did_not_run_is_named_with_its_phase_and_the_way_out() -> None:
    said = PROBLEM + "pod is not in the expected status, name=ledger-0, namespace=production, "
    found = skip_of(said + "phase=Pending: pod is not running;", EVERY, around(pod("Pending")))
    assert "ledger-0 (phase Pending)" in found.message
    assert "Have pod ledger-0 run" in found.remedy
    assert "backup-volumes-excludes" in found.remedy


def test_an_unknown_reason_is_shown_in_full() -> None:
    said = "podvolume: it rained;volumeSnapshot: the sky fell;"
    assert skip_of(said, EVERY, around(pod())).message == (
        "podvolume: it rained; volumeSnapshot: the sky fell"
    )


def test_a_pod_that_was_not_looked_at_proves_nothing() -> None:
    nobody = Bystanders(claim="data")
    assert skip_of(CRITERIA, EVERY, nobody).code == "unknown"
    assert absence_of(EVERY, nobody).message == "the backup does not mention it"


@pytest.mark.parametrize(
    ("asked", "seen", "code"),
    [
        (EVERY, around(pod(out=True)), "opted-out"),
        (EVERY, around(pod("Pending")), "pod-not-running"),
        (EVERY, around(), "no-pod"),
        (EVERY, around(pod(), host_path=True), "host-path"),
        (OPT_IN_NO_SNAPSHOTS, around(pod()), "nobody-opted-in"),
        (OPT_IN, around(pod()), "no-snapshot"),
        (EVERY, around(pod(), phase="Lost"), "no-volume-in-source"),
        (OPT_IN_NO_SNAPSHOTS, around(phase="Pending"), "no-volume-in-source"),
        (None, around(pod()), "unknown"),
    ],
)
def test_without_a_reason_the_archive_tells(
    asked: Asked | None, seen: Bystanders, code: str
) -> None:
    """Velero before 1.13 wrote none."""
    assert absence_of(asked, seen).code == code


@pytest.mark.parametrize(
    ("spec", "asked"),
    [
        ({}, Asked()),
        ({"snapshotVolumes": None, "defaultVolumesToFsBackup": False}, Asked()),
        ({"snapshotVolumes": False, "defaultVolumesToFsBackup": True}, EVERY_NO_SNAPSHOTS),
        ({"defaultVolumesToRestic": True}, EVERY),
        ({"resourcePolicy": {"kind": "configmap", "name": "p"}}, Asked(policy="p")),
    ],
)
def test_what_the_backup_asks_for(spec: dict[str, object], asked: Asked) -> None:
    assert asked_of({"spec": spec}) == asked


@given(
    said=st.text(max_size=80),
    asked=st.sampled_from((None, EVERY, EVERY_NO_SNAPSHOTS, OPT_IN, OPT_IN_NO_SNAPSHOTS)),
    phase=st.sampled_from(("", "Bound", "Lost", "Pending")),
    mounted=st.booleans(),
)
def test_a_volume_that_was_skipped_has_no_data_whatever_velero_said(
    said: str, asked: Asked | None, phase: str, *, mounted: bool
) -> None:
    """An empty reason once counted as none, and a claim without its data as saved."""
    pods = (pod(),) if mounted else ()
    assert skip_of(said, asked, around(*pods, phase=phase)).message
    status = {"status": {"phase": phase}}
    body = {"metadata": {"name": "data"}, "spec": {"volumeName": "pv-1"}, **status}
    key = ObjectKey(resource="persistentvolumeclaims", namespace="production", name="data")
    row = {"pvcNamespace": "production", "pvcName": "data", "skipped": True, "skippedReason": said}
    sources = VolumeSources(info=(row,), pod_volume_backups=(), pods=pods, asked=asked)
    for found in volumes_of((backed_up(key, body),), (), sources):
        assert not found.has_data
        assert found.reason


def test_a_claim_that_was_lost_is_told_apart_where_velero_gave_no_reason() -> None:
    assert skip_of("", EVERY, around(pod(), phase="Lost")).absence is Absence.NOTHING
