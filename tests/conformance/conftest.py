"""The servers under test: the embedded one always, a real one where there is one.

A real control plane is found through LAB_KUBECONFIG or at tests/lab/run/kubeconfig.
"""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from embedded.apiserver import ApiServer
from embedded.storage import Storage
from tests.conformance.api import Api, connect, fresh

_LAB = Path(__file__).parents[1] / "lab" / "run" / "kubeconfig"
_GROUP = "conformance.example.com"
_DEADLINE = 40.0


def _real_kubeconfig() -> Path:
    path = Path(os.environ.get("LAB_KUBECONFIG", str(_LAB)))
    if not path.exists():
        pytest.skip(
            "no real control plane: build and start it with `python tests/lab/lab.py build` and "
            "`up`, or set LAB_KUBECONFIG"
        )
    return path


@pytest.fixture(scope="session", params=["embedded", pytest.param("real", marks=pytest.mark.lab)])
def api(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """Yield each server in turn."""
    if request.param == "real":
        yield connect(_real_kubeconfig(), "real")
        return
    server = ApiServer(Storage())
    server.start()
    path = tmp_path_factory.mktemp("embedded") / "kubeconfig"
    server.write_kubeconfig(path)
    api = connect(path, "embedded")
    yield api
    api.client.rest_client.pool_manager.clear()
    server.stop()


def eventually(question: Callable[[], Any], seconds: float = _DEADLINE) -> Any:  # noqa: ANN401  # whatever is asked
    """Return the first true answer; real controllers take a moment."""
    end = time.monotonic() + seconds
    while True:
        answer = question()
        if answer or time.monotonic() > end:
            return answer
        time.sleep(0.05)


@pytest.fixture
def ns(api: Api) -> Iterator[str]:
    """Yield the path of a fresh namespace, removed afterwards."""
    name = fresh()
    created = api.post("/api/v1/namespaces", {"metadata": {"name": name}})
    assert created.status == 201, created.body
    path = f"/api/v1/namespaces/{name}"
    assert eventually(lambda: api.get(f"{path}/serviceaccounts/default").status == 200)
    assert eventually(lambda: api.get(f"{path}/configmaps/kube-root-ca.crt").status == 200)
    yield path
    api.delete(path)


def _definition(plural: str, kind: str, *, status: bool) -> dict[str, Any]:
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    version: dict[str, Any] = {"name": "v1", "served": True, "storage": True, "schema": schema}
    if status:
        version["subresources"] = {"status": {}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{_GROUP}"},
        "spec": {
            "group": _GROUP,
            "scope": "Namespaced",
            "names": {"plural": plural, "singular": kind.lower(), "kind": kind},
            "versions": [version],
        },
    }


@pytest.fixture(scope="session")
def custom(api: Api) -> Iterator[str]:
    """Yield the path of a group with `widgets` (status subresource) and `gadgets` (none)."""
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    definitions = (
        _definition("widgets", "Widget", status=True),
        _definition("gadgets", "Gadget", status=False),
    )
    for one in definitions:
        assert api.post(path, one).status in {201, 409}
        assert eventually(
            lambda plural=one["spec"]["names"]["plural"]: (
                api.get(f"/apis/{_GROUP}/v1/namespaces/default/{plural}").status == 200
            )
        )
    yield f"/apis/{_GROUP}/v1"
    for one in definitions:
        api.delete(f"{path}/{one['metadata']['name']}")
