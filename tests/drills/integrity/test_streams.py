"""Unpacking, tar entries, lists and sketches, each against the plain way of doing it."""

import gzip
import io
import json
import tarfile
import threading
from collections.abc import Callable, Iterator

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from drills.engines.velero.reader.listed_index import ListedIndex, Tick, named_in
from drills.engines.velero.reader.sketch import plain_sketch, sketch
from drills.errors import BackupUnreadable
from drills.integrity import inflate as inflating
from drills.integrity import tar
from drills.integrity.entropy import Entropy
from drills.integrity.inflate import Exploding, Inflater, PlainInflater, inflate, inflater
from drills.integrity.streams import ahead
from tests.drills.integrity.buckets import ARCHIVE, REAL

FLAGS, FIRST_RESERVED = 3, 5
"""The flags of a gzip header and the first of its reserved bits (RFC 1952, 2.3.1)."""
SECOND = gzip.compress(b"second", mtime=0)


def cut(body: bytes, size: int) -> Iterator[bytes]:
    for at in range(0, len(body), size):
        yield body[at : at + size]


@given(body=st.binary(max_size=5000), size=st.integers(min_value=1, max_value=600))
@settings(max_examples=40, deadline=None)
def test_both_unpackers_agree(body: bytes, size: int) -> None:
    packed = gzip.compress(body)
    fast = b"".join(inflate(cut(packed, size)))
    plain = b"".join(inflate(cut(packed, size), PlainInflater))
    assert fast == plain == body


@given(
    place=st.integers(min_value=0, max_value=len(REAL[ARCHIVE]) - 1),
    bit=st.integers(min_value=0, max_value=7),
)
@settings(max_examples=60, deadline=None)
def test_both_unpackers_refuse_the_same(place: int, bit: int) -> None:
    # Reserved bits of the header's flags: zlib refuses them, ISA-L and Go read on.
    assume(not (place == FLAGS and bit >= FIRST_RESERVED))
    body = bytearray(REAL[ARCHIVE])
    body[place] ^= 1 << bit

    def outcome(fresh: Callable[[], Inflater]) -> bytes | None:
        try:
            return b"".join(inflate([bytes(body)], fresh))
        except BackupUnreadable:
            return None

    assert outcome(inflater) == outcome(PlainInflater)


@given(
    bodies=st.lists(st.binary(max_size=900), min_size=1, max_size=6),
    size=st.integers(min_value=1, max_value=600),
)
@settings(max_examples=60, deadline=None)
@pytest.mark.parametrize("fresh", [inflater, PlainInflater])
def test_members_that_follow_each_other_are_one_file(
    bodies: list[bytes], size: int, fresh: Callable[[], Inflater]
) -> None:
    """Go's reader takes them for one, wherever they are cut (RFC 1952, 2.2)."""
    packed = b"".join(gzip.compress(body) for body in bodies)
    assert b"".join(inflate(cut(packed, size), fresh)) == b"".join(bodies)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        (b"more", "behind the end"),
        (b"\0" * 512, "behind the end"),
        (b"\x1f", "too early"),
        (SECOND[:-3], "too early"),
        (SECOND[:-5] + b"wrong", "no sound gzip|too early|behind the end"),
    ],
    ids=["text", "zeros", "half a mark", "cut", "wrong checksum"],
)
@pytest.mark.parametrize("size", [1, 7, 4096])
def test_what_is_no_whole_member_behind_the_end_is_damage(more: bytes, why: str, size: int) -> None:
    with pytest.raises(BackupUnreadable, match=why):
        list(inflate(cut(gzip.compress(b"first") + more, size)))


def test_members_without_number_are_refused() -> None:
    with pytest.raises(Exploding, match="gzip streams"):
        list(inflate([gzip.compress(b"") * 5000]))


