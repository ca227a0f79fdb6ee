"""Images made without a container tool; needs no lab."""

import hashlib
import json
import tarfile
from pathlib import Path

import pytest

from tests.lab.images import image_names, write_image
from tests.lab.parts import LabError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    (root / "bin").mkdir(parents=True)
    (root / "bin" / "hello").write_text("#!/bin/sh\n")
    (root / "bin" / "hello").chmod(0o755)
    (root / "bin" / "sh").symlink_to("hello")
    return root


def _blob(archive: Path, entry: dict[str, object]) -> bytes:
    name = str(entry["digest"]).replace(":", "/")
    with tarfile.open(archive) as tar:
        content = tar.extractfile(f"blobs/{name}")
        assert content is not None
        found = content.read()
    assert len(found) == entry["size"]
    assert f"sha256:{hashlib.sha256(found).hexdigest()}" == entry["digest"]
    return found


def test_every_blob_of_an_archive_is_what_its_digest_says(tmp_path: Path, root: Path) -> None:
    archive = tmp_path / "hello.tar"
    write_image(
        archive, "lab.local/hello:1", root,
        entrypoint=["/bin/hello", "you"], env={"NAME": "lab"}, user="1000", workdir="/bin",
    )  # fmt: skip
    with tarfile.open(archive) as tar:
        index = tar.extractfile("index.json")
        assert index is not None
        entry = json.load(index)["manifests"][0]
    manifest = json.loads(_blob(archive, entry))
    setup = json.loads(_blob(archive, manifest["config"]))
    layer = _blob(archive, manifest["layers"][0])
    assert setup["rootfs"]["diff_ids"] == [f"sha256:{hashlib.sha256(layer).hexdigest()}"]
    assert setup["config"]["Entrypoint"] == ["/bin/hello", "you"]
    assert "NAME=lab" in setup["config"]["Env"]
    assert (setup["config"]["User"], setup["config"]["WorkingDir"]) == ("1000", "/bin")
    (tmp_path / "layer.tar").write_bytes(layer)
    with tarfile.open(tmp_path / "layer.tar") as files:
        assert files.getnames() == ["bin", "bin/hello", "bin/sh"]
        assert files.getmember("bin/hello").mode == 0o755
        assert files.getmember("bin/sh").linkname == "hello"


def test_an_archive_tells_the_name_of_its_image(tmp_path: Path, root: Path) -> None:
    write_image(tmp_path / "a.tar", "lab.local/hello:1", root, entrypoint=["/bin/hello"])
    assert image_names(tmp_path / "a.tar") == ("lab.local/hello:1",)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.tar", "root"]


@pytest.mark.parametrize("name", ["busybox", "lab.local/busybox", "docker.io/library/busybox:1"])
def test_a_name_that_could_be_pulled_from_somewhere_is_refused(
    tmp_path: Path, root: Path, name: str
) -> None:
    with pytest.raises(LabError, match=r"lab\.local/NAME:TAG"):
        write_image(tmp_path / "a.tar", name, root, entrypoint=["/bin/hello"])
