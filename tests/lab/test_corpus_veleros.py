"""Which Veleros the corpus is made with; needs no lab."""

import pytest
import yaml

from tests.corpus.kept import VERSIONS, Method, writes
from tests.lab import parts
from tests.lab.corpus import veleros
from tests.lab.corpus.making import APPLICATION
from tests.lab.corpus.veleros import Velero


def test_they_are_those_whose_backups_are_kept() -> None:
    assert veleros.VERSIONS == VERSIONS


@pytest.mark.parametrize("version", VERSIONS)
def test_each_is_built_from_its_own_module(version: str) -> None:
    velero = Velero(version=version)
    server, helper, restic = velero.programs
    assert (server.version, helper.version) == (f"v{version}", f"v{version}")
    assert restic.version == "v0.18.1"
    assert velero.image.name == f"lab.local/velero:v{version}"
    assert set(velero.image.files) == {"velero", "velero-restore-helper", "usr/bin/restic"}
    assert velero.writes_restic == writes(version, Method.RESTIC)


def test_an_older_one_is_kept_apart_from_the_labs_own() -> None:
    places = {part.path for version in VERSIONS for part in Velero(version=version).programs}
    assert len(places) == 2 * len(VERSIONS) + 1
    assert parts.VELERO.path in places


def test_the_application_is_varied() -> None:
    kinds = {document["kind"] for document in yaml.safe_load_all(APPLICATION.read_text())}
    assert kinds >= {
        *("CustomResourceDefinition", "Barrel", "StatefulSet", "Deployment", "Job", "CronJob"),
        *("PersistentVolumeClaim", "Ingress", "HorizontalPodAutoscaler", "PodDisruptionBudget"),
        *("NetworkPolicy", "Role", "ClusterRole", "Secret", "PriorityClass", "ResourceQuota"),
    }
