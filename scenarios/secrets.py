"""Which texts are secrets, by where they come from. Pure: the rule for the whole project.

| a value | is a secret |
|---|---|
| of `password`, or of a header or variable whose name tells (`TELLING`) | from 4 characters |
| that `${VAR}` put anywhere into a probe, the variable's name tells | from 4 characters |
| that `${VAR}` put anywhere into a probe | from 8 characters, unless it is plain |
| in a restored Secret, its key tells | from 4 characters |
| in a restored Secret, its key names what is public (`PUBLIC_KEY`) | never |
| in a restored Secret | from 8 characters, unless it is plain |
| after a telling word, or as a URL's password, in one of these | from 4 characters |
| that also stands where the scenario names things | never |

Plain are numbers, durations, sizes, dates, truth values and single words in small letters up to
twelve of them: `eu`, `true`, `5432`, `production`. The scenario names things outside of `probes`
(but for `options` and telling keys), and in it with the keys in `NAMES`: a namespace that is also
somebody's password stays readable, since a report without its namespaces says nothing, and the
file shows it anyway.
"""

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Mapping

from scenarios.hiding import SHORTEST, WORD
from scenarios.model import Confidential
from scenarios.problems import Path
from scenarios.tree import Leaf, Node, leaves

TELLING = re.compile(
    r"pass|pwd|secret|token|auth|cred|cookie|session|private|signature|bearer|jwt|dsn"
    r"|api.?key|access.?key|(^|[-_.])(key|pin|pat)$",
    re.IGNORECASE,
)
"""Names under which secrets stand."""
PUBLIC_KEY = re.compile(
    r"user|login|host|addr|endpoint|port$|data.?base|db.?name|namespace|region|bucket|mail"
    r"|^(ca|tls)\.crt$|\.pub$",
    re.IGNORECASE,
)
"""Keys of Secrets under which names stand, not secrets."""
NAMES = frozenset(
    {"name", "needs", "service", "pod", "workload", "namespace", "container", "port", "engine"}
    | {"kind", "apiVersion", "via", "scheme", "method", "user", "database", "secret", "key"}
    | {"serverName", "image", "timeout", "interval", "initialDelay", "proves", "use"}
)
_FREE = frozenset({"headers", "env", "expect"})
"""Below these stand keys of the user's own."""
_COMMON = re.compile(
    "true|false|null|none|yes|no|on|off|enabled|disabled|required|optional|default"
    "|basic|bearer|digest|token|apikey|negotiate",
    re.IGNORECASE,
)
"""Words that may stand where a secret does, and are none."""
_PLAIN = re.compile(
    r"[+-]?[\d.,:]+\s?([kKMGTPE]i?B?|%)?|(\d+(ms|[smhd]))+"
    r"|\d{4}-\d\d-\d\d([T ][\d:.]+(Z|[+-][\d:]+)?)?"
    r"|[a-z]{1,12}"
)
LONGEST = 64 * 1024
"""Characters of a Secret's value that are looked into: a longer one is an archive, no password."""
_WITHIN = re.compile(
    r"(?:pass|pwd|secret|token|key|auth|cred)\w{0,32}[\"']?\s*[:=]\s*[\"']?([^\s\"',;&}]+)",
    re.IGNORECASE,
)
_URL = re.compile(r"://[^/\s:@]*:([^/\s@]+)@")


def confidential(root: Node) -> Confidential:
    """Return the secrets that a scenario holds, and what it shows by naming things."""
    probes: list[tuple[Path, Leaf]] = []
    shown: list[tuple[Path, Leaf]] = []
    for path, leaf in leaves(root):
        names_something = _names(path) and not _URL.search(str(leaf.value))
        (shown if names_something else probes).append((path, leaf))
    names = tuple(dict.fromkeys(str(leaf.value) for _, leaf in shown if leaf.value))
    found = (secret for path, leaf in probes for secret in _of_leaf(path, leaf))
    return Confidential(secrets=not_shown(found, names), shown=names)


def not_shown(secrets: Iterable[str], shown: Iterable[str]) -> tuple[str, ...]:
    """Return the secrets that do not stand in any of the texts shown, each once."""
    texts = "\n".join(shown)
    return tuple(
        secret
        for secret in dict.fromkeys(secrets)
        if not re.search(rf"(?<!\w){re.escape(secret.strip())}(?!\w)", texts)
    )


def in_secret(key: str, value: str) -> Iterator[str]:
    """Yield what is secret of one value in a restored Secret."""
    if not PUBLIC_KEY.search(key) and len(value) <= LONGEST:
        yield from _kept([value], told=bool(TELLING.search(key)))
        yield from within(value)


def within(text: str) -> Iterator[str]:
    """Yield what stands in a text as a password: after a telling word, or in a URL."""
    yield from _kept((*_WITHIN.findall(text), *_URL.findall(text)), told=True)


def given(question: Mapping[str, object]) -> Iterator[str]:
    """Yield the values of a question's `env` that may be secrets: its probe shows none of them."""
    env = question.get("env")
    for value in env.values() if isinstance(env, Mapping) else ():
        if len(str(value)) >= WORD:
            yield str(value)


def _names(path: Path) -> bool:
    """Return whether the scenario names something at this path."""
    if path[:2] != ("spec", "probes"):
        return "options" not in path and not TELLING.search(str(path[-1:]))
    words = [step for step in path[3:] if isinstance(step, str)]
    return not _FREE & set(words) and bool(words) and words[-1] in NAMES


def _of_leaf(path: Path, leaf: Leaf) -> Iterator[str]:
    place = next((step for step in reversed(path) if isinstance(step, str)), "")
    told = bool(TELLING.search(place)) and "expect" not in path
    for name, value in leaf.given:
        yield from _kept([value], told=told or bool(TELLING.search(name)))
        yield from within(value)
    text = str(leaf.value or "")
    if told:
        yield from _kept([text, *_pieces(text)], told=True)
    if "expect" not in path:
        yield from _kept(_URL.findall(text), told=True)


def _pieces(text: str) -> Iterator[str]:
    """Yield what a header such as `Basic …`, `Bearer …` or `session=…; …` holds."""
    for word in re.split(r"[\s;,]+", text):
        yield word
        yield word.partition("=")[2].strip("\"'")
        yield _decoded(word).partition(":")[2]


def _decoded(word: str) -> str:
    try:
        return base64.b64decode(word, validate=True).decode()
    except (binascii.Error, ValueError):
        return ""


def _kept(values: Iterable[str], *, told: bool) -> Iterator[str]:
    for value in values:
        bare = value.strip()
        plain = len(bare) < WORD or _PLAIN.fullmatch(bare)
        if len(bare) >= SHORTEST and not _COMMON.fullmatch(bare) and (told or not plain):
            yield value
