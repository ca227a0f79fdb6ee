"""What a restore would lack is known before it, to a drill and to `verify --bucket` alike."""

from collections.abc import Callable
from pathlib import Path

import pytest

from drills.findings import Severity
from drills.integrity.result import State
from tests.drills.integrity.buckets import Files, check
from tests.drills.integrity.objects import drop
from tests.drills.integrity.test_restorable import DAMAGES, asked
from tests.e2e.buckets import Bucket
from tests.e2e.conftest import Drilled

Drill = Callable[..., Drilled]
Write = Callable[..., Path]


def apply(bucket: Bucket, edit: Callable[[Files], object]) -> Files:
    """Edit the files of a bucket in their folder."""
    files = {
        path.relative_to(bucket.folder).as_posix(): path.read_bytes()
        for path in bucket.folder.rglob("*")
        if path.is_file()
    }
    edit(files)
    for name, content in files.items():
        (bucket.folder / name).write_bytes(content)
    return files


@pytest.mark.parametrize(
    "damage",
    ["two data uploads", "no content", "no pods", "no volume", "no account", "pod not running"],
)
def test_a_drill_fails_before_the_restore_on_what_verify_calls_damaged(
    drill: Drill, write: Write, bucket: Bucket, damage: str
) -> None:
    edit, code, words = DAMAGES[damage]
    files = apply(bucket, edit)
    assert check(files).state is State.DAMAGED
    done = drill(write(), "--embedded", "--store", bucket.folder)
    assert (done.code, done.verdict) == (1, "failed")
    finding = done.findings()[code]
    assert words in finding["message"]
    assert finding["remedy"]
    assert done.document["restore"] is None
    assert done.document["cleanup"]["outcome"] == "clean"


def test_a_kind_left_out_by_order_leaves_the_drill_open(
    drill: Drill, write: Write, bucket: Bucket
) -> None:
    """Its pods cannot start in an empty sandbox, and no backup is to blame."""

    def edit(files: Files) -> None:
        drop(files, "configmaps", "shop-config")
        asked(files, excludedResources=["configmaps"])

    found = check(apply(bucket, edit))
    assert found.state is State.GOOD
    assert Severity.WARNING in {finding.severity for finding in found.findings}
    done = drill(write(), "--embedded", "--store", bucket.folder)
    assert (done.code, done.verdict) == (3, "inconclusive")
    assert done.findings("warning")["configmap-not-in-backup"]["cause"] == "configuration"
    assert done.document["cleanup"]["outcome"] == "clean"
