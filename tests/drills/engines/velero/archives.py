"""Archives built or damaged for the tests of reading them."""

import gzip
import io
import json
import tarfile

from tests.fakes.velero import PRODUCTION, SAMPLE

GENUINE = (SAMPLE / "backups" / PRODUCTION / f"{PRODUCTION}.tar.gz").read_bytes()


def tarball(files: dict[str, bytes], *members: tarfile.TarInfo) -> bytes:
    """Return a packed tar of `files`, then of `members` without content."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path, body in files.items():
            info = tarfile.TarInfo(path)
            info.size = len(body)
            tar.addfile(info, io.BytesIO(body))
        for member in members:
            tar.addfile(member)
    return gzip.compress(raw.getvalue())


def config_map(name: str, namespace: str = "production") -> tuple[str, bytes]:
    """Return path and body of an archived ConfigMap."""
    body = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace},
    }
    path = f"resources/configmaps/namespaces/{namespace}/{name}.json"
    return path, json.dumps(body).encode()
