"""What the embedded cluster says it can do, translated into the port's own words."""

from http import HTTPStatus

from drills import objects
from drills.adapters.kube.asking import Asker
from drills.adapters.kube.wire import Request
from drills.cluster import Abilities, VolumeMeans, Way

PATH = "/__embedded__/abilities"
NAME = "the embedded cluster"


def told_by(asker: Asker) -> Abilities:
    """Return the abilities; one that does not tell is taken to have none. Raises Unreachable."""
    answer = asker.freely(Request(what="ask what it can do", method="GET", path=PATH))
    told = answer.document() if answer.status == HTTPStatus.OK else {}
    return Abilities(
        name=NAME,
        ways=frozenset(way for way in Way if way in objects.items(told, "ways")),
        volumes=frozenset(one for one in VolumeMeans if one in objects.items(told, "volumes")),
    )
