"""A store as S3 on the loopback address, read-only, for a foreign tool that reads S3 alone.

In: an ObjectStore. Out: an endpoint and a bucket name that nobody can guess. The tool needs no
credentials of the real store, and cannot write there whatever it tries: there is no code for it.
"""

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from typing import Protocol, runtime_checkable
from urllib.parse import parse_qs, quote, unquote, urlsplit

from drills.errors import DrillError, Missing
from drills.ports import ObjectStore, StoredObject

PAGE = 1000
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
"""Stands for a time that the store does not know."""


@runtime_checkable
class Ranged(Protocol):
    """A store that can hand out a part of a file."""

    def part(self, key: str, first: int, length: int) -> bytes:
        """Return at most `length` bytes from `first` on; nothing behind the end."""
        ...


@dataclass(slots=True)
class Gateway:
    """Where a store is to be had meanwhile."""

    address: str
    bucket: str
    trouble: DrillError | None = None
    """The first thing that kept us from reading the store, which is no fault of its files."""
    pages: dict[str, Iterator[StoredObject]] = field(default_factory=dict)


@contextmanager
def gateway(store: ObjectStore) -> Iterator[Gateway]:
    """Hand the store out while the context lasts."""
    with _Server(store) as server:
        thread = threading.Thread(target=server.serve_forever, name="gateway", daemon=True)
        thread.start()
        try:
            yield server.shown
        finally:
            server.shutdown()
            thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, store: ObjectStore) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.store = store
        address = f"127.0.0.1:{self.server_address[1]}"
        self.shown = Gateway(address=address, bucket=secrets.token_hex(24))


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 60
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._send(self._answered(with_body=True), with_body=True)

    def do_HEAD(self) -> None:
        self._send(self._answered(with_body=False), with_body=False)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as inherited
        del format, args

    def _answered(self, *, with_body: bool) -> "_Answer":
        store, shown = self.server.store, self.server.shown
        try:
            return _answer(store, shown, self.path, self.headers.get("Range") if with_body else "")
        except Missing:
            return _error(HTTPStatus.NOT_FOUND, "NoSuchKey")
        except DrillError as error:
            shown.trouble = shown.trouble or error
            return _error(HTTPStatus.FORBIDDEN, "AccessDenied")

    def _send(self, answer: "_Answer", *, with_body: bool) -> None:
        self.send_response(answer.status)
        for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if with_body:
            self.wfile.write(answer.body)


@dataclass(frozen=True, slots=True)
class _Answer:
    status: HTTPStatus
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


def _answer(store: ObjectStore, shown: Gateway, target: str, wanted: str | None) -> _Answer:
    """Return what was asked for; `wanted` is the range, None for all, '' for the facts alone."""
    parts = urlsplit(target)
    bucket, _, key = unquote(parts.path).lstrip("/").partition("/")
    if not secrets.compare_digest(bucket.encode(), shown.bucket.encode()):
        return _error(HTTPStatus.NOT_FOUND, "NoSuchBucket")
    if not key:
        return _listing(store, shown, parse_qs(parts.query))
    if wanted == "":
        return _head(store, key)
    first, length = _range(wanted)
    body = _part(store, key, first, length)
    if wanted and not body:
        return _error(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, "InvalidRange")
    headers = _facts(None)
    if wanted:
        headers["Content-Range"] = f"bytes {first}-{first + len(body) - 1}/*"
    return _Answer(HTTPStatus.PARTIAL_CONTENT if wanted else HTTPStatus.OK, body, headers)


def _listing(store: ObjectStore, shown: Gateway, asked: dict[str, list[str]]) -> _Answer:
    """Return a page; what comes after it waits under a token."""
    token = asked.get("continuation-token", [""])[0]
    prefix = asked.get("prefix", [""])[0]
    rest = shown.pages.pop(token, iter(())) if token else store.list(prefix)
    page = list(islice(rest, PAGE))
    following = ""
    if len(page) == PAGE:
        token = secrets.token_hex(8)
        shown.pages[token] = rest
        following = f"<NextContinuationToken>{token}</NextContinuationToken>"
    entries = "".join(
        f"<Contents><Key>{quote(one.key)}</Key><Size>{one.bytes}</Size>"
        f"<LastModified>{(one.modified or EPOCH).strftime('%Y-%m-%dT%H:%M:%S.000Z')}</LastModified>"
        "<ETag>x</ETag></Contents>"
        for one in page
    )
    body = (
        "<ListBucketResult><EncodingType>url</EncodingType>"
        f"<IsTruncated>{'true' if following else 'false'}</IsTruncated>{following}"
        f"<KeyCount>{len(page)}</KeyCount>{entries}</ListBucketResult>"
    )
    return _Answer(HTTPStatus.OK, body.encode(), {"Content-Type": "application/xml"})


def _head(store: ObjectStore, key: str) -> _Answer:
    stored = next((one for one in islice(store.list(key), PAGE) if one.key == key), None)
    if stored is None:
        return _error(HTTPStatus.NOT_FOUND, "NoSuchKey")
    headers = {**_facts(stored), "Content-Length": str(stored.bytes)}
    return _Answer(HTTPStatus.OK, b"", headers)


def _facts(stored: StoredObject | None) -> dict[str, str]:
    modified = (stored and stored.modified) or EPOCH
    return {
        "ETag": '"x"',
        "Last-Modified": format_datetime(modified.astimezone(UTC), usegmt=True),
        "Content-Type": "application/octet-stream",
    }


def _range(wanted: str | None) -> tuple[int, int | None]:
    """Return first byte and length from `bytes=1-9`."""
    if wanted is None:
        return 0, None
    first, _, last = wanted.removeprefix("bytes=").partition("-")
    if not first.isdigit():
        raise Missing(f"range {wanted} is not served")
    return int(first), int(last) - int(first) + 1 if last.isdigit() else None


def _part(store: ObjectStore, key: str, first: int, length: int | None) -> bytes:
    if length is not None and isinstance(store, Ranged):
        return store.part(key, first, length)
    with store.open(key) as body:
        left = first
        while left and (skipped := body.read(min(left, 1 << 20))):
            left -= len(skipped)
        return b"" if left else body.read(-1 if length is None else length)


def _error(status: HTTPStatus, code: str) -> _Answer:
    body = f"<Error><Code>{code}</Code><Message>{code}</Message></Error>"
    return _Answer(status, body.encode(), {"Content-Type": "application/xml"})
