"""Keeps secrets out of answers: passwords, and what a scenario hands to commands of its own.

In: an Answer and the values that must not show. Out: the Answer without them, whoever put them
there: the data, a server's complaint, a command that prints its environment.
"""

from collections.abc import Iterable
from dataclasses import replace

from drills.expectations import Mismatch
from drills.probes.contract import Answer
from scenarios.hiding import HIDDEN


def hide(text: str, secrets: Iterable[str]) -> str:
    """Return the text without the secrets, the longest first."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return text


def veiled(answer: Answer, secrets: Iterable[str]) -> Answer:
    """Return the answer without the secrets."""
    hidden = tuple(filter(None, secrets))
    if not hidden:
        return answer
    mismatches = answer.mismatches
    if mismatches is not None:
        mismatches = tuple(
            Mismatch(hide(each.expected, hidden), hide(each.observed, hidden))
            for each in mismatches
        )
    observed = {word: _veil(value, hidden) for word, value in answer.observed.items()}
    values = {word: _veil(value, hidden) for word, value in answer.values.items()}
    return replace(answer, observed=observed, mismatches=mismatches, values=values)


def _veil(value: object, hidden: tuple[str, ...]) -> object:
    if isinstance(value, str):
        return hide(value, hidden)
    if isinstance(value, list | tuple):
        return [_veil(each, hidden) for each in value]
    return value
