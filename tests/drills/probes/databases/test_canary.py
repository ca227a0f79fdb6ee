"""The canary probe in a row of a real database."""

from datetime import UTC, datetime

from drills.probes import Answer, find_probe
from tests.drills.probes.databases.conftest import World
from tests.drills.probes.databases.servers import PASSWORD
from tests.fakes.probing import spec


def ask(world: World, wanted: str, **expect: object) -> Answer:
    """Look for the canary among the notes."""
    question = {"id": wanted, "sql": world.question("SELECT note FROM notes")}
    return find_probe("canary").ask(spec("canary", question, expect), world.context(), 10)


def test_found(world: World) -> None:
    answer = ask(world, "canary-10", timestamp={"within": "6h"})
    assert answer.mismatches == ()
    assert answer.newest == datetime(2026, 11, 21, 5, tzinfo=UTC)
    assert answer.simulated


def test_not_found(world: World) -> None:
    answer = ask(world, "canary-1")
    assert answer.mismatches
    assert PASSWORD not in repr(answer)


def test_a_database_that_is_down_fails(world: World) -> None:
    question = {"id": "x", "sql": world.question("SELECT note FROM notes", service="gone")}
    assert find_probe("canary").ask(spec("canary", question), world.context(), 5).mismatches
