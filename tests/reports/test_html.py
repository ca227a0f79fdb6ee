"""The page needs nothing else, trusts no text, and can be read by everybody."""

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from drills.record import PassedOver
from reports import render_html, to_document
from tests.reports import records

VOID = {"meta", "link", "br", "img", "hr", "input"}


class Page(HTMLParser):
    """Elements with their attributes, and the text outside of the style sheet."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.style = ""
        self.feed(page.decode())
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the element and that it is open."""
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element that closes itself."""
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        """Check that the innermost element is closed."""
        assert self.open.pop() == tag, f"<{tag}> is closed in the wrong place"

    def handle_data(self, data: str) -> None:
        """Keep the text apart from the style sheet."""
        if self.open and self.open[-1] == "style":
            self.style += data
        else:
            self.text += data


def page(name: str) -> Page:
    return Page(render_html(to_document(records.ALL[name]())))


@pytest.fixture(params=sorted(records.ALL))
def any_page(request: pytest.FixtureRequest) -> Page:
    return page(request.param)


def test_needs_nothing_else(any_page: Page) -> None:
    """No script, no link to another file, no inline style that the policy would refuse."""
    tags = {tag for tag, _ in any_page.elements}
    assert tags.isdisjoint({"script", "link", "img", "iframe", "object", "form"})
    for tag, attributes in any_page.elements:
        assert not [name for name in attributes if name.startswith("on") or name == "style"], tag
        assert (attributes.get("href") or "#").startswith("#")
    assert "url(" not in any_page.style
    assert "@import" not in any_page.style


def test_policy_allows_the_one_style_sheet(any_page: Page) -> None:
    digest = base64.b64encode(hashlib.sha256(any_page.style.encode()).digest()).decode()
    policy = next(a["content"] for t, a in any_page.elements if t == "meta" and "http-equiv" in a)
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )


def test_structure_for_screen_readers(any_page: Page) -> None:
    """One h1, landmarks, a caption and header cells on every table, links that lead somewhere."""
    tags = [tag for tag, _ in any_page.elements]
    assert [tags.count(name) for name in ("h1", "main", "header", "footer", "nav")] == [1] * 5
    assert tags.count("caption") == tags.count("table")
    assert all(a.get("scope") in {"col", "row"} for t, a in any_page.elements if t == "th")
    ids = [a["id"] for _, a in any_page.elements if "id" in a]
    assert len(ids) == len(set(ids))
    assert {a["href"][1:] for t, a in any_page.elements if t == "a"} <= set(ids)
    assert {a["aria-labelledby"] for _, a in any_page.elements if "aria-labelledby" in a} <= set(
        ids
    )
    assert all(a.get("aria-hidden") == "true" for t, a in any_page.elements if t == "svg")
    assert any_page.open == []


def test_hostile_text_stays_text() -> None:
    """Names from a cluster cannot become elements, attributes or style."""
    hostile = "</style><script>alert(1)</script>\"' onload=x {{ 7*7 }}"
    good = records.failed_missing_volume()
    record = replace(
        good,
        scenario=replace(good.scenario, name=hostile, description=hostile),
        probes=tuple(replace(p, name=hostile, observed=hostile) for p in good.probes),
        findings=tuple(replace(f, subject=hostile, remedy=hostile) for f in good.findings),
        passed_over=(PassedOver(name=hostile, reason=hostile),),
        restore=replace(good.restore, errors=(hostile,), submitted={hostile: hostile}),
        versions={hostile: hostile},
        traceback=hostile,
    )
    found = Page(render_html(to_document(record)))
    assert "script" not in {tag for tag, _ in found.elements}
    assert found.text.count(hostile) > 10
    assert found.style == page("passed").style


def test_embedded_is_shouted_at_the_top() -> None:
    found = page("embedded")
    assert found.text.index("no container ran") < found.text.index("Recovery time")
    assert "(embedded)" in found.text
    assert found.text.count("simulated") >= 4
    assert "no container ran" not in page("passed").text


def test_leftovers_are_shouted_though_passed() -> None:
    text = page("leftovers").text
    assert text.index("Cleanup incomplete") < text.index("Recovery time")
    assert "persistentvolume pvc-0b1c" in text


def test_findings_stand_by_severity() -> None:
    text = page("failed").text
    order = [text.index(s) for s in ("payment-credentials\n", "schedule production-daily")]
    assert order == sorted(order)
    assert "What to do next" in text


def test_failed_probes_come_first() -> None:
    text = page("failed").text
    probes = text[text.index("those that did not come first") :]
    assert probes.index("newest ledger entry") < probes.index("shop answers\n")


def test_traceback_is_there_but_folded() -> None:
    record = replace(records.inconclusive_hang(), traceback="Traceback: KeyError")
    found = Page(render_html(to_document(record)))
    assert "Traceback: KeyError" in found.text
    assert all("open" not in a for t, a in found.elements if t == "details")


def test_four_hundred_probes() -> None:
    good = records.passed()
    probes = tuple(replace(good.probes[0], name=f"probe {i}") for i in range(400))
    found = Page(render_html(to_document(replace(good, probes=probes))))
    assert "400 of 400 probes passed" in found.text
    assert "probe 399" in found.text


def _palettes() -> list[dict[str, str]]:
    light, dark = page("passed").style.split("@media screen and (prefers-color-scheme: dark)")[:2]
    colour = re.compile(r"--([\w-]+): (#[0-9a-f]{6})")
    return [dict(colour.findall(part)) for part in (light, dark)]


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("palette", _palettes(), ids=["light", "dark"])
def test_contrast(palette: dict[str, str]) -> None:
    """Text keeps 4.5:1 on every ground it stands on, bars 3:1 (WCAG 2.2, 1.4.3 and 1.4.11)."""
    tones = ("good", "warn", "bad", "open", "calm")
    texts = [(t, f"{t}-bg") for t in tones] + [(t, g) for t in tones for g in ("bg", "sheet")]
    texts += [(t, g) for t in ("text", "muted", "link") for g in ("bg", "sheet")]
    texts += [("text", f"{t}-bg") for t in tones] + [("bg", t) for t in tones]
    poor = [pair for pair in texts if _contrast(*(palette[name] for name in pair)) < 4.5]
    bars = [b for b in palette if b.startswith("b-") and _contrast(palette[b], palette["bg"]) < 3]
    assert (poor, bars) == ([], [])
