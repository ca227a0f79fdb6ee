"""The order of probes: what `needs` names exists, and nothing waits for itself."""

from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

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
    """Yield each circle once, from the name declared first: every name needs the next."""
    left = dict(needs)
    while True:
        try:
            TopologicalSorter(left).prepare()
        except CycleError as error:
            # The library lists what comes first first, and the first name again at the end.
            names = list(reversed(error.args[1][1:]))
            start = min(range(len(names)), key=lambda at: list(needs).index(names[at]))
            yield (*names[start:], *names[:start])
            left = {name: needs[name] for name in left if name not in names}
        else:
            return
