"""A small raw client for conformance checks: what was sent, what came back, nothing hidden.

In: a kubeconfig. Out: answers with status and JSON, and watch events as they arrive.
"""

import json
import uuid
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from kubernetes import client, config

MERGE = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
APPLY = "application/apply-patch+yaml"
_WAIT = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One HTTP answer."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def reason(self) -> str:
        """Return the reason of a Status body."""
        return str(self.body.get("reason", "")) if isinstance(self.body, dict) else ""

    @property
    def message(self) -> str:
        """Return the message of a Status body."""
        return str(self.body.get("message", "")) if isinstance(self.body, dict) else ""

    @property
    def metadata(self) -> dict[str, Any]:
        """Return the metadata of an object."""
        return dict(self.body["metadata"])


@dataclass(frozen=True, kw_only=True)
class Api:
    """One API server under test."""

    kubeconfig: Path
    client: client.ApiClient
    name: str
    namespaces: list[str] = field(default_factory=list)

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        query: Mapping[str, object] | None = None,
        content_type: str = "application/json",
        accept: str = "application/json",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request and return whatever comes back."""
        response = self._send(method, path, body, query, content_type, accept, headers)
        text = response.data.decode(errors="replace")
        shown = json.loads(text) if text[:1] in {"{", "["} else text
        return Answer(status=response.status, body=shown, headers=response.headers)

    def get(self, path: str, **query: object) -> Answer:
        """Send GET."""
        return self.call("GET", path, query=query)

    def post(self, path: str, body: object, **query: object) -> Answer:
        """Send POST."""
        return self.call("POST", path, body, query=query)

    def put(self, path: str, body: object, **query: object) -> Answer:
        """Send PUT."""
        return self.call("PUT", path, body, query=query)

    def patch(self, path: str, body: object, kind: str = MERGE, **query: object) -> Answer:
        """Send PATCH."""
        return self.call("PATCH", path, body, query=query, content_type=kind)

    def delete(self, path: str, body: object = None, **query: object) -> Answer:
        """Send DELETE."""
        return self.call("DELETE", path, body, query=query)

    @contextmanager
    def watch(self, path: str, **query: object) -> Iterator[Iterator[dict[str, Any]]]:
        """Open a watch and yield its events; the server ends it after some seconds."""
        asked = {"watch": "true", "timeoutSeconds": 15, **query}
        response = self._send("GET", path, None, asked, "", "application/json", None, stream=True)
        events = _events(response)
        try:
            yield events
        finally:
            events.close()
            response.close()
            response.release_conn()

    def _send(  # noqa: PLR0917  # a request has this many parts
        self,
        method: str,
        path: str,
        body: object,
        query: Mapping[str, object] | None,
        content_type: str,
        accept: str,
        headers: Mapping[str, str] | None,
        *,
        stream: bool = False,
    ) -> Any:  # noqa: ANN401  # urllib3's response
        configuration = self.client.configuration
        sent = {"Accept": accept, **(headers or {})}
        if token := configuration.auth_settings().get("BearerToken", {}).get("value"):
            sent.setdefault("Authorization", token)
        data = None
        if body is not None:
            sent["Content-Type"] = content_type
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
        url = configuration.host + path + (f"?{urlencode(query, doseq=True)}" if query else "")
        return self.client.rest_client.pool_manager.request(
            method,
            url,
            body=data,
            headers=sent,
            preload_content=not stream,
            timeout=_WAIT,
            retries=False,
        )


def _events(response: Any) -> Generator[dict[str, Any], None, None]:  # noqa: ANN401  # urllib3's response
    rest = b""
    for piece in response.stream(None):
        *lines, rest = (rest + piece).split(b"\n")
        yield from (json.loads(line) for line in lines if line)
    if rest.strip():
        yield json.loads(rest)


def connect(kubeconfig: Path, name: str) -> Api:
    """Return an Api for the kubeconfig's current context."""
    return Api(
        kubeconfig=kubeconfig,
        client=config.new_client_from_config(str(kubeconfig)),
        name=name,
    )


def fresh(prefix: str = "conf") -> str:
    """Return a name that no other test uses."""
    return f"{prefix}-{uuid.uuid4().hex[:10]}"


def config_map(name: str, **data: str) -> dict[str, Any]:
    """Return a ConfigMap."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}
