"""The body of a watch: its lines, its limit on silence, and what is kept of its objects.

In: an open response. Out: one line per event, and the error that an ERROR event stands for.
"""

import json
from collections.abc import Iterator
from contextlib import suppress

import urllib3

from drills import objects
from drills.adapters.kube.listing import Selection
from drills.adapters.kube.refusals import refusal
from drills.adapters.kube.wire import Answer
from drills.errors import DrillError
from drills.objects import KubeObject

CHUNK = 1 << 16


def lines(response: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    """Yield whole lines; one that the end of the stream cuts off is dropped."""
    rest = b""
    while chunk := response.read1(CHUNK):
        *whole, rest = (rest + chunk).split(b"\n")
        yield from (line for line in whole if line.strip())


def limit_silence(response: urllib3.BaseHTTPResponse, seconds: float) -> None:
    """Let a read fail after `seconds` without a byte: the connection is half-open."""
    sock = getattr(response.connection, "sock", None)
    if sock is not None:
        sock.settimeout(seconds)


def interrupt(response: urllib3.BaseHTTPResponse) -> None:
    """Wake a thread that reads from the response; it hears the end of the stream."""
    with suppress(OSError, ValueError, RuntimeError, AttributeError):
        response.shutdown()


def failure(selection: Selection, status: KubeObject) -> DrillError:
    """Return the error for the Status object of an ERROR event."""
    body = json.dumps(status).encode()
    answer = Answer(status=objects.number(status, "code"), headers={}, body=body)
    return refusal(selection.describe("watch"), answer)


def stub(obj: KubeObject) -> KubeObject:
    """Return just what identifies an object: this is kept for every object watched."""
    kept = ("name", "namespace", "uid", "labels", "resourceVersion")
    metadata = objects.mapping(obj, "metadata")
    return {
        "apiVersion": objects.text(obj, "apiVersion"),
        "kind": objects.text(obj, "kind"),
        "metadata": {key: metadata[key] for key in kept if key in metadata},
    }
