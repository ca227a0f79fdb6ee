"""Reading an archive: whatever was done to it, it is whole or it is said to be damaged."""

import gzip
import io
import tarfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drills.engines.velero.reader.archive import Counted, Entry, entries
from drills.errors import BackupUnreadable
from tests.drills.engines.velero.archives import GENUINE, config_map, tarball


def read(data: bytes) -> list[Entry]:
    return list(entries(Counted(io.BytesIO(data)), lambda _: True))


def test_a_genuine_archive_is_read_to_its_end() -> None:
    source = Counted(io.BytesIO(GENUINE))
    found = list(entries(source, lambda path: path == "metadata/version"))
    assert found == [Entry("metadata/version", b"1.1.0\n")]
    assert source.bytes == len(GENUINE)


@given(cut=st.integers(min_value=0, max_value=len(GENUINE) - 1))
@settings(max_examples=60, deadline=None)
def test_an_archive_cut_off_anywhere_is_damaged(cut: int) -> None:
    with pytest.raises(BackupUnreadable):
        read(GENUINE[:cut])


@given(
    place=st.integers(min_value=0, max_value=len(GENUINE) - 1),
    bit=st.integers(min_value=0, max_value=7),
)
@settings(max_examples=120, deadline=None)
def test_one_flipped_bit_anywhere_is_damage_or_means_nothing(place: int, bit: int) -> None:
    """A header's time stamp, padding, or a code that no byte uses may flip and change nothing."""
    damaged = bytearray(GENUINE)
    damaged[place] ^= 1 << bit
    try:
        found = read(bytes(damaged))
    except BackupUnreadable:
        return
    assert found == read(GENUINE)


@given(data=st.binary(max_size=2000))
@settings(deadline=None)
def test_arbitrary_bytes_are_damage_and_nothing_worse(data: bytes) -> None:
    with pytest.raises(BackupUnreadable):
        read(data)


@given(data=st.binary(min_size=1, max_size=3000).filter(lambda data: data.strip(b"\0") != b""))
@settings(deadline=None)
def test_arbitrary_bytes_in_sound_gzip_are_damage(data: bytes) -> None:
    with pytest.raises(BackupUnreadable):
        read(gzip.compress(data))


def test_something_behind_the_gzip_end_is_damage() -> None:
    with pytest.raises(BackupUnreadable):
        read(GENUINE + b"more")


def test_a_damaged_header_in_the_middle_is_not_taken_for_the_end() -> None:
    """Python's own tar reader would stop there and say nothing."""
    raw = bytearray(gzip.decompress(tarball(dict([config_map("a"), config_map("b")]))))
    second = raw.index(b"resources/configmaps/namespaces/production/b.json")
    raw[second] ^= 1
    with pytest.raises(BackupUnreadable, match="damaged"):
        read(gzip.compress(bytes(raw)))


def test_a_tar_cut_between_two_entries_is_damage() -> None:
    """Without the two zero blocks nobody knows how many entries there were."""
    raw = gzip.decompress(tarball(dict([config_map("a"), config_map("b")])))
    second = raw.index(b"resources/configmaps/namespaces/production/b.json")
    with pytest.raises(BackupUnreadable, match="too early"):
        read(gzip.compress(raw[:second]))


def test_something_behind_the_tar_end_is_damage() -> None:
    raw = gzip.decompress(tarball(dict([config_map("a")])))
    with pytest.raises(BackupUnreadable, match="behind its end"):
        read(gzip.compress(raw + b"x" * 512))


@pytest.mark.parametrize("path", ["../etc/passwd", "/etc/passwd", "resources/../../x", "a\\b"])
def test_a_path_that_leads_out_is_refused(path: str) -> None:
    with pytest.raises(BackupUnreadable, match="unsafe path"):
        read(tarball({path: b"{}"}))


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE])
def test_a_link_or_device_is_refused(kind: bytes) -> None:
    member = tarfile.TarInfo("resources/x")
    member.type = kind
    member.linkname = "/etc/passwd"
    with pytest.raises(BackupUnreadable, match="no file"):
        read(tarball({}, member))


def test_an_entry_larger_than_any_object_is_refused_unread() -> None:
    member = tarfile.TarInfo("resources/x.json")
    member.size = 2**40
    with pytest.raises(BackupUnreadable, match="cannot be"):
        read(gzip.compress(member.tobuf()))


def test_long_names_are_read_whole() -> None:
    path = "resources/configmaps/namespaces/" + "n" * 63 + "/" + "x" * 240 + ".json"
    assert [entry.path for entry in read(tarball({path: b"{}"}))] == [path]
