"""The real backup is drilled, and each way of spoiling it turns the verdict as it should."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.buckets import BACKUP, Bucket
from tests.e2e.conftest import Drilled

Drill = Callable[..., Drilled]
Write = Callable[..., Path]


def on_bucket(drill: Drill, bucket: Bucket, scenario: Path) -> Drilled:
    return drill(scenario, "--embedded", "--store", bucket.folder)


def test_untouched(drill: Drill, write: Write, bucket: Bucket) -> None:
    """The backup as Velero wrote it passes, proves objects, and says embedded."""
    done = on_bucket(drill, bucket, write())
    assert (done.code, done.verdict) == (0, "passed")
    assert done.document["proofLevel"] == "objects"
    assert done.document["environment"] == "embedded"
    assert "embedded" in done.lines[-1]
    assert done.document["completeness"]["missing"] == []
    assert done.document["volumes"][0]["outcome"] == "restored"
    assert done.document["cleanup"] == {"outcome": "clean", "leftovers": [], "removed": 2}


DAMAGES: dict[str, tuple[Callable[[Bucket], None], str]] = {
    "truncated": (Bucket.truncate, "archive"),
    "one byte flipped": (Bucket.flip_byte, "archive"),
    "tarball removed": (lambda bucket: bucket.tarball.unlink(), "archive"),
    "tarball emptied": (lambda bucket: bucket.tarball.write_bytes(b"") and None, "archive"),
    "results cut": (lambda bucket: bucket.cut(f"{BACKUP}-results.gz"), "results.gz is damaged"),
    "log cut": (lambda bucket: bucket.cut(f"{BACKUP}-logs.gz"), "logs.gz is damaged"),
    "namespace missing": (lambda bucket: bucket.drop_namespace("production"), "production"),
    "volume opted out": (Bucket.opt_volume_out, "data-ledger-0"),
    "volume data missing": (Bucket.drop_volume_data, ""),
}


@pytest.mark.parametrize(("damage", "named"), DAMAGES.values(), ids=DAMAGES)
def test_damaged(
    drill: Drill,
    write: Write,
    bucket: Bucket,
    damage: Callable[[Bucket], None],
    named: str,
) -> None:
    """A damaged backup fails, blamed on the backup, with what is wrong named."""
    damage(bucket)
    done = on_bucket(drill, bucket, write())
    assert (done.code, done.verdict) == (1, "failed")
    words = " ".join(f"{f['subject']} {f['message']}" for f in done.findings().values())
    assert named.lower() in words.lower()
    assert {f["cause"] for f in done.findings().values()} == {"backup"}
    assert all(f["remedy"] for f in done.findings().values())
    assert done.document["cleanup"]["outcome"] == "clean"


def test_the_answer_itself_names_the_claim(drill: Drill, write: Write, bucket: Bucket) -> None:
    """The last lines are all that some people read: "its data" of what?"""
    bucket.opt_volume_out()
    done = on_bucket(drill, bucket, write())
    (reason,) = done.document["reasons"]
    assert reason["message"] == (
        "persistentvolumeclaim production/data-ledger-0: Its data is not in the backup: podvolume:"
        " opted out due to annotation in pod ledger-0; volumeSnapshot: not satisfy the criteria for"
        " VolumePolicy or the legacy snapshot way. A restore would bring it back empty."
    )


def test_partially_failed(drill: Drill, write: Write, bucket: Bucket) -> None:
    """A partially failed backup is refused, unless the scenario accepts it."""
    bucket.change_status(phase="PartiallyFailed", errors=1)
    refused = on_bucket(drill, bucket, write())
    assert (refused.code, refused.verdict) == (1, "failed")
    assert "PartiallyFailed" in refused.document["passedOver"][0]["reason"]
    backup = f"{{engine: velero, name: {BACKUP}, partiallyFailed: accept}}"
    accepted = on_bucket(drill, bucket, write(backup=backup))
    assert accepted.code == 0


def test_too_old(drill: Drill, write: Write, bucket: Bucket) -> None:
    """The maximum age is a hard limit."""
    bucket.change_status(startTimestamp="2026-01-01T00:00:00Z")
    backup = "{engine: velero, schedule: production-daily, maxAge: 26h}"
    done = on_bucket(drill, bucket, write(backup=backup))
    assert (done.code, done.verdict) == (1, "failed")
    assert "too old" in done.document["passedOver"][0]["reason"]
    assert "isolate" not in {stage["name"] for stage in done.document["stages"]}


def test_no_backup_asked_for_exists(drill: Drill, write: Write, bucket: Bucket) -> None:
    """A schedule that the engine does not know is the scenario's mistake; it never passes."""
    done = on_bucket(drill, bucket, write(backup="{engine: velero, schedule: hourly}"))
    assert (done.code, done.verdict) == (3, "inconclusive")
    assert "production-daily" in done.findings("warning")["unknown-schedule"]["message"]


def test_no_stand_in_is_no_answer(drill: Drill, write: Write, bucket: Bucket) -> None:
    """Without containers or a stand-in, an HTTP probe is inconclusive, never passed."""
    done = on_bucket(drill, bucket, write(cluster="{embedded: true}"))
    assert (done.code, done.verdict) == (3, "inconclusive")
    answers = {p["name"]: p["outcome"] for p in done.document["probes"]}
    assert answers == {
        "configuration came back": "passed",
        "shop rolled out": "passed",
        "shop answers": "inconclusive",
    }


def test_store_that_is_none(drill: Drill, write: Write, tmp_path: Path) -> None:
    """A folder without backups is refused with a remedy, exit code 2."""
    done = drill(write(), "--embedded", "--store", tmp_path / "nowhere")
    assert done.code == 2
    assert "backups/" in done.errors
    assert done.report is None
