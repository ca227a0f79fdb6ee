"""What could not be asked is unknown, and the missing right is named."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from drills.engines.velero.bucket import VeleroBucket
from drills.errors import DrillError, Forbidden, Interrupted, Unreachable
from drills.integrity.contract import BucketPorts, Snapshots, Wish
from drills.integrity.result import BackupCheck, State
from drills.ports import StoredObject
from tests.drills.integrity.buckets import ARCHIVE, INFO, METADATA, REAL, VAULT, check, codes
from tests.fakes.clock import FakeClock
from tests.fakes.store import FakeStore
from tests.fakes.velero import PRODUCTION

ONE = Wish(names=frozenset({PRODUCTION}))


def with_failure(key: str, error: DrillError) -> BackupCheck:
    store = FakeStore(dict(REAL))
    store.failures[key] = error
    bucket = VeleroBucket(BucketPorts(store=store, clock=FakeClock()))
    (listed,) = bucket.backups(ONE)
    return bucket.check(listed, lambda _: None)


@pytest.mark.parametrize("key", [ARCHIVE, INFO, METADATA])
def test_a_missing_right_is_named(key: str) -> None:
    found = with_failure(key, Forbidden("denied", hint="grant s3:GetObject on b/*"))
    assert found.state is State.UNKNOWN
    (finding,) = [f for f in found.findings if f.code == "file-not-read"]
    assert finding.remedy == "grant s3:GetObject on b/*"
    assert finding.unanswered


@pytest.mark.parametrize("name", ["kopia.repository", "kopia.blobcfg"])
def test_a_repository_that_may_not_be_read_is_unknown(name: str) -> None:
    found = with_failure(VAULT + name, Unreachable("no answer"))
    assert found.state is State.UNKNOWN
    assert "repository-not-read" in codes(found)


def test_a_size_that_the_store_does_not_keep_is_unknown() -> None:
    class Shrinking(FakeStore):
        def list(self, prefix: str) -> Iterator[StoredObject]:
            for stored in super().list(prefix):
                yield replace(stored, bytes=stored.bytes + 1)

    bucket = VeleroBucket(BucketPorts(store=Shrinking(dict(REAL)), clock=FakeClock()))
    (listed,) = bucket.backups(ONE)
    found = bucket.check(listed, lambda _: None)
    assert found.state is State.UNKNOWN


def test_a_stop_is_heard_at_once() -> None:
    bucket = VeleroBucket(BucketPorts(store=FakeStore(dict(REAL)), clock=FakeClock()))
    (listed,) = bucket.backups(ONE)

    def heard(_: int) -> None:
        raise Interrupted("stopped")

    with pytest.raises(Interrupted):
        bucket.check(listed, heard)


class Kopia:
    """A repository opened by its own tool."""

    def __init__(self, found: Snapshots | None) -> None:
        self.found = found

    def snapshots(self, uploader: str, namespace: str, wanted: frozenset[str]) -> Snapshots | None:
        """Return what a test says."""
        assert (uploader, namespace, wanted) == ("kopia", "production", {HANDLE})
        return self.found


HANDLE = "942374b025d9ef35f4e06556f669e26c"


@pytest.mark.parametrize(
    ("found", "code", "state"),
    [
        (Snapshots(handles=frozenset({HANDLE})), "snapshots-opened", State.GOOD),
        (Snapshots(handles=frozenset({"other"})), "snapshot-missing", State.DAMAGED),
        (Snapshots(trouble="wrong password"), "repository-not-opened", State.UNKNOWN),
        (Snapshots(damage="BLOB not found"), "repository-damaged", State.DAMAGED),
        (
            Snapshots(handles=frozenset({HANDLE}), broken={HANDLE: "missing blob p1"}),
            "snapshot-damaged",
            State.DAMAGED,
        ),
        (
            Snapshots(handles=frozenset({HANDLE}), others_damaged=True, read_percent=100),
            "repository-loses-data",
            State.GOOD,
        ),
        (None, "snapshots-by-structure", State.GOOD),
    ],
)
def test_the_report_says_how_snapshots_were_looked_up(
    found: Snapshots | None, code: str, state: State
) -> None:
    checked = check(dict(REAL), snapshots=Kopia(found))
    assert code in {finding.code for finding in checked.findings}
    assert checked.state is state
