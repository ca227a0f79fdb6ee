"""The web tier: is it well, what is in the ledger, and the same as a Prometheus would say it."""

import json
import os
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from database import connect
from pg8000.native import DatabaseError, InterfaceError

PORT = 8080
Answer = tuple[HTTPStatus, object]


def _health(_: dict[str, list[str]]) -> Answer:
    with connect() as database:
        database.run("SELECT 1")
    return HTTPStatus.OK, {"status": "ok"}


def _live(_: dict[str, list[str]]) -> Answer:
    return HTTPStatus.OK, {"status": "alive"}


def _ledger(_: dict[str, list[str]]) -> Answer:
    with connect() as database:
        ((rows, newest),) = database.run("SELECT count(*), max(at) FROM ledger")
    shown = newest.isoformat() if newest else None
    return HTTPStatus.OK, {"rows": rows, "newest": shown, "shop": os.environ.get("SHOP_NAME")}


def _query(words: dict[str, list[str]]) -> Answer:
    if words.get("query") != ["ledger_rows"]:
        refusal = {"status": "error", "errorType": "bad_data", "error": "only ledger_rows"}
        return HTTPStatus.BAD_REQUEST, refusal
    at = float(words.get("time", [str(time.time())])[0])
    with connect() as database:
        ((rows,),) = database.run(
            "SELECT count(*) FROM ledger WHERE at <= to_timestamp(:at)", at=at
        )
    series = {"metric": {"__name__": "ledger_rows"}, "value": [at, str(rows)]}
    return HTTPStatus.OK, {
        "status": "success",
        "data": {"resultType": "vector", "result": [series]},
    }


PATHS = {"/healthz": _health, "/livez": _live, "/ledger": _ledger, "/api/v1/query": _query}


class Handler(BaseHTTPRequestHandler):
    """Answers in JSON; a database that is away is a 503 with its words."""

    def do_GET(self) -> None:
        """Answers one request."""
        url = urlsplit(self.path)
        status: HTTPStatus
        try:
            answer = PATHS.get(url.path)
            status, body = (
                answer(parse_qs(url.query)) if answer else (HTTPStatus.NOT_FOUND, "no such page")
            )
        except (OSError, DatabaseError, InterfaceError) as error:
            status, body = HTTPStatus.SERVICE_UNAVAILABLE, {"status": "error", "error": str(error)}
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Says nothing: the kubelet asks every few seconds."""


ThreadingHTTPServer(("", PORT), Handler).serve_forever()
