"""The service's web pages: health, metrics, the reports of drills and checks. Read-only.

Listens on the loopback address unless told otherwise. A report is found by looking its id
up in the folder's listing: no path is ever built from a request.
"""

import html
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:",
    "Cache-Control": "no-store",
}
KINDS = {"drills": "report", "verifies": "verify"}
"""First part of a report's address to the name of its files."""
TYPES = {"html": "text/html", "json": "application/json"}
MOST_SHOWN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What the pages show."""

    healthy: Callable[[], bool]
    metrics: Callable[[], bytes]
    index: Callable[[], str]
    report_dir: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One answer."""

    status: HTTPStatus
    content_type: str
    body: bytes


def answer(site: Site, target: str) -> Page:
    """Return the page for a request target."""
    path = unquote(urlsplit(target).path)
    if path == "/healthz":
        good = site.healthy()
        status = HTTPStatus.OK if good else HTTPStatus.SERVICE_UNAVAILABLE
        return Page(status=status, content_type="text/plain", body=b"ok\n" if good else b"down\n")
    if path == "/metrics":
        return Page(
            status=HTTPStatus.OK,
            content_type="text/plain; version=0.0.4; charset=utf-8",
            body=site.metrics(),
        )
    if path == "/":
        return _html(HTTPStatus.OK, site.index())
    return _report(site.report_dir, path) or _html(
        HTTPStatus.NOT_FOUND, page("Not found", '<p>No such page. <a href="/">All drills</a></p>')
    )


def page(title: str, body: str) -> str:
    """Return a whole HTML page; `body` is markup already escaped."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{html.escape(title)}</title><style>{STYLE}</style></head>"
        f"<body><main><h1>{html.escape(title)}</h1>{body}</main></body></html>"
    )


STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%}"
    "th,td{text-align:left;padding:.4rem .6rem;border-bottom:1px solid #8884}"
)


def serve_site(site: Site, address: tuple[str, int]) -> ThreadingHTTPServer:
    """Return a bound server; the caller runs and closes it."""

    class Handler(BaseHTTPRequestHandler):
        timeout = 30
        server_version = "restore-drill"
        sys_version = ""

        def do_GET(self) -> None:
            self._send(with_body=True)

        def do_HEAD(self) -> None:
            self._send(with_body=False)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as inherited
            del format, args

        def _send(self, *, with_body: bool) -> None:
            found = answer(site, self.path)
            self.send_response(found.status)
            self.send_header("Content-Type", found.content_type)
            self.send_header("Content-Length", str(len(found.body)))
            for key, value in SECURITY_HEADERS.items():
                self.send_header(key, value)
            self.end_headers()
            if with_body:
                self.wfile.write(found.body)

    server = ThreadingHTTPServer(address, Handler)
    server.daemon_threads = True
    return server


def recent_reports(report_dir: Path, kind: str = "drills") -> list[str]:
    """Return the ids of the drills, or of the `verifies`, that have a report; newest first."""
    if not report_dir.is_dir():
        return []
    folders = [f for f in report_dir.iterdir() if (f / f"{KINDS[kind]}.json").is_file()]
    folders.sort(key=lambda folder: folder.stat().st_mtime, reverse=True)
    return [folder.name for folder in folders[:MOST_SHOWN]]


def report_links(report_dir: Path, kind: str) -> str:
    """Return a list with a link to each report's page, as markup."""
    items = "".join(
        f'<li><a href="/{kind}/{html.escape(name)}/{KINDS[kind]}.html">{html.escape(name)}</a></li>'
        for name in recent_reports(report_dir, kind)
    )
    return f"<ul>{items or '<li>none yet</li>'}</ul>"


def _report(report_dir: Path, path: str) -> Page | None:
    kind, _, rest = path.strip("/").partition("/")
    name, _, file = rest.partition("/")
    stem, _, form = file.partition(".")
    if KINDS.get(kind) != stem or form not in TYPES:
        return None
    if name not in recent_reports(report_dir, kind):
        return None
    try:
        body = (report_dir / name / f"{stem}.{form}").read_bytes()
    except OSError:
        return None
    return Page(status=HTTPStatus.OK, content_type=f"{TYPES[form]}; charset=utf-8", body=body)


def _html(status: HTTPStatus, text: str) -> Page:
    return Page(status=status, content_type="text/html; charset=utf-8", body=text.encode())
