"""One member of an archive: a log in a volume of its own; member 0 writes, the others follow it."""

import os
import threading
import time
import urllib.request
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

LOG = Path("/data/log")
ARCHIVE = os.environ["ARCHIVE"]
FIRST = f"http://{ARCHIVE}-0.{ARCHIVE}:8080"
LOCK = threading.Lock()


def lines() -> list[str]:
    """What is written."""
    return LOG.read_text().splitlines() if LOG.exists() else []


def append(more: str) -> None:
    """Writes, and returns when it is on the disk."""
    with LOCK, LOG.open("a") as file:
        file.write(more)
        file.flush()
        os.fsync(file.fileno())


class Member(BaseHTTPRequestHandler):
    """GET /count, GET /log, POST /log."""

    def do_GET(self) -> None:
        """Tells what is written, or how much."""
        found = lines()
        self._say(f"{len(found)}\n" if self.path == "/count" else "".join(f"{x}\n" for x in found))

    def do_POST(self) -> None:
        """Writes one line."""
        append(self.rfile.read(int(self.headers["Content-Length"])).decode().strip() + "\n")
        self._say("")

    def _say(self, text: str) -> None:
        body = text.encode()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing: it is asked every second."""


def follow() -> None:
    """Copies what the first member has and this one lacks."""
    while True:
        try:
            with urllib.request.urlopen(f"{FIRST}/log", timeout=5) as answer:  # noqa: S310
                theirs = answer.read().decode().splitlines()
            if more := theirs[len(lines()) :]:
                append("".join(f"{line}\n" for line in more))
        except OSError:
            pass  # it is not up yet
        time.sleep(1)


if not os.environ["HOSTNAME"].endswith("-0"):
    threading.Thread(target=follow, daemon=True).start()
ThreadingHTTPServer(("", 8080), Member).serve_forever()
