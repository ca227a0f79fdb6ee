"""Takes secrets out of a text, in whatever form somebody wrote them there. Pure.

| form of the secret | how it is found |
|---|---|
| as it is, without the blanks around it, each longer line of it | literally |
| escaped once or twice for JSON, for HTML, for Python | literally |
| percent-encoded, for a path, a query or a form | literally |
| hexadecimal | literally |
| base64, alone or inside something longer (`user:password`) | by what every such text has in it |
| cut short: the text ends in `…` or `...` in the middle of it | by how it begins |

What is shorter than `WORD` characters is hidden only where it stands as a word of its own, and what
is shorter than `SHORTEST` nowhere: `eu` would take half of a report with it.
"""

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import quote, quote_plus

HIDDEN = "(hidden)"
SHORTEST = 4
WORD = 8
LONGEST_LINE = 4096
_CUTS = ("…", "...")
_SHOWN_AT_MOST = 512
"""Characters before a cut that are looked at; no text of a report is longer than that."""
_LINE = 16
_PERCENT = re.compile("%[0-9A-F]{2}")


@dataclass(frozen=True)
class Veil:
    """Hides the given secrets in texts."""

    secrets: frozenset[str]

    def hide(self, text: str) -> str:
        """Return the text without the secrets."""
        for form in self._literal:
            if form in text:
                text = _replaced(text, form)
        for core in self._base64:
            if core in text:
                text = re.sub(rf"[\w+/=-]*{re.escape(core)}[\w+/=-]*", HIDDEN, text)
        return self._without_beginnings(text)

    def holds(self, text: str) -> bool:
        """Return whether the text holds a secret."""
        return self.hide(text) != text

    @cached_property
    def _literal(self) -> tuple[str, ...]:
        found = {form for secret in self.secrets for form in _forms(secret)}
        return tuple(sorted(found, key=lambda form: (-len(form), form)))

    @cached_property
    def _base64(self) -> tuple[str, ...]:
        return tuple(sorted({core for secret in self.secrets for core in _cores(secret)}))

    def _without_beginnings(self, text: str) -> str:
        for mark in _CUTS:
            parts = text.split(mark)
            if len(parts) > 1:
                text = mark.join([*map(self._without_beginning, parts[:-1]), parts[-1]])
        return text

    def _without_beginning(self, text: str) -> str:
        """Return the text without the beginning of a secret at its very end."""
        tail = text[-_SHOWN_AT_MOST:]
        longest = max((_overlap(tail, f) for f in (*self._literal, *self._base64)), default=0)
        return text[: len(text) - longest] + HIDDEN if longest else text


def _overlap(tail: str, form: str) -> int:
    """Return how many characters of the form's beginning the tail ends in."""
    if len(form) < WORD:
        return 0
    at = tail.find(form[:SHORTEST])
    while at >= 0 and not form.startswith(tail[at:]):
        at = tail.find(form[:SHORTEST], at + 1)
    return len(tail) - at if at >= 0 else 0


def _replaced(text: str, form: str) -> str:
    if len(form) >= WORD:
        return text.replace(form, HIDDEN)
    return re.sub(rf"(?<![^\W_]){re.escape(form)}(?![^\W_])", HIDDEN, text)


def _parts(secret: str) -> Iterator[str]:
    """Yield the secret, and the lines of one that has several (a private key)."""
    whole = secret.strip()
    if len(secret) <= LONGEST_LINE:
        yield from (secret, whole)
    lines = [line.strip() for line in whole.splitlines()]
    if len(lines) > 1:
        yield from (x for x in lines if _LINE <= len(x) <= LONGEST_LINE and "-----" not in x)


def _forms(secret: str) -> Iterator[str]:
    for part in _parts(secret):
        for form in _written(part):
            if len(form.strip()) >= SHORTEST:
                yield form


def _written(part: str) -> Iterator[str]:
    yield part
    yield repr(part)[1:-1]
    for ascii_only in (True, False):
        once = json.dumps(part, ensure_ascii=ascii_only)[1:-1]
        yield from (once, once.replace("/", r"\/"), json.dumps(once)[1:-1])
    escaped = html.escape(part)
    yield from (escaped, escaped.replace("&#x27;", "&#39;").replace("&quot;", "&#34;"))
    for form in {*(quote(part, safe=safe) for safe in ("", "/", "!'()*~")), quote_plus(part)}:
        yield from (form, _PERCENT.sub(lambda found: found[0].lower(), form))
    data = part.encode(errors="surrogatepass")
    yield from (data.hex(), data.hex().upper())


def _cores(secret: str) -> Iterator[str]:
    """Yield what base64 of any text that holds the secret has in it, for its three alignments.

    The first and last characters depend on the neighbours, and stay out.
    """
    for part in set(_parts(secret)):
        data = part.encode(errors="surrogatepass")
        for before in range(3):
            encoded = base64.b64encode(bytes(before) + data).decode().rstrip("=")
            spare = (before + len(data)) % 3 != 0
            core = encoded[(before * 8 + 5) // 6 : -1 if spare else None]
            if len(core) >= WORD:
                yield from (core, core.replace("+", "-").replace("/", "_"))


def veil_of(secrets: Iterable[str]) -> Veil:
    """Return the veil for these secrets."""
    return Veil(frozenset(secret for secret in secrets if len(secret.strip()) >= SHORTEST))
