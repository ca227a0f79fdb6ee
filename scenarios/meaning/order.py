"""The order of probes: what `needs` names exists, and nothing waits for itself."""

from collections.abc import Iterator, Mapping

from scenarios.document import Document
from scenarios.problems import Complaint, Path, did_you_mean, quoted

_Needs = Mapping[str, tuple[str, ...]]


def check_order(document: Document) -> Iterator[Complaint]:
    """Yield what is wrong with the probes' `needs`."""
    needs: dict[str, tuple[str, ...]] = {}
    paths: dict[str, Path] = {}
    for path, probe in document.probes():
        name = probe.text("name")
        needs.setdefault(name, probe.words("needs"))
        paths.setdefault(name, path)
    for path, probe in document.probes():
        for index, needed in enumerate(probe.rows("needs")):
            if isinstance(needed, str) and needed not in needs:
                message = f"no probe is named {quoted(needed)}"
                hint = did_you_mean(needed, needs)
                yield Complaint(path=(*path, "needs", index), message=message, hint=hint)
    for circle in _circles(needs):
        way = " needs ".join(quoted(name) for name in (*circle, circle[0]))
        yield Complaint(path=(*paths[circle[0]], "needs"), message=f"{way}: none can ever start")


def _circles(needs: _Needs) -> Iterator[tuple[str, ...]]:
    stuck = _stuck(needs)
    while stuck:
        name = next(iter(stuck))
        way: list[str] = []
        while name not in way:
            way.append(name)
            name = next(needed for needed in needs[name] if needed in stuck)
        circle = tuple(way[way.index(name) :])
        yield circle
        stuck = _stuck({name: needs[name] for name in stuck if name not in circle})


def _stuck(needs: _Needs) -> dict[str, None]:
    """Return the names that wait, at once or in the end, for a circle; in declared order."""
    waiting = dict.fromkeys(needs)
    moved = True
    while moved:
        free = [name for name in waiting if not any(need in waiting for need in needs[name])]
        for name in free:
            del waiting[name]
        moved = bool(free)
    return waiting
