"""Recorded expectations: settings that something uses, and words that the data itself can tell."""

from collections.abc import Iterator

from scenarios.document import Document
from scenarios.problems import Complaint, listed
from scenarios.proofs import kind_of
from scenarios.recorded import IN_THE_DATA, WORDS, recorded_words


def check_recorded(document: Document) -> Iterator[Complaint]:
    """Yield what is wrong with `recorded` and `recordedBy`."""
    for path, probe in document.probes():
        kind, expect = kind_of(probe), probe.table("expect")
        words = recorded_words(kind, probe.table(kind) if kind else {}, expect)
        where = "id" if kind == "canary" else listed(list(WORDS.get(kind, ())))
        for setting in ("recorded", "recordedBy"):
            if setting in expect and kind in WORDS and not words:
                yield Complaint(
                    path=(*path, "expect", setting),
                    message="nothing in this probe is recorded",
                    hint=f"say recorded as the value of {where}",
                    at_key=True,
                )
        able = IN_THE_DATA.get(kind, ())
        for word in words if "recordedBy" in expect else ():
            if able and word not in able:
                yield Complaint(
                    path=(*path, "expect", word),
                    message=f"recordedBy tells {listed(list(able))}, and no {word}",
                    hint=f"take it out, or ask for {word} in a probe of its own",
                )
