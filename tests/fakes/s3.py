"""An S3 that notes how it was asked: over HTTP or TLS, with pages and troubles as scripted.

It also answers those who hand out credentials: STS, a container's and an instance's metadata.
"""

import json
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import parse_qs, quote, unquote, urlsplit

HANDED = {"AccessKeyId": "HANDED", "SecretAccessKey": "s", "Expiration": "2099-01-01T00:00:00Z"}
STS = (
    "<{0}Response><{0}Result><Credentials><AccessKeyId>ASSUMED</AccessKeyId>"
    "<SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>"
    "<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></{0}Result></{0}Response>"
)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request."""

    method: str
    target: str
    headers: Mapping[str, str]

    @property
    def key(self) -> str:
        """Return the access key that signed it."""
        return self.headers.get("authorization", "").partition("Credential=")[2].partition("/")[0]


@dataclass
class StubS3:
    """A server that is up within its context."""

    files: dict[str, bytes] = field(default_factory=dict)
    bucket: str = "b"
    page: int = 1000
    troubles: list[tuple[int, str, str]] = field(default_factory=list)
    """Status, code and message of the next answers."""
    tls: ssl.SSLContext | None = None
    seen: list[Asked] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        if self.tls:
            self._server.socket = self.tls.wrap_socket(self._server.socket, server_side=True)
        scheme = "https" if self.tls else "http"
        self.url = f"{scheme}://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, asked: Asked, body: bytes) -> tuple[int, bytes, dict[str, str]]:
        """Return status, body and headers."""
        parts = urlsplit(asked.target)
        if (other := _credentials(asked.method, parts.path, body)) is not None:
            return 200, other, {}
        if self.troubles:
            status, code, words = self.troubles.pop(0)
            error = f"<Error><Code>{code}</Code><Message>{words}</Message></Error>"
            return status, error.encode(), {}
        bucket, _, key = unquote(parts.path).lstrip("/").partition("/")
        if parts.netloc:  # by way of a proxy, with the bucket in the host's name
            bucket, key = parts.netloc.partition(".")[0], unquote(parts.path).lstrip("/")
        assert bucket == self.bucket
        if not key:
            return 200, self._listing(parse_qs(parts.query)), {}
        if key not in self.files:
            return 404, b"<Error><Code>NoSuchKey</Code></Error>", {}
        return 200, self.files[key], {"ETag": '"e"'}

    def _listing(self, query: dict[str, list[str]]) -> bytes:
        prefix, begin = query.get("prefix", [""])[0], int(query.get("continuation-token", ["0"])[0])
        keys = sorted(key for key in self.files if key.startswith(prefix))
        more = len(keys) > begin + self.page
        entries = "".join(
            f"<Contents><Key>{quote(key)}</Key><Size>{len(self.files[key])}</Size>"
            "<LastModified>2026-11-21T00:00:00.000Z</LastModified><ETag>e</ETag></Contents>"
            for key in keys[begin : begin + self.page]
        )
        token = f"<NextContinuationToken>{begin + self.page}</NextContinuationToken>"
        return (
            f"<ListBucketResult><EncodingType>url</EncodingType>{entries}{token if more else ''}"
            f"<IsTruncated>{str(more).lower()}</IsTruncated></ListBucketResult>"
        ).encode()


def _credentials(method: str, path: str, body: bytes) -> bytes | None:
    """Return what STS or a metadata service says, None where S3 is asked."""
    if method == "POST" and path == "/":
        action = parse_qs(body.decode())["Action"][0]
        return STS.format(action).encode()
    if path == "/latest/api/token":
        return b"token"
    if path == "/latest/meta-data/iam/security-credentials/":
        return b"role"
    if path == "/latest/meta-data/iam/security-credentials/role":
        return json.dumps({**HANDED, "Code": "Success", "Token": "t"}).encode()
    if path == "/container":
        return json.dumps({**HANDED, "Token": "t"}).encode()
    return None


def _handler(stub: StubS3) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            asked = Asked(
                method=self.command,
                target=self.path,
                headers={name.lower(): value for name, value in self.headers.items()},
            )
            stub.seen.append(asked)
            status, found, headers = stub.answer(asked, body)
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(found))}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(found)

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = answer  # noqa: N815 - as inherited

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as inherited
            del format, args

    return Handler
