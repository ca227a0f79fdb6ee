"""Structured logs on stderr: readable lines on a terminal, JSON elsewhere; secrets redacted."""

import re
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

SECRET_KEYS = re.compile(
    r"(password|passwd|secret|token|authorization|credential|private[_-]?key|access[_-]?key)",
    re.IGNORECASE,
)
SIGNED_URL = re.compile(
    r"([?&](?:X-Amz-Signature|X-Amz-Credential|Signature|sig)=)[^&\s]+", re.IGNORECASE
)
BEARER = re.compile(r"(bearer\s+)[A-Za-z0-9._~+/-]+=*", re.IGNORECASE)
URL_PASSWORD = re.compile(r"(://[^/\s:@]+:)[^/\s@]+@")
HIDDEN = "[hidden]"


def redact(_logger: object, _method: str, event: MutableMapping[str, Any]) -> Any:  # noqa: ANN401
    """Hide values under telling keys, signatures in URLs, bearer tokens, passwords in URLs."""
    for key, value in event.items():
        if SECRET_KEYS.search(key):
            event[key] = HIDDEN
        elif isinstance(value, str):
            event[key] = redact_text(value)
    return event


def redact_text(text: str) -> str:
    """Return `text` without what looks like a secret."""
    text = SIGNED_URL.sub(rf"\1{HIDDEN}", text)
    text = BEARER.sub(rf"\1{HIDDEN}", text)
    return URL_PASSWORD.sub(rf"\1{HIDDEN}@", text)


def configure(
    style: str, *, colour: bool, verbose: bool = False, stream: TextIO | None = None
) -> None:
    """Set logging up; `style` is `text` or `json`, `verbose` shows progress within stages."""
    renderer: structlog.typing.Processor
    if style == "json":
        renderer = structlog.processors.JSONRenderer()
    else:
        renderer = structlog.dev.ConsoleRenderer(colors=colour)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            redact,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger("debug" if verbose else "info"),
        logger_factory=structlog.PrintLoggerFactory(stream or sys.stderr),
        cache_logger_on_first_use=False,
    )


def style_of(log_format: str) -> str:
    """Return `text` or `json`; `auto` is readable on a terminal and JSON elsewhere."""
    if log_format != "auto":
        return log_format
    return "text" if sys.stderr.isatty() else "json"
