"""Downloads of signed URLs, as an engine hands them out.

In: a URL that is itself a secret: its query holds the signature. Out: the body as a file. Only
host and path ever get into an error; the query never does, nor does what urllib3 says of it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, BinaryIO
from urllib.parse import SplitResult, urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3

from drills.adapters.streams import Body, buffered
from drills.errors import DrillError, Forbidden, Missing, OutsideRefused, Unreachable

CONNECT_SECONDS = 5.0
FOREIGN = (urllib3.exceptions.HTTPError, OSError)

AT_ONCE = 8
"""Connections kept per host: an engine fetches a backup's files side by side."""


class HttpDownloads:
    """Fetches over HTTP. Safe for many threads.

    Args:
        ca_bundle: path of the certificates to trust instead of the system's.
        verify: False for a store whose certificate cannot be verified.
    """

    def __init__(self, *, ca_bundle: str | None = None, verify: bool = True) -> None:
        self._ca_bundle = ca_bundle
        self._verify = verify
        self._pools: dict[str, urllib3.PoolManager] = {}

    @contextmanager
    def open(self, url: str, *, timeout: float) -> Iterator[BinaryIO]:
        """Open the body; `timeout` (seconds) bounds each wait for bytes.

        Raises Missing on 404, Forbidden on 401 and 403, OutsideRefused, Unreachable.
        """
        parts = urlsplit(url)
        place = f"{parts.hostname}{parts.path}"
        if parts.scheme not in {"http", "https"}:
            raise OutsideRefused(f"download of {place}: {parts.scheme!r} is no web address")
        response = self._request(url, parts, timeout)
        try:
            if response.status != HTTPStatus.OK:
                raise _refusal(place, response.status)
            with buffered(
                Body(
                    lambda size: response.read(size, decode_content=False),
                    FOREIGN,
                    lambda error: _broken(place, error),
                )
            ) as body:
                yield body
        finally:
            response.close()

    def _request(self, url: str, parts: SplitResult, timeout: float) -> urllib3.BaseHTTPResponse:
        try:
            return self._pool(parts).request(
                "GET",
                url,
                headers={"Accept-Encoding": "identity"},
                timeout=urllib3.Timeout(connect=min(CONNECT_SECONDS, timeout), read=timeout),
                retries=urllib3.Retry(connect=2, read=1, redirect=3, status=0, backoff_factor=0.2),
                preload_content=False,
            )
        except FOREIGN as error:
            raise _broken(f"{parts.hostname}{parts.path}", error) from None

    def _pool(self, parts: SplitResult) -> urllib3.PoolManager:
        host = parts.hostname or ""
        proxy = "" if proxy_bypass(host) else getproxies().get(parts.scheme, "")
        if proxy not in self._pools:
            kind: dict[str, Any] = {
                "ca_certs": self._ca_bundle,
                "cert_reqs": "CERT_REQUIRED" if self._verify else "CERT_NONE",
                "maxsize": AT_ONCE,
            }
            self._pools[proxy] = (
                urllib3.ProxyManager(proxy, **kind) if proxy else urllib3.PoolManager(**kind)
            )
        return self._pools[proxy]


def _refusal(place: str, status: int) -> DrillError:
    message = f"download of {place}: HTTP {status}"
    if status == HTTPStatus.NOT_FOUND:
        return Missing(message, hint="the file is not in the store")
    if status in {HTTPStatus.FORBIDDEN, HTTPStatus.UNAUTHORIZED}:
        hint = "the link has expired, clocks differ, or the engine's credentials lack s3:GetObject"
        return Forbidden(message, hint=hint)
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Unreachable(message, hint="the store is failing or overloaded; try again")
    return OutsideRefused(message)


def _broken(place: str, error: Exception) -> Unreachable:
    reason = getattr(error, "reason", None)
    kind = type(reason if isinstance(reason, Exception) else error).__name__
    return Unreachable(
        f"download of {place}: {kind}",
        hint="the store must be reachable from here under the address the engine gives out "
        "(Velero: publicUrl of the backup location)",
    )
