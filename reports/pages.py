"""What every page shares: the one style sheet, its hash, the templates and their filters.

In: a template's name and what it shows. Out: HTML bytes. The content security policy of a page
names the style sheet by its hash and refuses everything else, so that no text from a cluster or a
bucket can ever act in the reader's browser.
"""

import base64
import hashlib
import threading
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from reports import words

if TYPE_CHECKING:
    from jinja2 import Environment

_TEMPLATES = Path(__file__).parent / "templates"
_one_at_a_time = threading.Lock()
"""Two threads that compile the same template would take twice as long as one."""


def page(template: str, **shown: object) -> bytes:
    """Return the page as UTF-8; the same values always give the same bytes."""
    css = _style_sheet()
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    with _one_at_a_time:
        found = _environment().get_template(template)
        return found.render(css=css, css_hash=digest, **shown).encode()


def prepare() -> None:
    """Compile the templates ahead, where there is time for it; `page` finds them ready."""
    with _one_at_a_time:
        environment = _environment()
        for name in environment.list_templates(extensions=["j2"]):
            environment.get_template(name)


@cache
def _style_sheet() -> str:
    return (_TEMPLATES / "report.css").read_text(encoding="utf-8")


@cache
def _environment() -> "Environment":
    from jinja2 import (  # noqa: PLC0415 - slow to import, needed by pages alone
        Environment,
        FileSystemLoader,
        StrictUndefined,
    )

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        duration=words.duration, instant=words.instant, size=words.size, offset=_offset
    )
    environment.globals.update(plural=words.plural)
    return environment


def _offset(seconds: float | None) -> str:
    if seconds is None:
        return words.UNKNOWN
    return "0" if seconds == 0 else f"+{words.duration(seconds)}"
