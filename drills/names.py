"""Names of Services by namespace: found in texts, and led into the sandbox. Pure.

In: texts of the backup, the mapping of namespaces. Out: the same texts with `postgres.db` written
`postgres.drill-db`, in the forms `svc.ns`, `svc.ns.svc` and `svc.ns.svc.cluster.local`. Only whole
host names change: `notpostgres.db`, `postgres.dbx` and the file `/data/postgres.db` are others.
"""

import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = ".cluster.local"
_AFTER_ESCAPE = r"(?<=%[0-9a-f]{2})|(?<=\\[nrt])|(?<=:-)"
"""What these end in is no part of the name behind them: `%40db.shop`, `\\ndb.shop`, `:-db.shop`."""
_NO_ESCAPE = r"(?!(?<=%)[0-9a-f]{2})(?<!%[0-9a-f])(?!(?<=\\)[nrt])"
_NO_FILE = r"(?<![^/]/)(?<!\A/)"
"""Behind a single slash stands a file, behind two a host."""
_POD = r"(?P<pod>[a-z0-9-]{1,63}-\d{1,5}\.)?"
"""A pod of a StatefulSet by name: `kafka-0.kafka.shop`."""
_END = r"(?!\.?[\w-])"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A Service's name with its namespace, as a text has it."""

    text: str
    """From the Service's own name to the end, `postgres.db.svc`, case as found."""
    service: str
    namespace: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NameMap:
    """Which names are led into the sandbox, and how they read there."""

    namespaces: Mapping[str, str]
    """Source to sandbox."""
    services: frozenset[tuple[str, str]]
    """(source namespace, name) of the Services that are restored."""

    def knows(self, mention: Mention) -> bool:
        """Return whether the name is one of a restored Service."""
        return (mention.namespace, mention.service) in self.services

    def renamed(self, mention: Mention) -> str:
        """Return the name that leads to the same Service in the sandbox."""
        service, _, rest = mention.text.partition(".")
        return f"{service}.{self.namespaces[mention.namespace]}{rest[len(mention.namespace) :]}"

    def rewritten(self, text: str) -> str:
        """Return `text` with every such name led into the sandbox, the rest untouched."""

        def replaced(match: re.Match[str]) -> str:
            found = _mention(match)
            return (match["pod"] or "") + self.renamed(found) if self.knows(found) else match[0]

        return _pattern(frozenset(self.namespaces)).sub(replaced, text)

    def leads_inside(self, alias: str) -> bool:
        """Return whether a whole DNS name is that of a restored Service in the sandbox."""
        service, _, rest = alias.lower().removesuffix(".").partition(".")
        sources = {f"{new}.svc{_DOMAIN}": old for old, new in self.namespaces.items()}
        return rest in sources and (sources[rest], service) in self.services

    def left(self, text: str) -> tuple[Mention, ...]:
        """Return the names in `text` that lead to a source of the sandbox."""
        return tuple(found for found in mentions(text, self.namespaces) if self.knows(found))


def mentions(text: str, namespaces: Collection[str]) -> Counter[Mention]:
    """Return each name that may be that of a Service in `namespaces`, and how often it stands."""
    low = text.lower()
    if not any(f".{namespace}" in low for namespace in namespaces):
        return Counter()
    return Counter(_mention(match) for match in _pattern(frozenset(namespaces)).finditer(text))


def _mention(match: re.Match[str]) -> Mention:
    text = match["long"] or match["short"]
    service, namespace, *_ = text.lower().split(".")
    return Mention(text=text, service=service, namespace=namespace)


@lru_cache(maxsize=16)
def _pattern(namespaces: frozenset[str]) -> re.Pattern[str]:
    """Return what finds the names; the long form says `.svc` and may follow further labels."""
    spaces = "|".join(re.escape(name) for name in sorted(namespaces))
    alone, shortest = rf"(?<![\w-]){_NO_ESCAPE}", rf"(?<![\w.-]){_NO_ESCAPE}{_NO_FILE}"
    long = rf"(?P<long>{_LABEL}\.(?:{spaces})\.svc(?:\.cluster\.local)?)"
    short = rf"{_POD}(?P<short>{_LABEL}\.(?:{spaces}))"
    return re.compile(
        rf"(?:(?:{alone}|{_AFTER_ESCAPE}){long}|(?:{shortest}|{_AFTER_ESCAPE}){short}){_END}",
        re.IGNORECASE,
    )
