"""The S3 store of the embedded cluster: moto behind a socket of our own.

In: objects that Velero writes, and the backups the cluster was started with. Out: S3 over HTTP on
127.0.0.1 for whoever holds a presigned URL or any credentials (moto checks none). The socket
listens at once; importing moto, a third of a second, happens on a thread meanwhile, and requests
that come earlier wait for it.
"""

import secrets
import socket
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from embedded.moto_bucket import MotoBucket

_START_SECONDS = 60.0
_BACKLOG = 512


class S3Server:
    """One bucket in one moto server."""

    def __init__(self) -> None:
        # moto keeps one set of buckets per process, so each cluster takes a name of its own.
        self.bucket = f"embedded-{secrets.token_hex(6)}"
        self._socket: socket.socket | None = None
        self._ready = threading.Event()
        self._moto: MotoBucket | None = None
        self._failure: BaseException | None = None
        self._thread: threading.Thread | None = None
        self._away = False

    @property
    def url(self) -> str:
        """Return the endpoint."""
        if self._socket is None:
            raise RuntimeError("the embedded S3 store is not started")
        host, port = self._socket.getsockname()[:2]
        return f"http://{host}:{port}"

    def start(self) -> None:
        """Listen and begin to load moto; requests are answered once it is there."""
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=_BACKLOG)
        self._thread = threading.Thread(
            target=self._run, args=(self._socket,), name="embedded-s3", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop answering and forget the bucket; nothing happens where it was not started."""
        if self._socket is None or self._thread is None:
            return
        self._ready.wait(_START_SECONDS)
        if self._moto is not None:
            self._moto.stop()
        self._thread.join(_START_SECONDS)
        self._socket.close()

    def go_away(self) -> None:
        """Refuse everybody, the embedded Velero included, until `come_back`."""
        self._away = True

    def come_back(self) -> None:
        """Answer again."""
        self._away = False

    def put(self, key: str, content: bytes) -> None:
        """Store an object; like all that follow, raises ConnectionRefusedError while away."""
        self._near().put(key, content)

    def read(self, key: str) -> bytes | None:
        """Return an object's content, or None where there is none."""
        return self._near().read(key)

    def keys(self, prefix: str) -> list[str]:
        """Return the keys that begin with the prefix, in order."""
        return self._near().keys(prefix)

    def folders(self) -> list[str]:
        """Return the first parts of all keys."""
        return sorted({key.split("/", 1)[0] for key in self.keys("") if "/" in key})

    def delete(self, key: str) -> None:
        """Remove an object; nothing happens where there is none."""
        self._near().delete(key)

    def presigned(self, key: str, seconds: int) -> str:
        """Return a URL from which the object can be fetched; the object need not exist."""
        return self._bucket().presigned(key, seconds)

    def _near(self) -> "MotoBucket":
        if self._away:
            raise ConnectionRefusedError(
                "RequestError: send request failed caused by: dial tcp: connect: connection refused"
            )
        return self._bucket()

    def _bucket(self) -> "MotoBucket":
        if not self._ready.wait(_START_SECONDS):
            raise TimeoutError("the embedded S3 store did not start in time")
        if self._moto is None:
            raise RuntimeError("the embedded S3 store did not start") from self._failure
        return self._moto

    def _run(self, listening: socket.socket) -> None:
        try:
            from embedded.moto_bucket import MotoBucket  # noqa: PLC0415  # takes 0.3 s

            self._moto = MotoBucket(listening, self.bucket, lambda: not self._away)
        except (ImportError, OSError, ValueError) as failure:
            self._failure = failure  # told to whoever asks for the store
            return
        finally:
            self._ready.set()
        self._moto.serve()
