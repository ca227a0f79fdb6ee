"""What an archive's entries become, while the audit looks at each of them."""

import pytest

from drills.backups import ObjectKey
from drills.engines.velero.reader.archive_audit import ArchiveAudit
from drills.engines.velero.reader.contents import Contents, key_of
from drills.integrity.inflate import inflate
from tests.drills.engines.velero.archives import GENUINE, config_map, tarball

VERSION = ("metadata/version", b"1.1.0\n")


def read(data: bytes) -> tuple[Contents, ArchiveAudit]:
    contents = Contents(namespaces={"production"})
    audit = ArchiveAudit("one", None, lambda *_: False, contents)
    return contents, audit.read(inflate([data]))


def test_a_genuine_archive_holds_each_object_once() -> None:
    """The duplicates below version folders are not counted."""
    contents, audit = read(GENUINE)
    assert len(contents.found) == audit.objects == 59


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


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff\xfe", b"{}", b"[" * 100_000])
def test_an_object_that_does_not_parse_is_counted_and_not_kept(body: bytes) -> None:
    path, _ = config_map("lost")
    contents, audit = read(tarball(dict([VERSION, config_map("kept"), (path, body)])))
    assert audit.tally.count("object-unreadable") == 1
    assert [key.name for key in contents.found] == ["kept"]
