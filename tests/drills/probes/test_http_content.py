"""What the http probe makes of bodies, headers and redirects."""

import gzip
import json
import zlib
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drills.cluster import HttpAnswer, HttpRequest
from drills.errors import CannotAsk
from drills.probes import Answer, find_probe
from tests.fakes.cluster import FakeCluster
from tests.fakes.probing import SANDBOX, answering, context, spec, thing

SHOP: Mapping[str, object] = {"service": "shop", "port": 80}
WORDS = "Grüße an alle\n"
GZIP = (("Content-Encoding", "gzip"),)


def ask(
    body: bytes,
    expect: Mapping[str, object],
    *headers: tuple[str, str],
    question: Mapping[str, object] = SHOP,
    **more: object,
) -> Answer:
    """Ask a Service that answers so."""
    cluster = FakeCluster()
    cluster.on_http = answering(body=body, headers=headers, **more)
    return find_probe("http").ask(spec("http", question, expect), context(cluster), 5)


RAW = zlib.compressobj(wbits=-15)
PACKED = [
    (gzip.compress(WORDS.encode()), "gzip"),
    (gzip.compress(b"Gr\xc3") + gzip.compress(WORDS.encode()[3:]), "x-gzip"),
    (zlib.compress(WORDS.encode()), "deflate"),
    (RAW.compress(WORDS.encode()) + RAW.flush(), "Deflate"),
    (gzip.compress(zlib.compress(WORDS.encode())), "deflate, gzip"),
    (WORDS.encode(), "identity"),
]


@pytest.mark.parametrize(("body", "packing"), PACKED, ids=lambda _: "")
def test_a_packed_body_is_unpacked(body: bytes, packing: str) -> None:
    assert ask(body, {"body": WORDS}, ("content-encoding", packing)).mismatches == ()


@pytest.mark.parametrize(("body", "packing"), PACKED[:4], ids=lambda _: "")
def test_cut_at_any_byte_a_packed_body_is_no_body(body: bytes, packing: str) -> None:
    for cut in range(1, len(body)):
        answer = ask(
            body[:cut], {"body": {"not": {"contains": "x"}}}, ("Content-Encoding", packing)
        )
        whole_member = packing == "x-gzip" and cut == len(gzip.compress(b"Gr\xc3"))
        assert answer.mismatches or whole_member


def test_a_bomb_is_not_unpacked() -> None:
    bomb = gzip.compress(bytes(32 * 1024 * 1024))
    with pytest.raises(CannotAsk, match="more than"):
        ask(bomb, {"body": {"not": {"contains": "x"}}}, *GZIP)
    nested = gzip.compress(bomb)
    with pytest.raises(CannotAsk, match="more than"):
        ask(nested, {"body": {"not": {"contains": "x"}}}, ("Content-Encoding", "gzip, gzip"))
    with pytest.raises(CannotAsk, match="pieces"):
        ask(gzip.compress(b"") * 200, {"body": ""}, *GZIP)


def test_a_packing_that_nobody_knows_is_not_judged() -> None:
    with pytest.raises(CannotAsk, match="'br'"):
        ask(b"...", {"body": {"not": {"contains": "x"}}}, ("Content-Encoding", "br"))
    assert ask(b"...", {"status": 200}, ("Content-Encoding", "br")).mismatches == ()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (WORDS.encode("latin-1"), "text/plain; charset=ISO-8859-1"),
        (WORDS.encode("utf-16"), 'text/plain; charset="utf-16"'),
        (WORDS.encode("utf-8-sig"), "text/plain"),
        (WORDS.encode(), "text/plain; charset=UTF-8"),
    ],
)
def test_a_body_is_read_in_its_charset(body: bytes, said: str) -> None:
    assert ask(body, {"body": WORDS}, ("Content-Type", said)).mismatches == ()


def test_json_is_read_in_its_charset() -> None:
    body = json.dumps({"word": "Grüße"}, ensure_ascii=False).encode("latin-1")
    expect = {"jsonPath": {"path": "{.word}", "value": "Grüße"}}
    said = ("Content-Type", "application/json; charset=latin1")
    assert ask(body, expect, said).mismatches == ()


@pytest.mark.parametrize("charset", ["klingon", "zlib", "idna", "x" * 2000])
def test_a_charset_that_is_none_is_not_judged(charset: str) -> None:
    with pytest.raises(CannotAsk, match="charset"):
        ask(b"x", {"body": "x"}, ("Content-Type", f"text/plain; charset={charset}"))


@given(st.binary(max_size=200), st.text(max_size=40), st.text(max_size=40))
def test_any_body_is_an_answer_or_none(body: bytes, packing: str, said: str) -> None:
    headers = (("Content-Encoding", packing), ("Content-Type", said))
    try:
        answer = ask(body, {"body": {"not": {"contains": "x"}}}, *headers)
    except CannotAsk:
        return
    assert answer.mismatches is not None


def test_what_was_not_read_is_not_judged() -> None:
    for expect in ({"body": {"not": {"contains": "x"}}}, {"body": {"contains": "x"}}):
        with pytest.raises(CannotAsk, match="not judged") as caught:
            ask(b"ok", expect, whole=False)
        assert "maxBody" in caught.value.hint
    with pytest.raises(CannotAsk):
        ask(b"{}", {"jsonPath": {"path": "{.a}", "value": 1}}, whole=False)
    with pytest.raises(CannotAsk):
        ask(b"ok", {"latency": "10s"}, whole=False)