def test_a_bomb_is_defused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand bytes that unpack to a megabyte, with the free allowance taken away."""
    monkeypatch.setattr(inflating, "FREE_BYTES", 1 << 16)
    with pytest.raises(Exploding):
        list(inflate([gzip.compress(bytes(1 << 24))]))


def test_pieces_are_small_whatever_is_fed() -> None:
    sizes = [len(piece) for piece in inflate([gzip.compress(bytes(1 << 24))])]
    assert max(sizes) <= inflating.PIECE
    assert sum(sizes) == 1 << 24


def test_errors_of_a_stage_come_out_where_it_is_read() -> None:
    def failing() -> Iterator[bytes]:
        yield b"a"
        raise BackupUnreadable("broken")

    with ahead(failing()) as chunks:
        assert next(chunks) == b"a"
        with pytest.raises(BackupUnreadable):
            next(chunks)


def test_a_stage_nobody_reads_any_more_ends() -> None:
    before = threading.active_count()
    with ahead(iter(lambda: b"x", b"")) as chunks:
        assert next(chunks) == b"x"
    assert threading.active_count() == before


@given(
    entries=st.dictionaries(
        st.text("abc/", min_size=1, max_size=300).map(lambda p: p.strip("/") or "a"),
        st.binary(max_size=1500),
        max_size=6,
    ),
    size=st.integers(min_value=1, max_value=3000),
    form=st.sampled_from([tarfile.PAX_FORMAT, tarfile.GNU_FORMAT]),
)
@settings(max_examples=60, deadline=None)
def test_entries_are_what_python_wrote(entries: dict[str, bytes], size: int, form: int) -> None:
    """Long names in both ways of writing them, and chunks cut anywhere."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=form) as written:
        for path, body in entries.items():
            info = tarfile.TarInfo(path)
            info.size = len(body)
            written.addfile(info, io.BytesIO(body))
    found = {path: body for path, _, body in tar.members(cut(raw.getvalue(), size))}
    assert found == entries


NAMES = st.text("abc-.", min_size=1, max_size=8)


@given(
    lists=st.dictionaries(
        st.builds("{}/{}".format, NAMES, NAMES),
        st.none() | st.lists(st.builds("{}/{}".format, NAMES, NAMES), max_size=5),
        max_size=5,
    ),
    size=st.integers(min_value=1, max_value=50),
    indent=st.none() | st.integers(min_value=0, max_value=2),
)
@settings(max_examples=60, deadline=None)
def test_a_list_is_read_as_json_reads_it(
    lists: dict[str, list[str] | None], size: int, indent: int | None
) -> None:
    text = json.dumps(lists, indent=indent).encode()
    wanted = [
        (kind.rpartition("/")[0].rpartition("/")[0], kind.rpartition("/")[2], *entry.split("/"))
        for kind, names in lists.items()
        for entry in names or ()
    ]
    assert list(named_in(cut(text, size))) == wanted


@pytest.mark.parametrize(
    "text",
    [b"", b"[]", b"1", b"{", b'{"a"}', b'{"a":1}', b'{"a":[1]}', b'{"a":["b"]', b'{"a":["b",]}',
     b'{"a":[]}x', b'{"a":[],}', b'{"a":["b" "c"]}', b"null null", b'{"a":{}}', b'{"\xff":[]}'],
)  # fmt: skip
def test_what_is_no_list_is_refused(text: bytes) -> None:
    with pytest.raises(BackupUnreadable):
        list(named_in([text]))


def test_names_are_ticked_off() -> None:
    one, two = ("apps", "Deployment", "a", "b"), ("", "Pod", "a", "b")
    index = ListedIndex().fill([one, two])
    assert [index.tick(one), index.tick(one)] == [Tick.FIRST, Tick.AGAIN]
    assert index.tick(("", "Pod", "a", "c")) is Tick.UNLISTED
    assert (index.total, index.ticked) == (2, 1)
    assert index.has(one)
    assert not index.has(two)


OBJECT = b'{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","namespace":"b"},"x":%s}'


@pytest.mark.parametrize("inner", [b"1", b"{}", b'"\xc3\xa9"', b"[1,2.5e3,null,true]"])
def test_both_sketches_agree(inner: bytes) -> None:
    assert sketch(OBJECT % inner) == plain_sketch(OBJECT % inner) == ("v1", "Pod", "b", "a")


@pytest.mark.parametrize("inner", [b"01", b"tru", b'"\x01"', b'"\xff"', b"[1,]", b"", b'"\\q"'])
def test_both_sketches_refuse_what_is_no_json(inner: bytes) -> None:
    for one in (sketch, plain_sketch):
        with pytest.raises(ValueError):  # noqa: PT011 - the wording is the parser's
            one(OBJECT % inner)


def test_entropy_tells_text_from_noise() -> None:
    text, noise = Entropy(), Entropy()
    list(text.through([b'{"kind":"ConfigMap"}' * 5000]))
    list(noise.through([bytes(range(256)) * 400]))
    assert text.bits is not None
    assert noise.bits is not None
    assert text.bits < 5
    assert noise.bits > 7
    assert Entropy().bits is None
