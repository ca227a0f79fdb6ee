"""What the body of an HTTP answer says: unpacked, in its own charset.

In: an HttpAnswer and how long a body may be. Out: a Content, or CannotAsk where the body was not
read whole or is packed in a way nobody here unpacks: what was not read is not judged. A body that
is damaged inside its packing is a wrong answer.
"""

import codecs
import zlib
from dataclasses import dataclass
from email.message import Message

from drills.errors import CannotAsk
from drills.expectations import Mismatch
from drills.ports import HttpAnswer

MOST_PACKINGS = 3
MOST_MEMBERS = 100
_PACKED = {"gzip": 31, "x-gzip": 31}
"""By name, how zlib is told what to expect (wbits). These may hold several members, one after the
other (RFC 1952, 2.2)."""
_ODD_CHARSETS = frozenset(
    {"idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape", "mbcs", "oem"}
)
"""Codecs of Python that are no charset of the web, or slow on long input."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A body as it was meant."""

    data: bytes
    charset: str

    @property
    def text(self) -> str:
        """Return the body as text; what is no text in its charset is replaced."""
        return self.data.decode(self.charset, errors="replace")


def content(answer: HttpAnswer, most: int) -> Content | Mismatch:
    """Return the body unpacked, or what is wrong with it; raises CannotAsk."""
    if not answer.whole:
        raise too_long(f"the body is longer than {most} bytes", most)
    data = answer.body
    packings = _packings(answer) if data else []
    if len(packings) > MOST_PACKINGS:
        raise CannotAsk(f"the body is packed {len(packings)} times over")
    for packing in reversed(packings):
        unpacked = _unpacked(data, packing, most)
        if isinstance(unpacked, Mismatch):
            return unpacked
        data = unpacked
    return Content(data=data, charset=_charset(answer))


def shown(answer: HttpAnswer, most: int) -> str:
    """Return the body for a report, whatever could be read of it."""
    try:
        found = content(answer, most)
    except CannotAsk as error:
        return f"({error})"
    return f"({found.observed})" if isinstance(found, Mismatch) else found.text


def too_long(what: str, most: int) -> CannotAsk:
    """Return that a body was not read whole, and so is not judged."""
    return CannotAsk(
        f"{what}; what was not read is not judged",
        hint=f"ask for less, or say maxBody, which is {most} now",
    )


def _packings(answer: HttpAnswer) -> list[str]:
    words = (
        word.strip().lower()
        for value in answer.values("Content-Encoding")
        for word in value.split(",")
    )
    return [word for word in words if word not in {"", "identity"}]


def _unpacked(data: bytes, packing: str, most: int) -> bytes | Mismatch:
    if packing == "deflate":
        # RFC 9110, 8.4.1.2: inside zlib; some servers send it bare.
        wbits = 15 if _has_zlib_head(data) else -15
    elif packing in _PACKED:
        wbits = _PACKED[packing]
    else:
        raise CannotAsk(
            f"Content-Encoding {packing[:40]!r} is not understood",
            hint="send the header Accept-Encoding: gzip, or identity",
        )
    try:
        return _inflated(data, wbits, most)
    except zlib.error as error:
        return Mismatch(f"a body that {packing} unpacks", f"a damaged one ({str(error)[:100]})")


def _has_zlib_head(data: bytes) -> bool:
    """Return whether the first two bytes are those of RFC 1950, 2.2."""
    deflate = 8
    return len(data) > 1 and data[0] & 0x0F == deflate and int.from_bytes(data[:2], "big") % 31 == 0


def _inflated(data: bytes, wbits: int, most: int) -> bytes | Mismatch:
    """Unpack all members, and no more than `most` bytes, however small they were packed."""
    found = bytearray()
    for _ in range(MOST_MEMBERS):
        if not data:
            return bytes(found)
        member = zlib.decompressobj(wbits)
        found += member.decompress(data, most + 1 - len(found))
        if len(found) > most:
            raise too_long(f"the body unpacks to more than {most} bytes", most)
        if not member.eof:
            return Mismatch("a whole packed body", "one that is cut")
        data = member.unused_data
        if wbits not in _PACKED.values() and data:
            return Mismatch("one packed body", "more bytes after it")
    raise CannotAsk(f"the body is packed in more than {MOST_MEMBERS} pieces")


def _charset(answer: HttpAnswer) -> str:
    """Return the codec for the charset that Content-Type says, UTF-8 without one."""
    said = next(iter(answer.values("Content-Type")), "")
    message = Message()
    message["Content-Type"] = said[:1000]
    name = message.get_content_charset() or "utf-8"
    try:
        codec = codecs.lookup(name)
        b"a".decode(codec.name, errors="replace")
    except (LookupError, ValueError):
        codec = None
    if codec is None or codec.name in _ODD_CHARSETS:
        raise CannotAsk(f"the charset {name[:40]!r} of the body is not understood")
    return "utf-8-sig" if codec.name == "utf-8" else codec.name
