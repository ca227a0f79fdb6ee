"""Patterns in a Restore's lists, as Velero's library reads them.

In: patterns and a name. Out: whether one of them fits. Velero v1.18 compiles each with
github.com/gobwas/glob v0.2.3 without separators, in the order of their names, and a pattern that
does not compile ends the search (`globStringSet.match`, pkg/util/collections).
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import takewhile

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_LONGEST_LABEL = 63
_TOKEN = re.compile(r"(?P<set>\[(?P<not>!?)(?P<body>[^]]*)\])|(?P<one>.)", re.DOTALL)


def any_glob(patterns: Iterable[str], name: str) -> bool:
    """Return whether a pattern fits the name."""
    return any(compiled.fullmatch(name) for compiled in _searched(tuple(patterns)))


@lru_cache(maxsize=256)
def _searched(patterns: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    """Return the patterns in the order in which they are tried, up to one that is none."""
    compiled = map(_compiled, sorted(set(patterns)))
    return tuple(one for one in takewhile(lambda one: one is not None, compiled) if one)


def name_problem(name: str) -> str:
    """Return why this cannot stand among namespaces (validateNamespaceName), '' where it can."""
    if not name:
        return ""
    if any(sign in name for sign in "|()!{},"):
        return "wildcard pattern contains unsupported characters: |, (, ), !, {, }, ,"
    if "**" in name:
        return "wildcard pattern contains consecutive asterisks (only single * allowed)"
    if problem := _bracket_problem(name):
        return f"wildcard pattern contains {problem}"
    plain = re.sub(r"[*?\[\]]", "x", name)
    if len(plain) > _LONGEST_LABEL or not _LABEL.fullmatch(plain):
        return f'invalid namespace "{name}": a lowercase RFC 1123 label is expected'
    return ""


def _bracket_problem(name: str) -> str:
    left = name
    while "[" in left or "]" in left:
        before, opened, rest = left.partition("[")
        if "]" in before:
            return "unmatched closing bracket ']'"
        body, closed, left = rest.partition("]")
        if opened and not closed:
            return "unclosed bracket '['"
        if not body:
            return "empty bracket pattern '[]'"
    return ""


def _compiled(pattern: str) -> re.Pattern[str] | None:
    parts = []
    for token in _TOKEN.finditer(pattern):
        part = _set(token) if token["set"] else _one(token["one"])
        if part is None:
            return None
        parts.append(part)
    return re.compile("".join(parts), re.DOTALL)


def _one(sign: str) -> str | None:
    if sign == "[":
        return None
    return {"*": ".*", "?": "."}.get(sign) or re.escape(sign)


def _set(token: re.Match[str]) -> str | None:
    body, sign = token["body"], "^" if token["not"] else ""
    if body[1:2] != "-":
        return f"[{sign}{re.escape(body)}]" if body else None
    if body[2:3] < body[0] or body[3:]:
        return None
    return f"[{sign}{re.escape(body[0])}-{re.escape(body[2])}]"
