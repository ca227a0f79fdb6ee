"""The repositories' password is compared with Velero's default, and never shown."""

import base64

import pytest

from drills.engines import engine_factory
from drills.engines.velero.auditing import SECRET
from drills.errors import Forbidden
from drills.findings import Finding
from tests.fakes.velero import FakeVelero


def audited(velero: FakeVelero) -> tuple[Finding, ...]:
    return engine_factory("velero")(velero.ports(), namespace=None, options={}).audit()


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
