"""A kopia repository after weeks: what maintenance leaves behind is no damage."""

import pytest

from drills.engines.velero.kopia_blobs import is_index, shows_maintenance, unmatched
from drills.integrity.contract import Snapshots
from drills.integrity.result import State
from tests.drills.integrity.buckets import REAL, VAULT, Edit, Files, check, codes
from tests.drills.integrity.test_fault_matrix import drop_session, emptied, tail

SEALED = bytes(range(97))
HANDLE = "942374b025d9ef35f4e06556f669e26c"
MARKERS = {
    "watermark": ("xw1795337411", b"deletion-watermark"),
    "advanced epoch": ("xe2", b"epoch-marker"),
    "schedule": ("kopia.maintenance", SEALED),
    "compacted epoch": ("xs0_1f2e3d4c-s0011223344556677127-c1", SEALED),
    "compacted epochs": ("xr0_1_5a6b7c8d-s0011223344556677127-c1", SEALED),
    "format before an upgrade": ("kopia.repository.backup.1", b"{}"),
    "open session": ("s00112233445566770aa-1", SEALED),
}


def grown(name: str, files: Files) -> None:
    blob, body = MARKERS[name]
    files[VAULT + blob] = body


@pytest.mark.parametrize("name", MARKERS)
def test_what_kopia_adds_with_time_is_whole(name: str) -> None:
    files = dict(REAL)
    grown(name, files)
    found = check(files)
    assert (found.state, codes(found)) == (State.GOOD, set())


@pytest.mark.parametrize("name", ["watermark", "advanced epoch", "schedule", "compacted epoch"])
def test_rewritten_packs_go_while_old_indexes_stay(name: str) -> None:
    files = dict(REAL)
    drop_session(files)
    assert codes(check(files)) == {"repository-unclear"}
    grown(name, files)
    assert check(files).state is State.GOOD


def test_an_absent_retention_file_means_the_default() -> None:
    """Kopia v0.17 `repo/format/format_manager.go`: only one that cannot be read is an error."""
    files = dict(REAL)
    del files[VAULT + "kopia.blobcfg"]
    assert check(files).state is State.GOOD


class Opened:
    """A repository that its own tool opened and read."""

    def snapshots(self, *_: object) -> Snapshots:
        """Return that all is there."""
        return Snapshots(handles=frozenset({HANDLE}))


@pytest.mark.parametrize("edit", [drop_session, emptied(tail("xn0")), emptied(tail("p"))])
def test_where_kopia_opened_it_guesses_do_not_count(edit: Edit) -> None:
    files = dict(REAL)
    edit(files)
    assert check(files).state is State.UNKNOWN
    assert check(files, snapshots=Opened()).state is State.GOOD


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("xn0_0f1fc867-s1-c1", True),
        ("xs12_0f-s1-c1", True),
        ("xr0_7_0f-s1-c1", True),
        ("n0f1fc867", True),
        ("xw1795337411", False),
        ("xe1", False),
        ("notes.txt", False),
        ("x", False),
    ],
)
def test_which_blobs_say_where_contents_lie(name: str, *, expected: bool) -> None:
    assert is_index(name) is expected
    assert not (name.startswith("xn") and shows_maintenance(name))


def test_sessions_are_matched_by_their_names() -> None:
    packs = ("p1-sa1", "q1-sa1", "p2-sb2", "p3-sc3")
    indexes = ("xn0_1-sa1-c1", "xn0_2-sd4-c1")
    assert unmatched(packs, indexes) == (("xn0_2-sd4-c1",), 2)
    assert unmatched(packs, ("n0f",)) == ((), 0)
