"""Which folders become volumes and which are deleted; needs no lab."""

from pathlib import Path
from typing import Any

import pytest

from tests.lab.node.storage import PROVISIONER, is_over, wanted_volume

_SELECTED = {"volume.kubernetes.io/selected-node": "lab-node"}
_FOLDER = Path("/volumes")


def _claim(annotations: dict[str, str] = _SELECTED, **spec: object) -> dict[str, Any]:
    requests = {"storageClassName": "local", "accessModes": ["ReadWriteOnce"],
                "resources": {"requests": {"storage": "1Gi"}}}  # fmt: skip
    meta = {"name": "data", "namespace": "shop", "uid": "1-2", "annotations": annotations}
    return {"metadata": meta, "spec": {**requests, **spec}}


def _released(**changes: object) -> dict[str, Any]:
    made = wanted_volume(_claim(), _FOLDER)
    assert made is not None
    made["spec"] |= changes
    return made | {"status": {"phase": "Released"}}


def test_a_claim_gets_a_folder_of_its_own_on_its_pod_s_node() -> None:
    volume = wanted_volume(_claim(), _FOLDER)
    assert volume is not None
    assert volume["spec"]["local"]["path"] == "/volumes/pvc-1-2"
    assert volume["spec"]["claimRef"]["uid"] == "1-2"
    assert "lab-node" in str(volume["spec"]["nodeAffinity"])


@pytest.mark.parametrize(
    "claim",
    [
        pytest.param(_claim({}), id="no pod uses it yet"),
        pytest.param(_claim(volumeName="there"), id="it has one"),
        pytest.param(_claim(storageClassName="fast"), id="of another class"),
    ],
)
def test_a_claim_that_is_not_ours_to_serve_gets_none(claim: dict[str, Any]) -> None:
    assert wanted_volume(claim, _FOLDER) is None


def test_a_released_volume_is_over() -> None:
    assert is_over(_released(), _FOLDER)


def test_a_volume_in_use_or_of_somebody_else_is_never_deleted() -> None:
    bound = _released() | {"status": {"phase": "Bound"}}
    elsewhere = _released(local={"path": "/home"})
    kept = _released(persistentVolumeReclaimPolicy="Retain")
    foreign = _released()
    foreign["metadata"]["annotations"] = {"pv.kubernetes.io/provisioned-by": f"not-{PROVISIONER}"}
    assert not any(is_over(volume, _FOLDER) for volume in (bound, elsewhere, kept, foreign))
