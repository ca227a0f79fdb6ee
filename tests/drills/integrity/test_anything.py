"""Whatever bytes a bucket holds: no crash, no hang, and damage is never called good."""

import gzip

from hypothesis import given, settings
from hypothesis import strategies as st

from drills.integrity.result import State
from tests.drills.integrity.buckets import (
    ARCHIVE,
    INFO,
    LIST,
    METADATA,
    OPERATIONS,
    PACKED,
    PVBS,
    REAL,
    RESULTS,
    SNAPSHOTS,
    check,
)

UNPACKED = gzip.decompress(REAL[ARCHIVE])
FILES = st.sampled_from((*PACKED, METADATA))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ("metadata", "name", "spec", "status", "phase", "pvcName", "kind", "labels",
                 "pvbInfo", "snapshotHandle", "errors", "v1/Pod", "operationID", "pod")
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)  # fmt: skip


@given(where=FILES, body=st.binary(max_size=3000))
@settings(max_examples=80, deadline=None)
def test_arbitrary_bytes_are_never_good(where: str, body: bytes) -> None:
    assert check({**REAL, where: body}).state is not State.GOOD


@given(where=st.sampled_from(PACKED), body=st.binary(max_size=2000))
@settings(max_examples=80, deadline=None)
def test_arbitrary_bytes_in_sound_gzip_are_never_good(where: str, body: bytes) -> None:
    found = check({**REAL, where: gzip.compress(body)})
    nothing = body.strip() in {b"null", b"[]", b"{}"} and where not in {LIST, INFO, PVBS}
    assert nothing or "-logs" in where or found.state is not State.GOOD


@given(where=st.sampled_from((*PACKED[1:7], METADATA)), document=JSON)
@settings(max_examples=150, deadline=None)
def test_any_json_is_judged(where: str, document: object) -> None:
    import json  # noqa: PLC0415 - hypothesis strategies are built without it

    body = json.dumps(document).encode()
    found = check({**REAL, where: body if where == METADATA else gzip.compress(body)})
    if where in {METADATA, LIST, INFO, PVBS}:
        assert found.state is not State.GOOD
    assert where in {OPERATIONS, SNAPSHOTS, RESULTS} or found.findings


@given(
    place=st.integers(min_value=0, max_value=len(REAL[ARCHIVE]) - 1),
    bit=st.integers(min_value=0, max_value=7),
)
@settings(max_examples=100, deadline=None)
def test_one_flipped_bit_is_damage_or_means_nothing(place: int, bit: int) -> None:
    """A time stamp, padding, or a code that no byte uses may flip and change nothing."""
    body = bytearray(REAL[ARCHIVE])
    body[place] ^= 1 << bit
    found = check({**REAL, ARCHIVE: bytes(body)})
    assert found.state is not State.GOOD or gzip.decompress(body) == UNPACKED


@given(cut=st.integers(min_value=0, max_value=len(REAL[ARCHIVE]) - 1), where=FILES)
@settings(max_examples=60, deadline=None)
def test_a_file_cut_off_anywhere_is_never_good(cut: int, where: str) -> None:
    body = REAL[where][: cut % len(REAL[where])]
    assert check({**REAL, where: body}).state is not State.GOOD


@given(
    files=st.dictionaries(st.sampled_from((*PACKED, METADATA)), st.binary(max_size=200), max_size=9)
)
@settings(max_examples=40, deadline=None)
def test_a_folder_of_anything_is_never_good(files: dict[str, bytes]) -> None:
    assert check(files).state is not State.GOOD
