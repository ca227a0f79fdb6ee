"""A world with production in it, and a network for its pods."""

import pytest

from tests.drills.proving.worlds import service
from tests.fakes.drilling import World, namespace
from tests.fakes.engine import SOURCE
from tests.fakes.network import FakeNetwork


@pytest.fixture(name="world")
def _world() -> World:
    return World(namespace(SOURCE), *service("shop", "10.96.0.9"))


@pytest.fixture(name="network")
def _network(world: World) -> FakeNetwork:
    return FakeNetwork(world.cluster)
