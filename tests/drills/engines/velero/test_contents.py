"""What an archive's entries become."""

import io

import pytest

from drills.backups import ObjectKey
from drills.engines.velero.reader.contents import Contents, key_of, read_contents
from drills.errors import BackupUnreadable, Interrupted
from tests.drills.engines.velero.archives import GENUINE, config_map, tarball

VERSION = ("metadata/version", b"1.1.0\n")


def read(data: bytes) -> Contents:
    return read_contents(io.BytesIO(data), lambda: None)


def codes(contents: Contents) -> list[str]:
    return [finding.code for finding in contents.damaged]


def test_a_genuine_archive_holds_each_object_once() -> None:
    """The duplicates below version folders are not counted."""
    contents = read(GENUINE)
    assert len(contents.found) == 59
    assert contents.damaged == []
    assert contents.bytes == len(GENUINE)


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("resources/pods/namespaces/a/b.json", ObjectKey(resource="pods", namespace="a", name="b")),
        (
            "resources/namespaces/cluster/a.json",
            ObjectKey(resource="namespaces", namespace="", name="a"),
        ),
        ("resources/pods/v1-preferredversion/namespaces/a/b.json", None),
        ("resources/namespaces/v1-preferredversion/cluster/a.json", None),
        ("resources/pods/namespaces/a/b.txt", None),
        ("metadata/version", None),
    ],
)
def test_paths_name_objects(path: str, key: ObjectKey | None) -> None:
    assert key_of(path) == key


def test_an_archive_without_resources_cannot_be_restored() -> None:
    """Velero would answer it with a warning and the phase Completed."""
    with pytest.raises(BackupUnreadable, match="no resources"):
        read(tarball(dict([VERSION])))


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff\xfe", b"{}", b"[" * 100_000])
def test_an_object_that_does_not_parse_is_named(body: bytes) -> None:
    path, _ = config_map("lost")
    contents = read(tarball(dict([VERSION, config_map("kept"), (path, body)])))
    assert [(f.code, f.subject) for f in contents.damaged] == [
        ("object-unreadable", "configmaps production/lost")
    ]
    assert [key.name for key in contents.found] == ["kept"]


def test_an_object_under_another_ones_path_is_damage() -> None:
    _, body = config_map("other")
    contents = read(tarball(dict([VERSION, (config_map("one")[0], body)])))
    assert codes(contents) == ["object-misplaced"]


@pytest.mark.parametrize("version", [(), (("metadata/version", b"9.9\n"),)])
def test_an_unknown_format_is_damage(version: tuple[tuple[str, bytes], ...]) -> None:
    assert codes(read(tarball(dict([*version, config_map("a")])))) == ["format-unknown"]


def test_reading_can_be_interrupted() -> None:
    def stop() -> None:
        raise Interrupted("stop")

    with pytest.raises(Interrupted):
        read_contents(io.BytesIO(GENUINE), stop)
