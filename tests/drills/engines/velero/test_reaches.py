"""Which settings name hosts, and that no secret value comes along."""

import base64
import json

import pytest

from drills.backups import ObjectKey
from drills.engines.velero.reaches import LONGEST, MOST, reaches
from drills.engines.velero.reader.archive_audit import ArchiveAudit
from drills.engines.velero.reader.contents import Contents
from drills.integrity.inflate import inflate
from tests.drills.engines.velero.archives import tarball

KEY = ObjectKey(resource="configmaps", namespace="production", name="settings")
SECRET = ObjectKey(resource="secrets", namespace="production", name="database")


def hosts(value: str, word: str = "DB_HOST") -> list[tuple[str, str, bool]]:
    found = reaches(KEY, {"data": {word: value}})
    return [(reach.host, reach.namespace, reach.service) for reach in found]


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("db.production.svc.cluster.local", ("db.production.svc", "production", True)),
        ("jdbc:postgresql://db.production.svc:5432/x", ("db.production.svc", "production", True)),
        ("db-0.db.production.svc", ("db.production.svc", "production", True)),
        ("db.production", ("db.production", "production", False)),
        ("amqp://user:word@queue.production:5672", ("queue.production", "production", False)),
        (
            "db.abc.eu-west-1.rds.amazonaws.com:5432",
            ("db.abc.eu-west-1.rds.amazonaws.com", "", False),
        ),
        ("https://mail.example.com/send", ("mail.example.com", "", False)),
    ],
)
def test_a_host_is_found(value: str, found: tuple[str, str, bool]) -> None:
    assert hosts(value) == [found]


@pytest.mark.parametrize(
    "value", ["db", "db:5432", "10.0.0.1", "localhost", "http://db/x", "1.5", ""]
)
def test_short_names_stay_inside(value: str) -> None:
    assert hosts(value) == []


def test_a_value_with_a_dot_is_no_host_unless_its_key_says_so() -> None:
    assert hosts("app.properties", "FILE") == []
    assert hosts("x" * LONGEST + "://a.example.com", "FILE") == []


def test_the_environment_of_a_workload_counts() -> None:
    key = ObjectKey(resource="deployments.apps", namespace="production", name="shop")
    pod = {"containers": [{"env": [{"name": "API_URL", "value": "https://api.example.com"}]}]}
    (reach,) = reaches(key, {"spec": {"template": {"spec": pod}}})
    assert (reach.key, reach.host) == ("API_URL", "api.example.com")


def test_of_a_secret_only_the_key_is_told() -> None:
    value = base64.b64encode(b"postgres://app:hunter2@db.production.svc/shop").decode()
    (reach,) = reaches(SECRET, {"type": "Opaque", "data": {"url": value, "note": "%%"}})
    assert (reach.key, reach.host, reach.namespace) == ("url", "", "production")
    assert "hunter2" not in repr(reach)
    assert reaches(SECRET, {"type": "helm.sh/release.v1", "data": {"url": value}}) == ()


def test_an_object_with_many_hosts_is_bounded() -> None:
    data = {f"HOST_{n}": f"h{n}.example.com" for n in range(3 * MOST)}
    assert len(reaches(KEY, {"data": data})) == MOST


def test_reading_an_archive_tells_them() -> None:
    body = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "settings", "namespace": "production"},
        "data": {"DB_HOST": "db.production.svc"},
    }
    path = "resources/configmaps/namespaces/production/settings.json"
    packed = tarball({"metadata/version": b"1.1.0\n", path: json.dumps(body).encode()})
    contents = Contents()
    ArchiveAudit("one", None, lambda *_: False, contents).read(inflate([packed]))
    assert [str(reach.source) for reach in contents.reaches] == ["configmaps production/settings"]
