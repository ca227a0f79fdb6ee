"""Bytes to a tree: the only place that meets YAML, and hostile YAML.

In: a file's bytes. Out: the tree and the complaints about its writing; or Unreadable, where there
is no tree to speak of. Events are taken one at a time and counted, so that neither nesting nor
aliases can cost more than the budget below, whatever the file's size.
"""

import re
from collections.abc import Iterator
from typing import NoReturn

from scenarios.problems import Complaint

MOST_BYTES = 1024 * 1024
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")


class Unreadable(Exception):
    """The file is not one YAML document; `complaint` says where it stops being one."""

    def __init__(self, complaint: Complaint) -> None:
        self.complaint = complaint
        super().__init__(complaint.message)


def decode(data: bytes) -> str:
    """Return the file's text, without its byte order mark.

    Raises:
        Unreadable: too big, not UTF-8, or with control characters in it.
    """
    if len(data) > MOST_BYTES:
        _refuse(f"expected at most {MOST_BYTES} bytes; this is no scenario file", "")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        _refuse("expected UTF-8 text, found UTF-16", "save the file as UTF-8", (1, 1))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", errors="replace")
        found = f"expected UTF-8 text, found the byte 0x{data[error.start]:02x}"
        _refuse(found, "save the file as UTF-8", _spot(before))
    control = _CONTROL.search(text)
    if control:
        found = f"found the control character U+{ord(control[0]):04X}"
        _refuse(found, "take it out", _spot(text[: control.start()]))
    return text


def events(text: str) -> Iterator[object]:
    """Yield the YAML events of `text`, one at a time.

    Raises:
        Unreadable: the text is not YAML.
    """
    import yaml  # noqa: PLC0415  keeps `import scenarios` cheap

    # The C parser is some ten times faster; wheels without it still work.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        yield from yaml.parse(text, Loader=loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        spot = (mark.line + 1, mark.column + 1) if mark else None
        found = f"not YAML: {error.problem or 'unreadable'}"
        found += f" {error.context}" if error.context else ""
        _refuse(found, _advice(error.problem or ""), spot)
    except yaml.YAMLError as error:
        _refuse(f"not YAML: {type(error).__name__}", "")


def _advice(problem: str) -> str:
    if "tab" in problem or "\\t" in problem:
        return "indent with spaces, not with tabs"
    if "cannot start any token" in problem:
        return "text that begins with @, ` or % needs quotes, and a tab cannot indent"
    if "mapping values are not allowed" in problem:
        return "check the indentation; text with ': ' in it needs quotes"
    if "did not find expected ','" in problem:
        return 'text with any of [ ] { } , in it needs quotes here, "${VAR}" too'
    return ""


def _spot(before: str) -> tuple[int, int]:
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


def _refuse(message: str, hint: str, spot: tuple[int, int] | None = None) -> NoReturn:
    raise Unreadable(Complaint(path=(), message=message, hint=hint, spot=spot))
