"""Regular expressions looked for in what a probe heard.

In: a pattern and a text. Out: whether it is found. Which patterns may be looked for at all,
`scenarios.patterns` says, so that validation refuses whatever a drill would.
"""

from drills.errors import CannotAsk
from drills.findings import Cause
from scenarios.patterns import PatternError, compile_pattern

LONGEST_TEXT = 64 * 1024


def found(pattern: str, text: str) -> bool:
    """Return whether `pattern` occurs anywhere in `text`.

    Raises CannotAsk (configuration) where it does not compile, could run for ever, or the text is
    too long to search: over a cut text, a pattern could pass by what was cut off.
    """
    if len(text) > LONGEST_TEXT:
        raise CannotAsk(
            f"the text has {len(text)} characters; a pattern is looked for in at most "
            f"{LONGEST_TEXT}",
            hint="ask for less: fewer lines, or one field through jsonPath",
            cause=Cause.CONFIGURATION,
        )
    try:
        return compile_pattern(pattern).search(text) is not None
    except PatternError as err:
        raise CannotAsk(f"the pattern {pattern!r}: {err}", cause=Cause.CONFIGURATION) from err
