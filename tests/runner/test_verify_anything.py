"""The whole command on buckets that hold anything: an answer, in words, and never a false one."""

import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from drills.engines.velero.bucket import VeleroBucket
from drills.integrity.contract import BucketPorts, Wish
from drills.integrity.result import State
from runner.cli import main
from tests.drills.integrity.buckets import METADATA, PACKED, REAL
from tests.fakes.clock import FakeClock
from tests.fakes.store import FakeStore
from tests.fakes.velero import PRODUCTION, SAMPLE

WEIGHING = (*PACKED, METADATA)
"""Files whose every byte counts; of volume data only the structure can be seen."""
FILES = st.sampled_from(sorted(REAL))
BYTES = st.binary(max_size=2000)
NAME = st.text(min_size=1, max_size=40).filter(
    lambda name: "/" not in name and "\0" not in name and name not in {".", ".."}
    and len(name.encode(errors="replace")) < 200 and name.isprintable()
)  # fmt: skip
KEY = st.lists(NAME, min_size=1, max_size=4).map("/".join)
ONE = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
MANY = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(autouse=True, scope="module")
def _without_kopia() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", "/nonexistent")
        yield


@contextmanager
def bucket_with(files: Mapping[str, bytes]) -> Iterator[Path]:
    """Yield the real bucket with these files in it."""
    with tempfile.TemporaryDirectory() as folder:
        bucket = Path(shutil.copytree(SAMPLE, Path(folder, "bucket")))
        for key, body in files.items():
            path = bucket / key
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.exists():
                path.chmod(0o644)
            path.write_bytes(body)
        yield bucket


def verify(bucket: Path, *more: str) -> tuple[int, str]:
    """Return exit code and output; an exception of any kind fails the test."""
    runner = CliRunner()
    with runner.isolation() as (out, *_):
        code = main(
            ["verify", "--workers", "1", "--bucket", str(bucket), *(more or ("--no-state",))]
        )
        return code, out.getvalue().decode()


@ONE
@given(where=FILES, body=BYTES)
@example(where=METADATA, body=b"null")
@example(where=PACKED[0], body=b"\x1f\x8b")
def test_any_file_of_any_bytes_gets_an_answer(where: str, body: bytes) -> None:
    with bucket_with({where: body}) as bucket:
        code, said = verify(bucket)
    assert code in {0, 1, 3}
    verdict = {0: "good", 1: "damaged", 3: "unknown"}[code]
    assert said.splitlines()[-1].startswith(verdict)
    if where in WEIGHING:
        assert code != 0
        assert re.search(f"(damaged|unknown) +{PRODUCTION}", said)
    assert all(line.isprintable() for line in said.splitlines())


@ONE
@given(extra=st.dictionaries(KEY.map("backups/".__add__), BYTES, min_size=1, max_size=3))
def test_folders_of_anything_are_no_backups(extra: dict[str, bytes]) -> None:
    """Whatever lies beside the backups is left over, and does not touch the real ones."""
    with bucket_with(extra) as bucket:
        code, said = verify(bucket)
    folders = {key.split("/")[1] for key in extra if key.count("/") > 1}
    assert code == 0
    assert len(re.findall("^leftover ", said, re.MULTILINE)) == len(folders)
    assert re.search(f"good +{PRODUCTION}", said)


@MANY
@given(
    files=st.dictionaries(
        st.sampled_from(["backups/", "kopia/", "restic/", "", f"backups/{PRODUCTION}/"]).flatmap(
            lambda folder: st.text(max_size=60).map(lambda name: folder + name)
        ),
        BYTES,
        max_size=4,
    ),
    kept=st.sets(FILES),
)
def test_any_keys_and_any_files(files: dict[str, bytes], kept: set[str]) -> None:
    """Keys that no file system would take, and any part of the real bucket."""
    store = FakeStore({**{key: REAL[key] for key in kept}, **files})
    bucket = VeleroBucket(BucketPorts(store=store, clock=FakeClock()))
    for listed in bucket.backups(Wish()):
        found = bucket.check(listed, lambda _: None)
        whole = {key for key in REAL if key.startswith(f"backups/{listed.name}/")} <= kept
        good = found.state is State.GOOD and not found.leftover
        assert whole or not good or missing_only_the_log(listed.name, kept)


def missing_only_the_log(name: str, kept: set[str]) -> bool:
    lost = {key for key in REAL if key.startswith(f"backups/{name}/")} - kept
    return bool(lost) and all(key.endswith("-logs.gz") for key in lost)


@ONE
@given(ledger=st.binary(min_size=1, max_size=400).filter(lambda body: body[:1] != b"{"))
@example(ledger=b"\x00")
@example(ledger=b"[]\n")
def test_a_ledger_of_anything_is_told_and_kept(ledger: bytes) -> None:
    """Named by mistake, or written by somebody else: nothing of it is thrown away."""
    with bucket_with({}) as bucket:
        state = bucket.parent / "ledger.jsonl"
        state.write_bytes(ledger)
        code, _ = verify(bucket, "--state", str(state))
        assert state.read_bytes().startswith(ledger)
    assert code in {2, 3}
