"""Writes container images without a container tool: a folder goes in, an archive comes out.

The archive is an OCI image layout in a tar file, with one layer, which `ctr -n k8s.io image
import` takes. Its name is `lab.local/NAME:TAG`; nothing by that name can be pulled from anywhere.
"""

import hashlib
import io
import json
import platform
import re
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.lab.parts import BUILD, LabError

IMAGES = BUILD / "images"
"""Every archive in here is imported when the node starts."""
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

_NAME = re.compile(r"lab\.local/[a-z0-9][a-z0-9._-]*:[a-zA-Z0-9][a-zA-Z0-9._-]*")
_OCI = "application/vnd.oci.image"


def write_image(
    target: Path,
    name: str,
    root: Path,
    *,
    entrypoint: Sequence[str],
    env: Mapping[str, str] | None = None,
    user: str = "",
    workdir: str = "/",
) -> None:
    """Writes an image archive; an older one of that name is replaced at the very end.

    Args:
        target: The archive, such as `IMAGES / "web.tar"`.
        name: Such as `lab.local/web:1`.
        root: What becomes the container's `/`; owners, modes and times are kept.
        entrypoint: The command and its first arguments.
        env: Environment variables; PATH has the usual value unless it is given.
        user: Name or number, of a group too behind a colon; root by default.
        workdir: Where the command starts.

    Raises:
        LabError: The name is not one of ours, or there is no such folder.
    """
    if _NAME.fullmatch(name) is None:
        raise LabError(f"image name {name!r} is not of the form lab.local/NAME:TAG")
    if not root.is_dir():
        raise LabError(f"image {name} has no root folder {root}")
    target.parent.mkdir(parents=True, exist_ok=True)
    config = {
        "Entrypoint": list(entrypoint),
        "Env": [f"{key}={value}" for key, value in {"PATH": PATH, **(env or {})}.items()],
        "User": user,
        "WorkingDir": workdir,
    }
    with tempfile.TemporaryDirectory(prefix=".image-", dir=target.parent) as folder:
        fresh = Path(folder) / "archive"
        _write_archive(fresh, name, _layer(root, Path(folder) / "layer"), config)
        fresh.replace(target)


def image_names(archive: Path) -> tuple[str, ...]:
    """Names of the images in an archive that `write_image` wrote."""
    with tarfile.open(archive) as tar:
        index = tar.extractfile("index.json")
        manifests = json.load(index)["manifests"] if index is not None else ()
    return tuple(found["annotations"]["io.containerd.image.name"] for found in manifests)


def _layer(root: Path, target: Path) -> Path:
    with tarfile.open(target, "w", format=tarfile.PAX_FORMAT) as tar:
        for path in sorted(root.iterdir()):
            tar.add(path, arcname=path.name, filter=_unnamed)
    return target


def _unnamed(info: tarfile.TarInfo) -> tarfile.TarInfo:
    """Numbers are what counts: this machine's names for them are nothing to the image."""
    info.uname = info.gname = ""
    return info


def _write_archive(target: Path, name: str, layer: Path, config: Mapping[str, object]) -> None:
    with tarfile.open(target, "w") as tar, layer.open("rb") as content:
        digest = _digest(content)
        diffs = {"type": "layers", "diff_ids": [digest]}
        setup = {"architecture": _architecture(), "os": "linux", "config": config, "rootfs": diffs}
        manifest = {
            "schemaVersion": 2,
            "mediaType": f"{_OCI}.manifest.v1+json",
            "config": _add_json(tar, f"{_OCI}.config.v1+json", setup),
            "layers": [_add(tar, f"{_OCI}.layer.v1.tar", content, digest)],
        }
        entry = _add_json(tar, f"{_OCI}.manifest.v1+json", manifest)
        # The first is what containerd goes by, the second what every other tool does.
        entry["annotations"] = {
            "io.containerd.image.name": name,
            "org.opencontainers.image.ref.name": name.partition(":")[2],
        }
        _add_file(tar, "oci-layout", _json({"imageLayoutVersion": "1.0.0"}))
        _add_file(tar, "index.json", _json({"schemaVersion": 2, "manifests": [entry]}))


def _architecture() -> str:
    """What container tools call this machine's processor."""
    machine = platform.machine()
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(machine, machine)


def _json(document: object) -> bytes:
    return json.dumps(document, sort_keys=True).encode()


def _digest(content: io.BufferedIOBase) -> str:
    return f"sha256:{hashlib.file_digest(content, 'sha256').hexdigest()}"


def _add_json(tar: tarfile.TarFile, media: str, document: object) -> dict[str, object]:
    content = io.BytesIO(_json(document))
    return _add(tar, media, content, _digest(content))


def _add(
    tar: tarfile.TarFile, media: str, content: io.BufferedIOBase, digest: str
) -> dict[str, object]:
    size = content.seek(0, io.SEEK_END)
    content.seek(0)
    info = tarfile.TarInfo(f"blobs/sha256/{digest.partition(':')[2]}")
    info.size = size
    tar.addfile(info, content)
    return {"mediaType": media, "digest": digest, "size": size}


def _add_file(tar: tarfile.TarFile, path: str, content: bytes) -> None:
    info = tarfile.TarInfo(path)
    info.size = len(content)
    tar.addfile(info, io.BytesIO(content))
