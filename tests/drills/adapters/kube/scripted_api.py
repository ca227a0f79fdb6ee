"""A tiny API server that answers by script: faults that a well-behaved server never shows."""

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit

import yaml

from drills.objects import KubeObject

CORE: KubeObject = {
    "kind": "APIResourceList",
    "groupVersion": "v1",
    "resources": [
        {"name": "configmaps", "kind": "ConfigMap", "namespaced": True, "verbs": ["list"]},
        {"name": "namespaces", "kind": "Namespace", "namespaced": False, "verbs": ["list"]},
        {"name": "services", "kind": "Service", "namespaced": True, "verbs": ["list"]},
        {"name": "services/proxy", "kind": "ServiceProxyOptions", "namespaced": True},
        {"name": "pods", "kind": "Pod", "namespaced": True, "verbs": ["list"]},
    ],
}


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One answer: a document, a stream of watch events, or a connection cut short."""

    status: int = 200
    document: object = None
    headers: Mapping[str, str] = field(default_factory=dict)
    events: Sequence[object] | None = None
    hold: threading.Event | None = None
    """Keep a stream open and silent until set."""
    cut: bool = False
    """Close the connection without an answer, after the request was read."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One request as it came in."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: KubeObject


class ScriptedApi:
    """Answers each path with its replies in turn; the last one stays."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self._replies: dict[tuple[str, str], list[Reply]] = {}
        self._lock = threading.Lock()
        self._server = _Server(self)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.on("GET", "/api/v1", Reply(document=CORE))

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def on(self, method: str, path: str, *replies: Reply) -> None:
        """Script the replies to a path, or `PATH?watch` for its watches."""
        with self._lock:
            self._replies[method, path] = list(replies)

    def asked(self, method: str, path: str) -> list[Seen]:
        """Return what was asked of a path."""
        return [seen for seen in self.seen if (seen.method, seen.path) == (method, path)]

    def reply(self, seen: Seen) -> Reply:
        """Take the next reply for a request."""
        suffix = "?watch" if seen.query.get("watch") == "true" else ""
        with self._lock:
            self.seen.append(seen)
            replies = self._replies.get((seen.method, seen.path + suffix))
            if not replies:
                return Reply(status=404, document=status(404, "NotFound", "unscripted", name="x"))
            return replies.pop(0) if len(replies) > 1 else replies[0]

    def kubeconfig(self, folder: Path, token: str = "") -> str:
        """Write a kubeconfig with context `scripted` and return its path."""
        path = folder / "kubeconfig"
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "scripted",
            "clusters": [{"name": "c", "cluster": {"server": self.url}}],
            "users": [{"name": "u", "user": {"token": token or "made-up"}}],
            "contexts": [{"name": "scripted", "context": {"cluster": "c", "user": "u"}}],
        }
        path.write_text(yaml.safe_dump(document))
        return str(path)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, api: ScriptedApi) -> None:
        self.api = api
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - inherited name
        pass

    def _answer(self) -> None:
        split = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        seen = Seen(
            method=self.command,
            path=split.path,
            query={key: values[0] for key, values in parse_qs(split.query).items()},
            headers={key.lower(): value for key, value in self.headers.items()},
            body=json.loads(body) if body else {},
        )
        reply = self.server.api.reply(seen)
        if reply.cut:
            self.close_connection = True
        elif reply.events is not None:
            self._stream(reply.events, reply.hold)
        else:
            self._send(reply)

    do_GET = do_POST = do_PATCH = do_DELETE = _answer  # noqa: N815 - the library's names

    def _send(self, reply: Reply) -> None:
        document = reply.document
        body = document.encode() if isinstance(document, str) else json.dumps(document).encode()
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _stream(self, events: Sequence[object], hold: threading.Event | None) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for event in events:
            line = json.dumps(event).encode() + b"\n"
            self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
        if hold is not None:
            hold.wait(30)
            self.close_connection = True
        else:
            self.wfile.write(b"0\r\n\r\n")


def status(code: int, reason: str, message: str, *, name: str = "") -> KubeObject:
    """Return a Status body as the API server writes it."""
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "message": message,
        "reason": reason,
        "code": code,
        "details": {"name": name} if name else {},
    }


def config_map(name: str, version: str = "1", **labels: str) -> KubeObject:
    """Return a ConfigMap as a list item, without apiVersion and kind."""
    return {
        "metadata": {
            "name": name,
            "namespace": "box",
            "uid": f"uid-{name}",
            "resourceVersion": version,
            "labels": labels,
        }
    }


def listing(*items: KubeObject, version: str = "10", token: str = "") -> Reply:
    """Return a list answer."""
    metadata = {"resourceVersion": version, "continue": token}
    return Reply(document={"kind": "List", "metadata": metadata, "items": list(items)})


def event(kind: str, obj: KubeObject) -> KubeObject:
    """Return one watch event."""
    return {"type": kind, "object": {"apiVersion": "v1", "kind": "ConfigMap", **obj}}
