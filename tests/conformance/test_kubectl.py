"""kubectl, as people use it."""

import json
import shutil
import subprocess
from collections.abc import Callable

import pytest

from tests.conformance.api import Api, config_map

Kubectl = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def kubectl(api: Api, ns: str) -> Kubectl:
    """Return what runs kubectl in the test's namespace."""
    program = shutil.which("kubectl")
    if program is None:
        pytest.skip("kubectl is not installed on this machine")
    base = [program, "--kubeconfig", str(api.kubeconfig), "-n", ns.rpartition("/")[2]]

    def run(*words: str, given: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # fixed words
            [*base, *words], input=given, capture_output=True, text=True, timeout=60, check=False
        )

    return run


def _manifest(name: str, **data: str) -> str:
    return json.dumps(config_map(name, **data))


def test_get_prints_what_the_server_tabulates(kubectl: Kubectl) -> None:
    shown = kubectl("get", "configmaps")
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.split()[:3] == ["NAME", "DATA", "AGE"]
    assert "kube-root-ca.crt" in shown.stdout


def test_apply_creates_then_configures_then_leaves_alone(kubectl: Kubectl) -> None:
    words = [
        kubectl("apply", "-f", "-", given=_manifest("a", n=value)).stdout.split()[-1]
        for value in ("1", "2", "2")
    ]
    assert words == ["created", "configured", "unchanged"]


def test_server_side_apply(kubectl: Kubectl) -> None:
    done = kubectl("apply", "--server-side", "-f", "-", given=_manifest("a", n="1"))
    assert (done.returncode, done.stdout.split()[-1]) == (0, "serverside-applied")


def test_delete_waits_until_the_object_is_gone(kubectl: Kubectl, api: Api, ns: str) -> None:
    api.post(f"{ns}/configmaps", config_map("a"))
    done = kubectl("delete", "configmap", "a", "--timeout=20s")
    assert done.returncode == 0, done.stderr
    assert api.get(f"{ns}/configmaps/a").status == 404


def test_label_patch_and_json_output(kubectl: Kubectl, api: Api, ns: str) -> None:
    api.post(f"{ns}/configmaps", config_map("a", n="1"))
    assert kubectl("label", "configmap", "a", "x=y").returncode == 0
    assert kubectl("patch", "configmap", "a", "-p", '{"data":{"n":"2"}}').returncode == 0
    shown = json.loads(kubectl("get", "configmap", "a", "-o", "json").stdout)
    assert (shown["metadata"]["labels"], shown["data"]) == ({"x": "y"}, {"n": "2"})


def test_wait_for_a_condition(kubectl: Kubectl, api: Api, ns: str) -> None:
    api.post(f"{ns}/configmaps", config_map("a", n="1"))
    done = kubectl("wait", "configmap/a", "--for=jsonpath={.data.n}=1", "--timeout=20s")
    assert done.returncode == 0, done.stderr


def test_api_resources_lists_types(kubectl: Kubectl) -> None:
    shown = kubectl("api-resources", "--api-group=apps", "-o", "name").stdout.split()
    assert "deployments.apps" in shown


def test_a_missing_object_is_an_error_in_the_known_words(kubectl: Kubectl) -> None:
    gone = kubectl("get", "configmap", "nothing")
    assert gone.returncode == 1
    assert 'Error from server (NotFound): configmaps "nothing" not found' in gone.stderr
