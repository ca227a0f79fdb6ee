"""Talks to the lab's API server: applies manifests, asks for objects, waits for states.

In comes a kubeconfig path, out come plain dictionaries, as the API server wrote them.
"""

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

import yaml

if TYPE_CHECKING:
    from kubernetes.dynamic import DynamicClient, Resource

_SECONDS = 20
_OWNER = "lab"


class Cluster:
    """One API server, reached with the admin's kubeconfig."""

    def __init__(self, kubeconfig: Path, context: str | None = None) -> None:
        self._kubeconfig = kubeconfig
        self._context = context
        self._cache: tempfile.TemporaryDirectory[str] | None = None
        self._client = self._connect()

    def _connect(self) -> "DynamicClient":
        from kubernetes import config, dynamic  # noqa: PLC0415 - half a second, not for --help

        api = config.new_client_from_config(str(self._kubeconfig), self._context)
        # The client insists on a cache file; a shared one would tell of kinds of another cluster.
        self._cache = tempfile.TemporaryDirectory(prefix="lab-discovery-")
        return dynamic.DynamicClient(api, cache_file=str(Path(self._cache.name) / "cache.json"))

    def refresh(self) -> None:
        """Asks anew which kinds the server has; needed once definitions were added."""
        self.close()
        self._client = self._connect()

    def close(self) -> None:
        """Closes connections and removes the client's cache; it can still be asked afterwards."""
        self._client.client.rest_client.pool_manager.clear()
        if self._cache is not None:
            self._cache.cleanup()

    def apply(self, document: Mapping[str, object]) -> None:
        """Applies one object on the server's side, as `kubectl apply --server-side` does."""
        metadata = cast("Mapping[str, str]", document["metadata"])
        resource = self._resource(document)
        self._client.server_side_apply(
            resource,
            body=dict(document),
            name=metadata["name"],
            namespace=metadata.get("namespace"),
            field_manager=_OWNER,
            force_conflicts=True,
            _request_timeout=_SECONDS,
        )

    def create(self, document: Mapping[str, object]) -> dict[str, object]:
        """Creates one object and returns what the server made of it."""
        metadata = cast("Mapping[str, str]", document["metadata"])
        created = self._resource(document).create(
            body=dict(document), namespace=metadata.get("namespace"), _request_timeout=_SECONDS
        )
        return cast("dict[str, object]", created.to_dict())

    def find(
        self, api_version: str, kind: str, name: str, namespace: str | None = None
    ) -> dict[str, object] | None:
        """Returns an object, or None when there is none of that name."""
        from kubernetes.dynamic.exceptions import NotFoundError  # noqa: PLC0415 - see _connect

        resource = self._client.resources.get(api_version=api_version, kind=kind)
        try:
            found = resource.get(name=name, namespace=namespace, _request_timeout=_SECONDS)
        except NotFoundError:
            return None
        return cast("dict[str, object]", found.to_dict())

    def list(
        self, api_version: str, kind: str, namespace: str | None = None
    ) -> tuple[dict[str, object], ...]:
        """Returns every object of a kind, in one namespace or in all."""
        return self.list_with_version(api_version, kind, namespace)[1]

    def list_with_version(
        self, api_version: str, kind: str, namespace: str | None = None
    ) -> tuple[str, tuple[dict[str, object], ...]]:
        """The same, and the version of the list, from which a watch can go on."""
        resource = self._client.resources.get(api_version=api_version, kind=kind)
        found = resource.get(namespace=namespace, _request_timeout=_SECONDS).to_dict()
        items = tuple(cast("list[dict[str, object]]", found["items"]))
        return str(found["metadata"]["resourceVersion"]), items

    def watch(
        self, api_version: str, kind: str, version: str, seconds: int
    ) -> Iterator[tuple[str, dict[str, object]]]:
        """Yields what happens to objects of a kind, in all namespaces, from a version on.

        Yields:
            ADDED, MODIFIED, DELETED or ERROR, and the object.
        """
        resource = self._client.resources.get(api_version=api_version, kind=kind)
        for event in resource.watch(resource_version=version, timeout=seconds):
            yield str(event["type"]), cast("dict[str, object]", event["raw_object"])

    def delete(self, api_version: str, kind: str, name: str, namespace: str | None = None) -> None:
        """Asks for an object's deletion; finalizers may keep it for a while."""
        resource = self._client.resources.get(api_version=api_version, kind=kind)
        resource.delete(name=name, namespace=namespace, _request_timeout=_SECONDS)

    def patch(
        self, api_version: str, kind: str, name: str, patch: object, namespace: str | None = None
    ) -> None:
        """Merges a patch into an object; None as a value removes a key."""
        resource = self._client.resources.get(api_version=api_version, kind=kind)
        resource.patch(
            body=patch, name=name, namespace=namespace,
            content_type="application/merge-patch+json", _request_timeout=_SECONDS,
        )  # fmt: skip

    def snapshot(self) -> dict[str, str]:
        """Every object that can be listed, but for events.

        Returns:
            `Kind namespace/name` to uid and generation: both stay while only a status changes.
        """
        marks = {}
        for kind, item in self.everything():
            meta = cast("Mapping[str, str]", item["metadata"])
            key = f"{kind} {meta.get('namespace', '')}/{meta['name']}"
            marks[key] = f"{meta.get('uid')} {meta.get('generation')}"
        return marks

    def everything(self) -> Iterator[tuple[str, dict[str, object]]]:
        """Yields the kind and body of every object that can be listed, but for events."""
        for resource in self._client.resources.search(preferred=True):
            # Discovery also offers a PodList beside each Pod; those cannot be asked for.
            listed = "list" in resource.verbs and not resource.kind.endswith("List")
            if listed and resource.kind != "Event":
                for item in self._items(resource):
                    yield resource.kind, item

    def _items(self, resource: "Resource") -> Sequence[dict[str, object]]:
        from kubernetes.dynamic.exceptions import NotFoundError  # noqa: PLC0415 - see _connect

        try:
            found = resource.get(_request_timeout=_SECONDS).to_dict()
        except NotFoundError:
            return ()  # its definition went since discovery
        return cast("Sequence[dict[str, object]]", found["items"])

    def token_of(self, namespace: str, account: str) -> str:
        """Asks for a token of a ServiceAccount, good for an hour."""
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token"
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
        answer = self._client.request(
            "post", path, body=body, serialize=False, _request_timeout=_SECONDS
        )
        return str(json.loads(answer.data)["status"]["token"])

    def refusal(self, method: str, path: str, body: object = None) -> str:
        """Tries a request that changes nothing: writing is only rehearsed.

        Returns:
            The server's words why not; empty where it would do it.
        """
        from kubernetes.dynamic.exceptions import DynamicApiError  # noqa: PLC0415 - see _connect

        query = [] if method == "get" else [("dryRun", "All")]
        try:
            self._client.request(
                method, path, body=body, query_params=query, serialize=False,
                _request_timeout=_SECONDS,
            )  # fmt: skip
        except DynamicApiError as error:
            return str(json.loads(error.body)["message"])
        return ""

    def get_text(self, path: str) -> str:
        """Answers a GET on any path of the API server, such as a Service's proxy."""
        answer = self._client.request("get", path, serialize=False, _request_timeout=_SECONDS)
        return cast("bytes", answer.data).decode()

    def execute(self, namespace: str, pod: str, command: Sequence[str]) -> tuple[int, str]:
        """Runs a command in a pod's first container; returns its exit code and all it printed."""
        from kubernetes import client, stream  # noqa: PLC0415 - see _connect

        channel = stream.stream(
            client.CoreV1Api(self._client.client).connect_get_namespaced_pod_exec,
            pod, namespace, command=list(command), stdout=True, stderr=True,
            _preload_content=False, _request_timeout=_SECONDS,
        )  # fmt: skip
        try:
            channel.run_forever(timeout=_SECONDS)
            code = channel.returncode  # before the rest, which forgets it
            return int(code), str(channel.read_all())
        finally:
            channel.sock.shutdown()  # `close` does nothing once the server has said goodbye

    def _resource(self, document: Mapping[str, object]) -> "Resource":
        return self._client.resources.get(api_version=document["apiVersion"], kind=document["kind"])


def read_manifest(path: Path, words: Mapping[str, str]) -> tuple[dict[str, object], ...]:
    """Reads the objects of a manifest file, with `${WORD}` replaced."""
    text = path.read_text(encoding="utf-8")
    for word, value in words.items():
        text = text.replace(f"${{{word}}}", value)
    return tuple(yaml.safe_load_all(text))


def status_of(document: Mapping[str, object] | None) -> Mapping[str, object]:
    """The status of an object; empty while there is none."""
    found = None if document is None else document.get("status")
    return cast("Mapping[str, object]", found) if isinstance(found, dict) else {}
