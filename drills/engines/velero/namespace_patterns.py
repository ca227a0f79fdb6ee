"""Which namespaces a Velero filter means: one matcher for includes and excludes. Pure.

Velero v1.18 expands patterns in a Backup's lists of namespaces (`pkg/util/wildcard/expand.go`) and
matches them with github.com/gobwas/glob v0.2.3, without separators:

| in a pattern | means                                                                     |
|--------------|---------------------------------------------------------------------------|
| `*`          | any number of characters; alone, every namespace, those to come as well   |
| `?`          | exactly one character                                                     |
| `[abc]`      | one of these; a range is one range and nothing beside it: `[a-z]`, not `[a-cx]` |

Refused: `**`, `|(){}!,`, brackets that are empty or do not close (`ValidateNamespaceName`), a range
that runs backwards or has company (gobwas), and whatever is no namespace name once each `*?[]`
counts as a letter (`validateNamespaceName`), so that no set can be negated, neither by `!` nor by
`^`. An excluded namespace is out whoever includes it. Before 1.18 only a lone `*` was known, and
`prod*` was the name of a namespace that cannot be: what the archive holds has the last word.
"""

import re
from collections.abc import Collection
from functools import lru_cache

EVERY, NONE = "*", ""
"""The words for every namespace, and for none: cluster-scoped objects alone."""
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_UNSUPPORTED = frozenset("|()!{},")
_SIGNS = str.maketrans(dict.fromkeys("*?[]", "x"))
_PIECES = re.compile(r"\[([^]]*)\]|(.)", re.DOTALL)
_RANGE_LENGTH = 3


def covers(included: Collection[str], excluded: Collection[str], namespace: str) -> bool:
    """Return whether a Backup with these lists takes `namespace`; no includes means all."""
    if any(matches(pattern, namespace) for pattern in excluded):
        return False
    return not included or any(matches(pattern, namespace) for pattern in included)


def matches(pattern: str, namespace: str) -> bool:
    """Return whether `pattern` means `namespace`; one that Velero refuses means nothing."""
    if pattern in {EVERY, namespace}:
        return True
    expression = _expression(pattern)
    return expression is not None and expression.fullmatch(namespace) is not None


def is_pattern(word: str) -> bool:
    """Return whether the word is no plain name (`containsWildcardPattern`)."""
    return any(sign in word for sign in "*?[")


def refusal(pattern: str) -> str:
    """Return why Velero refuses the pattern, '' where it takes it."""
    if pattern == EVERY:
        return ""
    if bad := sorted(_UNSUPPORTED & set(pattern)):
        return f"it holds {' '.join(bad)}, which namespace patterns do not know"
    if "**" in pattern:
        return "it holds **, and only a single * is known"
    if why := _bracket_trouble(pattern):
        return why
    return "" if _NAME.fullmatch(pattern.translate(_SIGNS)) else "it can be no namespace's name"


def _bracket_trouble(pattern: str) -> str:
    for content, single in _PIECES.findall(pattern):
        if single in {"[", "]"}:
            return f"its {single} has no partner"
        if not single and not content:
            return "its [] is empty"
        if content[1:2] == "-" and (len(content) != _RANGE_LENGTH or content[2] < content[0]):
            return f"[{content}] is no range such as [a-z] and no plain set"
    return ""


@lru_cache(maxsize=1024)
def _expression(pattern: str) -> re.Pattern[str] | None:
    if not is_pattern(pattern) or refusal(pattern):
        return None
    return re.compile("".join(_translated(*piece) for piece in _PIECES.findall(pattern)), re.DOTALL)


def _translated(content: str, single: str) -> str:
    if single:
        return {"*": ".*", "?": "."}.get(single, re.escape(single))
    if content[1:2] == "-":
        return f"[{re.escape(content[0])}-{re.escape(content[2])}]"
    return f"[{re.escape(content)}]"
