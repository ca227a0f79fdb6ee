"""One request, one answer: the HTTP connection pool with credentials.

In: a Request, built by the other modules of this package. Out: an Answer, an open stream, or
NoAnswer, which says whether the server may have carried the request out. Nothing is retried here
except one refused credential, and nothing is translated: see `asking` and `refusals`.
"""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import urllib3
from kubernetes.client import ApiClient

CONNECT_SECONDS = 5.0
READ_SECONDS = 30.0
LOOKS = 5
POOL_CONNECTIONS = 512
"""A hundred drills with a handful of watches each share one client; more only reconnects."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to ask. `what` describes it in error messages: `list pods in backup-test`."""

    what: str
    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: Mapping[str, object] | None = None
    """Sent as JSON."""
    data: bytes | None = None
    """Sent as it is."""
    headers: Mapping[str, str] = field(default_factory=dict)
    read_seconds: float = READ_SECONDS

    @property
    def target(self) -> str:
        """Return path and query."""
        return f"{self.path}?{urlencode(self.query)}" if self.query else self.path


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def document(self) -> Mapping[str, object]:
        """Return the JSON object in the body, empty where there is none."""
        try:
            parsed: object = json.loads(self.body)
        except ValueError:
            return {}
        return parsed if isinstance(parsed, dict) else {}


class NoAnswer(Exception):
    """The connection failed; `reached` unless the server surely never saw the request."""

    def __init__(self, message: str, *, reached: bool, hopeless: bool = False) -> None:
        super().__init__(message)
        self.reached = reached
        self.hopeless = hopeless
        """True where trying again cannot help: the certificate does not verify."""


class Wire:
    """The shared connection pool. Safe for many threads."""

    def __init__(self, configuration: Any, reload: Callable[[], None]) -> None:  # noqa: ANN401 - untyped library
        self.configuration = configuration
        self._reload = reload
        self._lock = threading.Lock()
        self._client = ApiClient(configuration)
        self._pool: urllib3.PoolManager = self._client.rest_client.pool_manager
        self._host = str(configuration.host).rstrip("/")

    def url(self, target: str) -> str:
        """Return the full address of a path."""
        return self._host + target

    def credentials(self) -> dict[str, str]:
        """Return the authentication headers, fresh from the client's own renewal."""
        with self._lock:
            settings = self._settings().values()
            return {
                str(setting["key"]): str(setting["value"])
                for setting in settings
                if setting["in"] == "header" and setting["value"]
            }

    def _settings(self) -> dict[str, Any]:
        """Return the client's settings; while reading them it looks for proxies in the environment.

        Another thread that changes the environment meanwhile makes that look fail: look again.
        """
        for _ in range(LOOKS):
            try:
                return dict(self.configuration.auth_settings())
            except (KeyError, RuntimeError):
                continue
        return dict(self.configuration.auth_settings())

    def renew(self, refused: Mapping[str, str]) -> None:
        """Load the credentials again, unless another thread did so since `refused` were read."""
        if self.credentials() != refused:
            return
        with self._lock:
            self._reload()

    def ask(self, request: Request) -> Answer:
        """Return the whole answer; raises NoAnswer."""
        response = self.open(request)
        try:
            body = response.read()
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise _no_answer(error) from error
        finally:
            response.release_conn()
        return Answer(status=response.status, headers=_headers(response), body=body)

    def open(self, request: Request, *, renews: bool = True) -> urllib3.BaseHTTPResponse:
        """Return the answer with its body still to be read; raises NoAnswer.

        With `renews` a refused login is tried once more with fresh credentials.
        """
        used = self.credentials()
        response = self._send(request, used)
        if renews and response.status == HTTPStatus.UNAUTHORIZED:
            response.close()  # its body may be an application's, and without an end
            self.renew(used)
            response = self._send(request, self.credentials())
        return response

    def close(self) -> None:
        """Close every pooled connection."""
        self._client.close()

    def _send(self, request: Request, credentials: Mapping[str, str]) -> urllib3.BaseHTTPResponse:
        body = request.data
        headers = {"Accept": "application/json", "User-Agent": "restore-drill-runner"}
        if request.body is not None:
            body = json.dumps(request.body).encode()
            headers["Content-Type"] = "application/json"
        try:
            return self._pool.request(
                request.method,
                self.url(request.target),
                body=body,
                headers={**headers, **request.headers, **credentials},
                timeout=urllib3.Timeout(
                    connect=min(CONNECT_SECONDS, request.read_seconds), read=request.read_seconds
                ),
                retries=False,
                redirect=False,
                preload_content=False,
            )
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise _no_answer(error) from error


def _headers(response: urllib3.BaseHTTPResponse) -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}


def _no_answer(error: Exception) -> NoAnswer:
    before = (
        urllib3.exceptions.NewConnectionError,
        urllib3.exceptions.ConnectTimeoutError,
        urllib3.exceptions.ProxyError,
    )
    hopeless = isinstance(error, urllib3.exceptions.SSLError) and "CERTIFICATE" in str(error)
    reached = not hopeless and not isinstance(error, before)
    return NoAnswer(str(error)[:300], reached=reached, hopeless=hopeless)
