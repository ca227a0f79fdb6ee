"""A world with production in it, and a network for its pods."""

import pytest

from tests.drills.proving.worlds import labelled, service
from tests.fakes.drilling import World, namespace
from tests.fakes.engine import SHOP, SOURCE, inventory
from tests.fakes.network import FakeNetwork


@pytest.fixture(name="world")
def _world() -> World:
    return World(namespace(SOURCE), *service("shop", "10.96.0.9"))


@pytest.fixture(name="network")
def _network(world: World) -> FakeNetwork:
    return FakeNetwork(world.cluster)


@pytest.fixture(name="application")
def _application(world: World) -> None:
    """Let two workloads come back whose pods have labels."""
    fresh = (labelled("shop", app="shop"), labelled("db", app="db"))
    world.engine.inventory = inventory(SHOP[0], *fresh, *SHOP[2:])