def test_what_was_read_is_judged() -> None:
    assert ask(b"ok", {"status": 200}, whole=False).mismatches == ()
    assert ask(b"ok", {"status": 404, "body": "x"}, whole=False).mismatches
    large = b'{"a": "' + b"x" * (4 << 20) + b'"}'
    expect = {"jsonPath": {"path": "{.a}", "value": {"contains": "x"}}}
    with pytest.raises(CannotAsk, match="JSON body"):
        ask(large, expect)
    assert ask(large, expect, question={**SHOP, "maxBody": "8Mi"}).mismatches == ()


TWO = (("X-A", "1"), ("x-a", "2"))


@pytest.mark.parametrize(
    ("value", "fits"),
    [
        ("1", True),
        ("2", True),
        ("1, 2", True),
        ("3", False),
        ({"not": "3"}, True),
        ({"not": "1"}, False),
        ({"not": "2"}, False),
        ({"not": "3", "contains": "2"}, True),
        ({"not": "1", "contains": "2"}, False),
        ({"oneOf": ["2", "4"]}, True),
    ],
)
def test_of_a_repeated_header_any_value_may_fit(value: object, fits: bool) -> None:
    assert (ask(b"", {"headers": {"X-A": value}}, *TWO).mismatches == ()) is fits


class Site:
    """Answers by path; everything else is not found."""

    def __init__(self, **places: str) -> None:
        self.places = {path.replace("_", "/"): place for path, place in places.items()}
        self.asked: list[HttpRequest] = []

    def __call__(self, request: HttpRequest, *, timeout: float) -> HttpAnswer:
        """Send on from the places that are known."""
        self.asked.append(request)
        place = self.places.get(request.path)
        if place is None:
            return answering(body=request.path.encode())()
        return answering(302, headers=(("Location", place),))()


def follow(site: Site, **more: object) -> Answer:
    """Ask a site, following redirects."""
    cluster = FakeCluster()
    cluster.on_http = site
    question = {**SHOP, "path": "/a", "followRedirects": True, **more}
    return find_probe("http").ask(spec("http", question), context(cluster), 5)


@pytest.mark.parametrize(
    ("place", "path"),
    [
        ("/b", "/b"),
        ("b?c=d", "/b?c=d"),
        ("http://shop/b", "/b"),
        (f"http://shop.{SANDBOX}.svc.cluster.local:80/b", "/b"),
        ("//shop:80/b", "/b"),
    ],
)
def test_a_redirect_that_stays_is_followed(place: str, path: str) -> None:
    site = Site(_a=place)
    assert follow(site).mismatches == ()
    assert [request.path for request in site.asked] == ["/a", path]


@pytest.mark.parametrize(
    "place",
    [
        "https://shop/b",
        "http://shop:8080/b",
        "http://shop.production/b",
        "http://elsewhere.example/b",
        "http://shop@elsewhere.example/b",
        "http://[::1/b",
        "http://here:99999/",
    ],
)
def test_a_redirect_that_leaves_is_the_answer(place: str) -> None:
    site = Site(_a=place)
    answer = follow(site)
    assert answer.observed["location"] == place
    assert answer.mismatches
    assert len(site.asked) == 1


def test_a_circle_of_redirects_comes_to_an_end() -> None:
    site = Site(_a="/b", _b="/a")
    assert follow(site).mismatches
    assert len(site.asked) == 11


def test_a_posted_body_is_not_posted_again_elsewhere() -> None:
    site = Site(_a="/b")
    follow(site, method="POST", body="order")
    assert [(each.method, each.body) for each in site.asked] == [("POST", b"order"), ("GET", b"")]


def _secret(**data: str) -> Mapping[str, object]:
    return thing("v1", "Secret", "login", data=data)


USER_AND_PASSWORD = {"user": "YWRtaW4=", "password": "aHVudGVyMjI="}
PLACE = {"secret": "login", "key": "password"}


def test_a_login_from_a_restored_secret_is_sent_and_never_shown() -> None:
    heard: list[HttpRequest] = []

    def echo(request: HttpRequest, *, timeout: float) -> HttpAnswer:
        heard.append(request)
        return answering(body=f"{dict(request.headers)} hunter22".encode())()

    cluster = FakeCluster(None, _secret(**USER_AND_PASSWORD))
    cluster.on_http = echo
    basic = {"userFrom": {"secret": "login", "key": "user"}, "passwordFrom": PLACE}
    for auth, sent in (
        ({"basic": basic}, "Basic YWRtaW46aHVudGVyMjI="),
        ({"bearerFrom": PLACE}, "Bearer hunter22"),
    ):
        question = {**SHOP, "auth": auth, "headersFrom": {"X-Key": PLACE}}
        wrong = {"body": {"contains": "nothing of it"}}
        answer = find_probe("http").ask(spec("http", question, wrong), context(cluster), 5)
        assert heard[-1].headers == {"Authorization": sent, "X-Key": "hunter22"}
        assert "hunter22" not in str(answer)
        assert sent.split()[1] not in str(answer)
        assert answer.mismatches


@pytest.mark.parametrize("data", [{}, {"password": "/w=="}, {"password": "YQpi"}])
def test_a_secret_that_does_not_hold_it_is_a_wrong_answer(data: dict[str, str]) -> None:
    cluster = FakeCluster(None, _secret(**data))
    cluster.on_http = answering()
    question = {**SHOP, "auth": {"bearerFrom": PLACE}}
    answer = find_probe("http").ask(spec("http", question), context(cluster), 5)
    assert answer.mismatches
    assert "login" in str(answer.mismatches) or "several lines" in str(answer.mismatches)
