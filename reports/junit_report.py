"""JUnit XML, so that a CI system shows a drill as it shows tests.

In: a report document. Out: XML bytes. There is no official schema; the subset written here is
what the common readers share. `failure` says that the answer was wrong, `error` that there was no
answer, `skipped` that the question did not matter for the verdict or was not put.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from reports import headline, words
from reports.reading import Document, flag, names, number, part, rows, word

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One test case. `outcome` is `passed`, `failed`, `inconclusive` or `skipped`."""

    group: str
    name: str
    outcome: str
    seconds: float | None = None
    message: str = ""
    details: str = ""


_TAGS = {"failed": "failure", "inconclusive": "error", "skipped": "skipped"}


def render_junit(document: Document) -> bytes:
    """Return one test suite per drill: verdict, objectives, cleanup, stages and probes."""
    cases = [
        *_answer(document),
        *_isolation(document),
        *_objectives(document),
        *_stages(document),
        *_probes(document),
    ]
    numbers = {
        "tests": str(len(cases)),
        "failures": str(sum(case.outcome == "failed" for case in cases)),
        "errors": str(sum(case.outcome == "inconclusive" for case in cases)),
        "skipped": str(sum(case.outcome == "skipped" for case in cases)),
        "time": _time(number(document, "durationSeconds")),
    }
    scenario = word(part(document, "scenario"), "name")
    root = ET.Element("testsuites", {"name": "restore drills", **numbers})
    # Readers expect a timestamp without fraction and zone; ours is UTC all the same.
    when = {"timestamp": word(document, "startedAt")[:19]}
    suite = ET.SubElement(root, "testsuite", {"name": _clean(scenario), **numbers, **when})
    _properties(suite, document)
    for case in cases:
        _write(suite, scenario, case)
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _clean(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)


def _time(seconds: float | None) -> str:
    return f"{max(seconds or 0.0, 0.0):.3f}"


def _properties(suite: ET.Element, document: Document) -> None:
    holder = ET.SubElement(suite, "properties")
    for key in ("drillId", "environment", "verdict", "proofLevel"):
        ET.SubElement(holder, "property", {"name": key, "value": _clean(word(document, key))})


def _write(suite: ET.Element, scenario: str, case: Case) -> None:
    place = {"classname": _clean(f"{scenario}.{case.group}"), "name": _clean(case.name)}
    element = ET.SubElement(suite, "testcase", {**place, "time": _time(case.seconds)})
    if case.outcome in _TAGS:
        attributes = {"message": _clean(case.message)}
        if case.outcome != "skipped":
            attributes["type"] = case.outcome
        ET.SubElement(element, _TAGS[case.outcome], attributes).text = _clean(case.details)
    elif case.details:
        ET.SubElement(element, "system-out").text = _clean(case.details)


def _answer(document: Document) -> Iterable[Case]:
    verdict = word(document, "verdict")
    reasons = [f"{word(r, 'code')}: {word(r, 'message')}" for r in rows(document, "reasons")]
    yield Case(
        group="drill",
        name="verdict",
        outcome="passed" if verdict == "warned" else verdict,
        seconds=number(document, "durationSeconds"),
        message=headline.sentence(document),
        details="\n".join([headline.verdict_line(document), *reasons]),
    )
    cleanup = part(document, "cleanup")
    left = names(cleanup, "leftovers")
    yield Case(
        group="drill",
        name="cleanup",
        outcome="failed" if word(cleanup, "outcome") == "leftovers" else "passed",
        message=f"{words.plural(len(left), 'thing')} left behind",
        details="\n".join(left),
    )


def _isolation(document: Document) -> Iterable[Case]:
    """Yield whether the sandbox was seen to be closed; without proof the verdict decides."""
    proof = part(document, "sandbox", "isolationProof")
    if not proof:
        return
    targets = rows(proof, "targets")
    state, opened = word(proof, "state"), any(_opened(target) for target in targets)
    outcome = "passed" if state == "proven" else "failed" if opened else "skipped"
    tried = [
        f"{word(target, 'outcome')}: {word(target, 'target')} ({word(target, 'address')}) "
        f"from {word(target, 'from')}{_worn(target)}"
        for target in targets
    ]
    simulated = ["simulated: a stand-in answered"] if flag(proof, "simulated") else []
    yield Case(
        group="sandbox",
        name="network is closed",
        outcome=outcome,
        message=f"{state}: {word(proof, 'message')}",
        details="\n".join([*tried, *simulated]),
    )


def _worn(target: Document) -> str:
    workload = word(target, "workload")
    return f" as {workload}" if workload else ""


def _opened(target: Document) -> bool:
    only_now = flag(target, "afterRestore") is True and flag(target, "after") is not True
    return only_now and word(target, "outcome") == "open"


def _objectives(document: Document) -> Iterable[Case]:
    for key in ("rto", "rpo"):
        objective = part(document, "objectives", key)
        met = flag(objective, "met")
        target = number(objective, "targetSeconds")
        unknown = "skipped" if target is None else "inconclusive"
        yield Case(
            group="objectives",
            name=key,
            outcome={True: "passed", False: "failed", None: unknown}[met],
            seconds=number(objective, "achievedSeconds") if key == "rto" else None,
            message="no target" if target is None else headline.objective_line(objective),
        )


def _stages(document: Document) -> Iterable[Case]:
    for stage in rows(document, "stages"):
        yield Case(
            group="stages",
            name=word(stage, "name"),
            outcome=word(stage, "outcome"),
            seconds=number(stage, "seconds"),
            message=word(stage, "message"),
        )


def _probes(document: Document) -> Iterable[Case]:
    for probe in rows(document, "probes"):
        outcome = word(probe, "outcome")
        # The verdict does not hang on an optional probe, so neither may a CI job.
        excused = not flag(probe, "required") and outcome in {"failed", "inconclusive"}
        message = word(probe, "message") or word(probe, "observed")
        yield Case(
            group="probes",
            name=word(probe, "name"),
            outcome="skipped" if excused else outcome,
            seconds=number(probe, "seconds"),
            message=f"{outcome}, but not required: {message}" if excused else message,
            details=_probe_details(probe),
        )


def _probe_details(probe: Document) -> str:
    simulated = "\nsimulated: a stand-in answered" if flag(probe, "simulated") else ""
    return f"expected: {word(probe, 'expected')}\nobserved: {word(probe, 'observed')}{simulated}"
