"""A drill and `verify` say the same of one backup, however it is damaged."""

import gzip
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drills.engine import Inspection
from drills.engines import engine_factory
from drills.engines.velero.kinds import POD_VOLUME_BACKUP
from drills.findings import Severity
from drills.integrity.result import State
from tests.drills.integrity.buckets import METADATA, PACKED, REAL, Files, check
from tests.drills.integrity.test_fault_matrix import CASES
from tests.fakes.velero import PRODUCTION, FakeVelero


def synced(files: Files) -> FakeVelero:
    """Return a Velero that synced the damaged bucket, as far as one can."""
    velero = FakeVelero()
    velero.store.files = dict(files)
    for backup in velero.cluster.list(POD_VOLUME_BACKUP):
        velero.cluster.drop(POD_VOLUME_BACKUP, "velero", backup["metadata"]["name"])  # type: ignore[index]
    try:
        found = json.loads(files[METADATA])
        if found["metadata"]["name"] == PRODUCTION and found["kind"] == "Backup":
            velero.cluster.put(found)
    except (KeyError, TypeError, ValueError):
        return velero
    return velero


def drilled(files: Files, *, with_store: bool = True) -> Inspection:
    velero = synced(files)
    engine = engine_factory("velero")(
        velero.ports(with_store=with_store), namespace=None, options={}
    )
    backup = next(b for b in engine.list_backups() if b.name == PRODUCTION)
    return engine.inspect(backup, {"production": "backup-test"})


def restorable(found: Inspection) -> bool:
    return found.inventory is not None and not any(
        f.severity is Severity.CRITICAL or f.unanswered for f in found.findings
    )


@pytest.mark.parametrize("name", CASES)
def test_what_verify_calls_damaged_no_drill_restores(name: str) -> None:
    edit, code = CASES[name]
    files = dict(REAL)
    edit(files)
    checked, found = check(files), drilled(files)
    if checked.state is State.DAMAGED:
        assert not restorable(found)
        assert code in {f.code for f in found.findings}
    if checked.state is State.GOOD:
        assert restorable(found), found.findings


def test_neither_finds_fault_with_the_real_one() -> None:
    assert check(dict(REAL)).state is State.GOOD
    assert restorable(drilled(dict(REAL)))


@pytest.mark.parametrize(
    "name", [n for n in CASES if any(w in n for w in ("archive", "object", "copy", "list", "path"))]
)
def test_without_the_store_what_is_downloaded_is_judged_alike(name: str) -> None:
    edit, _ = CASES[name]
    files = dict(REAL)
    edit(files)
    found = drilled(files, with_store=False)
    assert restorable(found) == (check(files).state is State.GOOD)


@given(
    where=st.sampled_from((*PACKED, METADATA)), body=st.binary(max_size=400), sound=st.booleans()
)
@settings(max_examples=40, deadline=None)
def test_whatever_bytes_a_file_holds_they_agree(where: str, body: bytes, *, sound: bool) -> None:
    files = {**REAL, where: gzip.compress(body) if sound else body}
    checked, found = check(files), drilled(files)
    assert checked.state is not State.DAMAGED or not restorable(found)
    assert checked.state is not State.GOOD or restorable(found)
