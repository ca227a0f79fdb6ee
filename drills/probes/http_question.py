"""From a scenario's question to a request: shared by http and prometheus.

In: the question and the sandbox. Out: an HttpRequest. Logins, headers and client certificates may
come from the sandbox's own restored Secrets.
"""

import re
from collections.abc import Mapping

from drills import objects
from drills.cluster import LONGEST_BODY
from drills.errors import CannotAsk
from drills.expectations import Mismatch
from drills.findings import Cause
from drills.ports import Cluster, HttpRequest
from drills.probes.secret_values import NotThere, SandboxSecrets
from drills.probes.workloads import asked_target

MOST_BODY = 64 * 1024 * 1024
"""What `maxBody` may say at most."""
_SIZE = re.compile(r"([1-9][0-9]*)(Ki|Mi|Gi)?")
_UNITS = {"": 1, "Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30}


def request_of(
    question: Mapping[str, object], cluster: Cluster, namespace: str, secrets: SandboxSecrets
) -> HttpRequest:
    """Return the request; raises NotThere, CannotAsk."""
    said = {name: str(value) for name, value in objects.mapping(question, "headers").items()}
    return HttpRequest(
        namespace=namespace,
        target=target_of(question, cluster, namespace),
        port=str(question.get("port", 80)),
        path=objects.text(question, "path") or "/",
        scheme=objects.text(question, "scheme") or "http",
        method=objects.text(question, "method") or "GET",
        headers={**said, **secrets.headers(question)},
        body=objects.text(question, "body").encode(),
        server_name=objects.text(question, "serverName"),
        certificate=secrets.certificate(objects.mapping(question, "clientCertificate")),
        via=objects.text(question, "via") or "auto",
        max_body=max_body(question),
    )


def target_of(question: Mapping[str, object], cluster: Cluster, namespace: str) -> str:
    """Return `service/NAME` or `pod/NAME`; raises NotThere without a ready pod."""
    found = asked_target(cluster, namespace, question)
    if isinstance(found, Mismatch):
        raise NotThere(found)
    return found


def max_body(question: Mapping[str, object]) -> int:
    """Return how many bytes of a body are read; raises CannotAsk (configuration)."""
    said = question.get("maxBody")
    if said is None:
        return LONGEST_BODY
    found = _SIZE.fullmatch(str(said))
    size = int(found[1]) * _UNITS[found[2] or ""] if found else 0
    if not 0 < size <= MOST_BODY:
        raise CannotAsk(
            f"maxBody {said}: expected a size from 1 to 64Mi", cause=Cause.CONFIGURATION
        )
    return size
