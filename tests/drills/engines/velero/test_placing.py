"""What Velero says of objects that the drill placed before it is expected, and nothing else."""

import base64
from dataclasses import replace

import pytest

from drills.backups import ObjectKey
from drills.engine import RestoreOrder
from drills.engines.velero.judgement import backed_up
from drills.engines.velero.placing import unexpected
from drills.names import NameMap
from drills.rewriting import named_in
from tests.drills.engines.velero.orders import order_of

SPACES = {"production": "backup-test"}


def order() -> RestoreOrder:
    """Return an order whose Secret `login` names a Service."""
    key = ObjectKey(resource="secrets", namespace="production", name="login")
    text = base64.b64encode(b"db.production.svc").decode()
    secret = {"metadata": {"name": "login", "namespace": "production"}, "data": {"url": text}}
    made = order_of(backed_up(key, secret))
    named = named_in(key, secret, SPACES)
    names = NameMap(namespaces=SPACES, services=frozenset({("production", "db")}))
    return replace(made, inventory=replace(made.inventory, named=named), names=names)


@pytest.mark.parametrize(
    "said",
    [
        'backup-test: could not restore, Secret "login" already exists. Warning: it differs',
        "backup-test: could not restore, Secret:login already exists. Warning: it differs",
    ],
)
def test_a_placed_object_is_in_its_own_way(said: str) -> None:
    """Velero's words differ between runs of one version."""
    assert unexpected(order(), [said]) == ()


@pytest.mark.parametrize(
    "said",
    [
        'backup-test: could not restore, Secret "login-2" already exists.',
        'backup-test: could not restore, ConfigMap "login" already exists.',
        'elsewhere: could not restore, Secret "login" already exists.',
        "backup-test: something is wrong with Secret login",
    ],
)
def test_everything_else_is_told(said: str) -> None:
    assert unexpected(order(), [said]) == (said,)
    assert unexpected(replace(order(), names=None), [said]) == (said,)
