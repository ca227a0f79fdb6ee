"""The repositories' password is compared with Velero's default, and never shown."""

import base64

import pytest

from drills.engines import engine_factory
from drills.engines.velero.auditing import SECRET
from drills.engines.velero.kinds import SCHEDULE
from drills.errors import Forbidden
from drills.findings import Finding
from tests.fakes.velero import FakeVelero


def audited(velero: FakeVelero) -> tuple[Finding, ...]:
    return engine_factory("velero")(velero.ports(), namespace=None, options={}).audit().findings


def with_password(password: bytes) -> FakeVelero:
    velero = FakeVelero()
    data = {"repository-password": base64.b64encode(password).decode()}
    meta = {"name": "velero-repo-credentials", "namespace": "velero"}
    velero.cluster.put({"apiVersion": "v1", "kind": "Secret", "metadata": meta, "data": data})
    return velero


DEFAULT = b"static-passw0rd"


@pytest.mark.parametrize("password", [DEFAULT, DEFAULT + b"\n"])
def test_the_default_is_found_and_not_shown(password: bytes) -> None:
    (found,) = audited(with_password(password))
    assert found.code == "repository-password-default"
    assert DEFAULT.decode() not in repr(found)
    assert base64.b64encode(DEFAULT).decode() not in repr(found)


@pytest.mark.parametrize("password", [b"", b"a better one", b"\xff\x00"])
def test_another_password_is_nobodys_business(password: bytes) -> None:
    assert audited(with_password(password)) == ()


def test_no_secret_no_finding() -> None:
    assert audited(FakeVelero()) == ()


def test_a_missing_right_is_named() -> None:
    velero = with_password(DEFAULT)
    velero.cluster.refuse("get", SECRET, Forbidden("no"))
    (found,) = audited(velero)
    assert (found.code, found.severity) == ("repository-password-not-looked-at", "info")
    assert "velero-repo-credentials" in found.remedy


def schedule(name: str, cron: str, **spec: object) -> dict[str, object]:
    meta = {"name": name, "namespace": "velero"}
    whole = {"schedule": cron, **spec}
    return {"apiVersion": "velero.io/v1", "kind": "Schedule", "metadata": meta, "spec": whole}


def test_schedules_in_force_are_told_with_their_cron_lines() -> None:
    velero = FakeVelero()
    velero.cluster.put(schedule("daily", "0 2 * * *"))
    velero.cluster.put(schedule("weekly", "@weekly", paused=True))
    engine = engine_factory("velero")(velero.ports(), namespace=None, options={})
    found = engine.audit()
    assert found.schedules == {"daily": "0 2 * * *"}
    assert [f.subject for f in found.findings] == ["schedule weekly"]


def test_schedules_that_may_not_be_listed_are_unknown() -> None:
    velero = FakeVelero()
    velero.cluster.refuse("list", SCHEDULE, Forbidden("no"))
    (found,) = audited(velero)
    assert found.code == "schedules-not-looked-at"
