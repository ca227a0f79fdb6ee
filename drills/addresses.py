"""Plain IP addresses in settings: where a copy would go without asking any DNS.

In: objects of the backup. Out: which addresses were Services and pods then, and which settings
name an address. A Secret's text never leaves here: of it only the key is told. Pure.
"""

import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping

from drills import objects
from drills.backups import AddressUse, ObjectKey
from drills.findings import Finding, Severity
from drills.name_places import texts
from drills.objects import KubeObject
from drills.outward import names_it

LONGEST = 65_536
"""Characters of a text that are looked at."""
MOST = 20
"""Addresses kept of one object, so that memory stays bounded."""
REMEDY = (
    "Use names of Services: an address is another one after a real restore too. See that "
    "NetworkPolicies are enforced."
)
SAYS_HOST = re.compile(r"host|addr|endpoint|server|broker|url|uri|dsn", re.IGNORECASE)
"""Keys whose value is a host by their own word."""

_IPV4, _MASK = 4, 255
_PORT = r"(?P<port>:\d{2,5}(?!\d))?"
_SURE = r"(?P<sure>://(?:[^\s/@]{1,200}@)?)?"
_V4 = re.compile(
    rf"{_SURE}(?<![\w.-])(?P<address>(?:\d{{1,3}}\.){{3}}\d{{1,3}})(?![\w-]|\.\d|/\d{{1,2}}\b){_PORT}"
)
_V6 = re.compile(rf"{_SURE}\[(?P<address>[0-9a-f:]{{2,39}})\]{_PORT}", re.IGNORECASE)


def addresses_of(key: ObjectKey, obj: KubeObject) -> Iterator[tuple[str, str]]:
    """Yield the addresses under which an object was reached, with its name for people."""
    if key.resource == "services":
        spec = objects.mapping(obj, "spec")
        ingress = objects.items(obj, "status", "loadBalancer", "ingress")
        found = [spec.get("clusterIP"), *objects.items(spec, "clusterIPs")]
        found += [*objects.items(spec, "externalIPs"), *(objects.text(i, "ip") for i in ingress)]
        yield from ((a, f"Service {key.namespace}/{key.name}") for a in _whole(found))
    elif key.resource == "pods" and objects.dig(obj, "spec", "hostNetwork") is not True:
        found = [objects.text(obj, "status", "podIP")]
        found += [objects.text(row, "ip") for row in objects.items(obj, "status", "podIPs")]
        yield from ((a, f"pod {key.namespace}/{key.name}") for a in _whole(found))


def _whole(found: Iterable[object]) -> dict[str, None]:
    read = (_read(one) for one in found if isinstance(one, str))
    return dict.fromkeys(one for one in read if one)


def address_uses(key: ObjectKey, obj: KubeObject) -> tuple[AddressUse, ...]:
    """Return which of the object's settings name an address."""
    found: dict[AddressUse, None] = {}
    for place, text in texts(key.resource, obj):
        for address, sure in _in_text(place.key, text[:LONGEST]):
            found[AddressUse(source=key, key=place.key, address=address, sure=sure)] = None
            if len(found) >= MOST:
                return tuple(found)
    return tuple(found)


def _in_text(word: str, text: str) -> Iterator[tuple[str, bool]]:
    whole = _read(text.strip()) if len(text) < LONGEST else ""
    if whole and ":" in whole:
        yield whole, True
    for pattern in (_V4, _V6):
        for match in pattern.finditer(text):
            address = _read(match["address"])
            if address:
                told = bool(match["sure"] or match["port"] or SAYS_HOST.search(word))
                yield address, told


def _read(text: str) -> str:
    """Return the address in its one spelling, '' for none that leads to another machine."""
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return ""
    inward = found.is_loopback or found.is_unspecified or found.is_multicast
    mask = found.version == _IPV4 and (found.packed[0] == 0 or found.packed[0] == _MASK)
    return "" if inward or mask else str(found)


def address_findings(
    uses: Iterable[AddressUse],
    addresses: Mapping[str, str],
    namespaces: Iterable[str],
    *,
    closed: bool,
) -> tuple[Finding, ...]:
    """Return one finding for addresses of the backup's own Services and pods, one for others.

    Args:
        uses: The settings that name one.
        addresses: Whose they were when the backup was made.
        namespaces: The source namespaces that are restored.
        closed: Whether the sandbox gets a policy that denies; if so the findings weigh nothing.
    """
    scope = frozenset(namespaces)
    known: dict[str, None] = {}
    others: dict[str, None] = {}
    for use in uses:
        owner = addresses.get(use.address, "")
        if use.source.namespace in scope and (owner or use.sure):
            (known if owner else others)[_words(use, owner)] = None
    severity = Severity.INFO if closed else Severity.WARNING
    named = (
        ("address-of-production", known, "addresses of Services and pods of the source"),
        ("points-at-address", others, "plain IP addresses"),
    )
    return tuple(
        names_it(code, severity, tuple(found), what, REMEDY) for code, found, what in named if found
    )


def _words(use: AddressUse, owner: str) -> str:
    hidden = use.source.resource == "secrets"
    said = "" if hidden else f" ({use.address}{f', {owner}' if owner else ''})"
    return f"{use.source} key {use.key}{said}"
