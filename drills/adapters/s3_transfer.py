"""One file's transfer, which goes on where it broke off.

In: how to ask for the file, whole or from a byte on. Out: its bytes. An archive of gigabytes
outlives many a connection; what is read after a break must be of the very same file.
"""

from typing import Any, Protocol

MOST_BREAKS = 5
"""In a row, without a single byte between them."""


class Ask(Protocol):
    """Asks for the file."""

    def __call__(self, **more: str) -> Any:  # noqa: ANN401 - untyped library
        """Return the response; `more` narrows the request."""
        ...


class Transfer:
    """Reads one file; errors of the kinds `broken` are answered by asking for the rest."""

    def __init__(self, ask: Ask, broken: tuple[type[Exception], ...]) -> None:
        self._ask, self._broken = ask, broken
        self._body: Any = None
        self._etag, self._at, self._size = "", 0, 0
        self._breaks = 0

    def start(self) -> None:
        """Ask for the file; raises what asking raises."""
        found = self._ask()
        self._body = found["Body"]
        self._etag, self._size = str(found.get("ETag", "")), int(found.get("ContentLength", 0))

    def read(self, size: int) -> bytes:
        """Return the next bytes, b'' at the end; raises the last error when breaks do not end."""
        while True:
            try:
                data = bytes(self._read(size))
            except self._broken:
                self._breaks += 1
                self._body = None
                if self._breaks > MOST_BREAKS:
                    raise
                continue
            self._at += len(data)
            self._breaks = 0 if data else self._breaks
            return data

    def close(self) -> None:
        """Give the connection back."""
        if self._body is not None:
            self._body.close()

    def _read(self, size: int) -> bytes:
        if self._body is None:
            self._body = self._ask(Range=f"bytes={self._at}-", IfMatch=self._etag)["Body"]
        data: bytes = self._body.read(size)
        if not data and self._at < self._size:
            raise ConnectionError("the transfer ended before the file did")
        return data
