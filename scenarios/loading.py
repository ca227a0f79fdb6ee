"""Files to scenarios: read, fill in, check form, check meaning, build. Read this first.

In: paths or bytes, and the environment as a mapping. Out: Scenarios, or one ScenarioError with
every problem of every file.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path as FilePath

from scenarios.build import build
from scenarios.document import Document
from scenarios.environment import fill
from scenarios.expanding import Expanded, expand, uses_packs
from scenarios.form import check_form
from scenarios.growing import grow
from scenarios.hiding import Veil, veil_of
from scenarios.meaning import check_meaning
from scenarios.model import Scenario
from scenarios.problems import (
    MOST_PROBLEMS,
    Complaint,
    Path,
    Problem,
    ScenarioError,
    did_you_mean,
    quoted,
    render_path,
)
from scenarios.reading import MOST_BYTES, Unreadable
from scenarios.secrets import confidential
from scenarios.tree import Leaf, Node, leaves, place


def load_scenario(path: FilePath | str, environ: Mapping[str, str]) -> Scenario:
    """Return the scenario in the file at `path`, its `${VAR}` filled in from `environ`.

    Raises:
        ScenarioError: the file cannot be read, or is wrong; all its problems at once.
    """
    source = str(path)
    try:
        with FilePath(path).open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise ScenarioError([_unreadable(source, error)]) from error
    return parse_scenario(data, source=source, environ=environ)


def load_scenarios(
    paths: Iterable[FilePath | str], environ: Mapping[str, str]
) -> tuple[Scenario, ...]:
    """Return the scenarios in several files, in order.

    Raises:
        ScenarioError: at least one is wrong; the problems of all files at once.
    """
    scenarios: list[Scenario] = []
    problems: list[Problem] = []
    for path in paths:
        try:
            scenarios.append(load_scenario(path, environ))
        except ScenarioError as error:
            problems += error.problems
    if problems:
        raise ScenarioError(problems)
    return tuple(scenarios)


def parse_scenario(data: bytes, *, source: str, environ: Mapping[str, str]) -> Scenario:
    """Return the scenario in `data`; `source` is what the problems call it.

    Raises:
        ScenarioError: it is wrong; all its problems at once.
    """
    try:
        root, writing = grow(data)
    except Unreadable as error:
        line, column = error.complaint.spot or (0, 0)
        problem = _problem(source, error.complaint, line, column)
        raise ScenarioError([problem]) from None
    root, filling = fill(root, environ)
    if uses_packs(root) and (said := [*writing, *filling, *check_form(root)[1]]):
        raise ScenarioError(_problems(source, root, tuple(_first_of_each(said, iter(())))))
    expanded = expand(root)
    content, form = check_form(expanded.root)
    document = Document(content)
    meaning = islice(check_meaning(document), MOST_PROBLEMS)
    found = _first_of_each([*writing, *filling, *form], meaning)
    complaints = (*expanded.complaints, *_as_written(expanded, found))
    if complaints:
        raise ScenarioError(_problems(source, root, complaints))
    scenario = build(document, source=source, sha256=hashlib.sha256(data).hexdigest())
    return _finished(scenario, expanded)


def _finished(scenario: Scenario, expanded: Expanded) -> Scenario:
    """Return the scenario with what the file's tree alone tells."""
    packs = [origin.pack for origin in expanded.origins] or [""] * len(scenario.probes)
    pairs = zip(scenario.probes, packs, strict=True)
    probes = tuple(replace(probe, pack=pack) if pack else probe for probe, pack in pairs)
    return replace(scenario, probes=probes, confidential=confidential(expanded.root))


def _as_written(expanded: Expanded, complaints: Iterable[Complaint]) -> Iterator[Complaint]:
    """Yield the complaints at their places, with the paths that the file's author knows."""
    for complaint in complaints:
        spot = complaint.spot or place(expanded.root, complaint.path, at_key=complaint.at_key)
        yield expanded.as_written(replace(complaint, spot=spot))


def _first_of_each(first: Sequence[Complaint], then: Iterator[Complaint]) -> Iterator[Complaint]:
    """Yield complaints, but no second one about a value that is already known to be wrong."""
    wrong: set[Path] = set()
    for complaint in first:
        if complaint.spot or complaint.path not in wrong:
            yield complaint
        wrong.add(complaint.path)
    yield from (complaint for complaint in then if complaint.path not in wrong)


def _problems(source: str, root: Node, complaints: Sequence[Complaint]) -> Iterator[Problem]:
    placed = [
        (complaint.spot or place(root, complaint.path, at_key=complaint.at_key), complaint)
        for complaint in complaints
    ]
    placed.sort(key=lambda pair: pair[0])
    filled = [leaf for _, leaf in leaves(root) if leaf.filled and leaf.value]
    veil = veil_of(confidential(root).secrets)
    for (line, column), complaint in placed[:MOST_PROBLEMS]:
        yield _problem(source, _discreet(complaint, filled, veil), line, column)
    if len(placed) > MOST_PROBLEMS:
        more = f"and {len(placed) - MOST_PROBLEMS} problems more"
        yield Problem(source=source, line=0, column=0, path="", message=more)


def _discreet(complaint: Complaint, filled: Sequence[Leaf], veil: Veil) -> Complaint:
    """Name the reference instead of what the environment held, which may be a secret."""
    message, hint = complaint.message, complaint.hint
    for leaf in filled:
        value, reference = quoted(leaf.value), quoted(leaf.text)
        message, hint = message.replace(value, reference), hint.replace(value, reference)
    return replace(complaint, message=veil.hide(message), hint=veil.hide(hint))


def _problem(source: str, complaint: Complaint, line: int, column: int) -> Problem:
    return Problem(
        source=source,
        line=line,
        column=column,
        path=render_path(complaint.path),
        message=complaint.message,
        hint=complaint.hint,
    )


def _unreadable(source: str, error: Exception) -> Problem:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    hint = ""
    if isinstance(error, FileNotFoundError):
        path = FilePath(source)
        siblings = [file.name for file in path.parent.glob("*.y*ml")]
        hint = did_you_mean(path.name, siblings)
    message = f"cannot be read: {reason}"
    return Problem(source=source, line=0, column=0, path="", message=message, hint=hint)
