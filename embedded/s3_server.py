"""The S3 store of the embedded cluster: moto behind a socket of our own.

In: objects that Velero writes, and the backups the cluster was started with. Out: S3 over HTTP on
127.0.0.1 for whoever holds a presigned URL or any credentials (moto checks none). The socket
listens at once; importing moto, a third of a second, happens on a thread meanwhile, and requests
that come earlier wait for it.
"""

import secrets
import socket
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from werkzeug.serving import BaseWSGIServer

REGION = "us-east-1"
_ACCOUNT = "123456789012"
_START_SECONDS = 60.0
_POLL_SECONDS = 0.05
_BACKLOG = 512


class S3Server:
    """One bucket in one moto server."""

    def __init__(self) -> None:
        # moto keeps one set of buckets per process, so each cluster takes a name of its own.
        self.bucket = f"embedded-{secrets.token_hex(6)}"
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.listen(_BACKLOG)
        self._ready = threading.Event()
        self._server: BaseWSGIServer | None = None
        self._store: Any = None
        self._signer: Any = None
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="embedded-s3", daemon=True)

    @property
    def url(self) -> str:
        """Return the endpoint."""
        host, port = self._socket.getsockname()[:2]
        return f"http://{host}:{port}"

    def start(self) -> None:
        """Begin to load moto; requests are answered once it is there."""
        self._thread.start()

    def stop(self) -> None:
        """Stop answering and forget the bucket."""
        self._ready.wait(_START_SECONDS)
        if self._server is not None:
            self._server.shutdown()
        self._thread.join(_START_SECONDS)
        if self._server is not None:
            self._server.server_close()
        self._socket.close()
        if self._store is not None:
            for key in self.list(""):
                self.delete(key)
            self._store.delete_bucket(self.bucket)

    def put(self, key: str, content: bytes) -> None:
        """Store an object."""
        self._objects().put_object(self.bucket, key, content)

    def read(self, key: str) -> bytes | None:
        """Return an object's content, or None where there is none."""
        found = self._objects().get_object(self.bucket, key)
        return None if found is None else bytes(found.value)

    def list(self, prefix: str) -> list[str]:
        """Return the keys that begin with the prefix, in order."""
        keys: Iterable[str] = self._objects().buckets[self.bucket].keys
        return sorted(key for key in list(keys) if key.startswith(prefix))

    def delete(self, key: str) -> None:
        """Remove an object; nothing happens where there is none."""
        self._objects().delete_object(self.bucket, key)

    def presigned(self, key: str, seconds: int) -> str:
        """Return a URL from which the object can be fetched; the object need not exist."""
        self._objects()
        arguments = {"Bucket": self.bucket, "Key": key}
        return str(
            self._signer.generate_presigned_url(
                "get_object", Params=arguments, ExpiresIn=seconds
            )
        )

    def _objects(self) -> Any:  # noqa: ANN401  # moto's own store, which has no types
        if not self._ready.wait(_START_SECONDS):
            raise TimeoutError("the embedded S3 store did not start; is moto installed?")
        if self._failure is not None:
            raise RuntimeError("the embedded S3 store did not start") from self._failure
        return self._store

    def _run(self) -> None:
        try:
            self._load()
        except BaseException as failure:
            self._failure = failure  # told to whoever asks for the store, with its cause
            raise
        finally:
            self._ready.set()
        if self._server is not None:
            self._server.serve_forever(poll_interval=_POLL_SECONDS)

    def _load(self) -> None:
        from moto.moto_server.werkzeug_app import (
            DomainDispatcherApplication,
            MotoRequestHandler,
            create_backend_app,
        )
        from moto.s3.models import s3_backends
        from werkzeug.serving import make_server

        class Quiet(MotoRequestHandler):  # type: ignore[misc]  # moto has no types
            """Answers without a line of log for each request."""

            def log_request(self, *_: object) -> None:
                """Say nothing."""

        store = s3_backends[_ACCOUNT]["aws"]
        store.create_bucket(self.bucket, REGION)
        self._signer = signing_client(self.url)
        host, port = self._socket.getsockname()[:2]
        self._server = make_server(
            host,
            port,
            DomainDispatcherApplication(create_backend_app),
            threaded=True,
            request_handler=Quiet,
            fd=self._socket.fileno(),
        )
        self._store = store


def signing_client(endpoint: str) -> Any:  # noqa: ANN401  # boto3 makes its classes at run time
    """Return an S3 client for an endpoint that checks no credentials."""
    import boto3
    from botocore.config import Config

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
            retries={"total_max_attempts": 2},
        ),
    )
