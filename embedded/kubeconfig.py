"""The kubeconfig that leads clients to an embedded API server.

In: the server's URL, token and certificate. Out: a file that only its owner can read.
"""

import base64
import os
from pathlib import Path

import yaml


def write_kubeconfig(
    path: Path, context: str, url: str, token: str, certificate: bytes | None = None
) -> None:
    """Write a kubeconfig with one context; mode 0600, since it holds a token."""
    cluster = {"server": url}
    if certificate is not None:
        cluster["certificate-authority-data"] = base64.b64encode(certificate).decode()
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": context,
        "clusters": [{"name": context, "cluster": cluster}],
        "users": [{"name": context, "user": {"token": token}}],
        "contexts": [{"name": context, "context": {"cluster": context, "user": context}}],
    }
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), 0o600)
        yaml.safe_dump(document, file, sort_keys=False)
