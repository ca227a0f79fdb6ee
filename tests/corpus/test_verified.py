"""`verify --bucket` has no false alarm on any of them."""

import gzip
import re
from pathlib import Path

import pytest

from runner.cli import main
from tests.corpus.kept import HERE, KEPT, VERSIONS, Kept, Method, writes

TRACES = re.compile(rb"/(root|work|home|tmp/corpus)/|localhost|registry")
BUCKETS = sorted({one.folder for one in KEPT})


@pytest.mark.parametrize("bucket", BUCKETS, ids=lambda path: str(path.relative_to(HERE)))
def test_every_kept_backup_is_good(bucket: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["verify", "--bucket", str(bucket), "--no-state"])
    said = capsys.readouterr().out
    names = {one.name for one in KEPT if one.folder == bucket}
    good = {line.split()[1] for line in said.splitlines() if line.startswith("good ")}
    assert code == 0, said
    assert good >= names, said


def test_each_version_is_there_by_each_method_that_it_knows() -> None:
    found = {(one.version, one.method) for one in KEPT}
    assert found == {(v, method) for v in VERSIONS for method in Method if writes(v, method)}


@pytest.mark.parametrize("one", KEPT, ids=str)
def test_each_ended_well(one: Kept) -> None:
    assert one.backup["metadata"]["name"] == one.name
    assert one.backup["status"]["phase"] == "Completed"


def test_they_are_small() -> None:
    sizes = [path.stat().st_size for path in HERE.rglob("*") if path.is_file()]
    assert sum(sizes) < 10 << 20


def test_they_name_no_machine() -> None:
    """Neither folders nor hosts of the machine that made them, packed or not."""
    for path in (path for path in HERE.glob("velero-*/**/*") if path.is_file()):
        body = path.read_bytes()
        text = gzip.decompress(body) if path.suffix == ".gz" else body
        assert not TRACES.search(text), path
