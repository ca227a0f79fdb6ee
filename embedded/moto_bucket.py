"""One moto bucket: the only file that imports moto.

In: a listening socket and a bucket name. Out: S3 over HTTP on that socket, and the same bucket
reached from inside the process, which spares a thousand small HTTP requests.
"""

import socket
from collections.abc import Callable, Iterable
from typing import Any

import boto3
from botocore.config import Config
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from moto.s3.models import s3_backends
from werkzeug.serving import make_server

REGION = "us-east-1"
_ACCOUNT = "123456789012"
_POLL_SECONDS = 0.05


class _Quiet(MotoRequestHandler):  # type: ignore[misc]  # moto has no types
    """Answers without a line of log for each request."""

    def log_request(self, *_: object) -> None:
        """Say nothing."""


class MotoBucket:
    """A bucket in moto, served over HTTP and used from inside."""

    def __init__(
        self, listening: socket.socket, bucket: str, answers: Callable[[], bool] = lambda: True
    ) -> None:
        host, port = listening.getsockname()[:2]
        self._name = bucket
        self._store = s3_backends[_ACCOUNT]["aws"]
        self._store.create_bucket(bucket, REGION)
        self._signer = _signer(f"http://{host}:{port}")
        self._server = make_server(
            host,
            port,
            DomainDispatcherApplication(create_backend_app),
            threaded=True,
            request_handler=_Quiet,
            fd=listening.fileno(),
        )
        self._server.verify_request = lambda *_: answers()

    def serve(self) -> None:
        """Answer requests until `stop` is called from another thread."""
        self._server.serve_forever(poll_interval=_POLL_SECONDS)

    def stop(self) -> None:
        """Stop answering and forget all objects."""
        self._server.shutdown()
        self._server.server_close()
        for key in self.keys(""):
            self.delete(key)
        self._store.delete_bucket(self._name)

    def put(self, key: str, content: bytes) -> None:
        """Store an object."""
        self._store.put_object(self._name, key, content)

    def read(self, key: str) -> bytes | None:
        """Return an object's content, or None where there is none."""
        found = self._store.get_object(self._name, key)
        return None if found is None else bytes(found.value)

    def keys(self, prefix: str) -> list[str]:
        """Return the keys that begin with the prefix, in order."""
        known: Iterable[str] = self._store.buckets[self._name].keys
        return sorted(key for key in list(known) if key.startswith(prefix))

    def delete(self, key: str) -> None:
        """Remove an object; nothing happens where there is none."""
        self._store.delete_object(self._name, key)

    def presigned(self, key: str, seconds: int) -> str:
        """Return a URL from which the object can be fetched for some time."""
        arguments = {"Bucket": self._name, "Key": key}
        return str(
            self._signer.generate_presigned_url("get_object", Params=arguments, ExpiresIn=seconds)
        )


def _signer(endpoint: str) -> Any:  # noqa: ANN401  # boto3 makes its classes at run time
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id="embedded",
        aws_secret_access_key="embedded",  # noqa: S106  # moto checks none
        config=Config(
            signature_version="s3v4",
            s3={"addressing_style": "path"},
            connect_timeout=5,
            read_timeout=30,
        ),
    )
