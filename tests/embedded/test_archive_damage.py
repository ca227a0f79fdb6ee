"""Damaged tarballs: what the embedded Velero makes of them is what the real one would.

Velero unpacks up to the end of the tar and never looks further, so damage that changes nothing
before that goes unnoticed; everything else ends PartiallyFailed with Go's own words, and a tarball
that is not there ends Failed.
"""

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedded.cluster import EmbeddedCluster
from embedded.sample_bucket import sample_tarball
from embedded.velero.archive import Damaged, NothingInside, unpack
from tests.embedded.buckets_made import bucket, config_map, copied_sample, tarball
from tests.embedded.clusters import errors_of, restored, warnings_of

BACKUP = "production-daily-20261121085009"
MAPPING = {"production": "backup-test"}
WHOLE = sample_tarball()


def test_the_real_tarball_is_read_whole() -> None:
    archive = unpack(WHOLE)
    plain = sum(len(names) for spaces in archive.items.values() for names in spaces.values())
    assert plain == 59
    assert archive.items["services"]["production"] == ["ledger", "shop-nodeport", "shop"]


@pytest.mark.parametrize("size", [512, 7000, 100_000])
def test_several_gzip_members_are_one_archive(size: int) -> None:
    """Go reads them as one stream, wherever a tar entry is cut (RFC 1952, 2.2)."""
    plain = gzip.decompress(WHOLE)
    parts = [gzip.compress(plain[at : at + size]) for at in range(0, len(plain), size)]
    assert unpack(b"".join(parts)) == unpack(WHOLE)
    if len(parts) > 2:
        with pytest.raises(Damaged, match=r"unexpected EOF|invalid header"):
            unpack(b"".join(parts[:2]) + parts[2][:20])


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda whole: whole[: len(whole) // 2], "unexpected EOF"),
        (lambda whole: b"", "EOF"),
        (lambda whole: b"not a gzip file", "gzip: invalid header"),
        (lambda whole: gzip.compress(b"not a tar file" * 100), "archive/tar: invalid tar header"),
        (lambda whole: whole[:5000] + bytes(3000) + whole[8000:], ""),
    ],
    ids=["truncated", "empty", "no gzip", "no tar", "overwritten"],
)
def test_damage(tmp_path: Path, damage: Callable[[bytes], bytes], words: str) -> None:
    root = copied_sample(tmp_path)
    (root / "backups" / BACKUP / f"{BACKUP}.tar.gz").write_bytes(damage(WHOLE))
    with EmbeddedCluster(store=str(root)) as cluster:
        restore = restored(cluster, backup=BACKUP, mapping=MAPPING)
        assert restore["status"]["phase"] == "PartiallyFailed"
        assert errors_of(cluster)[0].startswith(words)


def test_a_tarball_that_is_not_there(tmp_path: Path) -> None:
    root = copied_sample(tmp_path)
    (root / "backups" / BACKUP / f"{BACKUP}.tar.gz").unlink()
    with EmbeddedCluster(store=str(root)) as cluster:
        restore = restored(cluster, backup=BACKUP, mapping=MAPPING)
        assert restore["status"]["phase"] == "Failed"
        assert "error downloading backup" in restore["status"]["failureReason"]
        assert restore["status"]["completionTimestamp"]


def test_an_archive_without_resources_is_completed_with_a_warning(tmp_path: Path) -> None:
    root = bucket(tmp_path, (), content=tarball(()))
    with EmbeddedCluster(store=str(root)) as cluster:
        restore = restored(cluster, backup="made", mapping=MAPPING)
        assert restore["status"]["phase"] == "Completed"
        assert "zero items to be restored" in warnings_of(cluster)[0]


def test_a_namespace_missing_from_the_backup_is_completed_without_a_word(tmp_path: Path) -> None:
    root = bucket(tmp_path, (config_map("one"),))
    with EmbeddedCluster(store=str(root)) as cluster:
        restore = restored(cluster, backup="made", mapping=MAPPING)
        assert restore["status"]["phase"] == "Completed"
        assert warnings_of(cluster) == []


def test_paths_out_of_the_folder_are_refused() -> None:
    with pytest.raises(Damaged, match="escapes target directory"):
        unpack(tarball((), **{"resources/../../etc/passwd": b"{}"}))


def test_a_checksum_after_the_end_goes_unnoticed() -> None:
    """The tar reader stops at the end mark, and with it the check of the gzip trailer."""
    assert unpack(WHOLE[:-8] + bytes(8)).items == unpack(WHOLE).items


@given(st.integers(0, len(WHOLE) - 1), st.integers(1, 255))
def test_any_flipped_byte_is_damage_or_goes_unnoticed(place: int, flip: int) -> None:
    """Whatever is in a tarball, unpacking ends in an archive or in one of two known ways."""
    damaged = bytearray(WHOLE)
    damaged[place] ^= flip
    words = "whole"
    try:
        unpack(bytes(damaged))
    except (Damaged, NothingInside) as problem:
        words = str(problem)
    assert words
