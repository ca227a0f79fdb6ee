"""Stand-ins for the prober that tries to get out of a sandbox: five kinds of network.

In: the cluster's objects. Out: stand-ins that answer the prober's command as pods would on a
network that enforces policies, ignores them, or enforces them but for one way, the API server or
one workload. No connection is made.
"""

from collections.abc import Callable

from embedded.containers import ExecAnswer
from embedded.json_objects import JsonObject, section
from embedded.objects import Objects
from embedded.pod_network import DNS_HOME, DNS_PORT, allowed, exists, home_of
from embedded.stand_in import StandIn

PROBER = "restore-drill-prober"
"""$0 of the prober's command."""
FIRST_TARGET = 6
"""Words before the targets: sh, -c, the script, $0, seconds, own port."""
API_SERVER = "@apiserver"

Network = Callable[[Objects, str, JsonObject, str, int], bool]
"""Says whether a pod (namespace, pod) reaches host and port."""


def enforced_network(objects: Objects) -> StandIn:
    """Stand in for a prober on a network that keeps every policy."""
    return _prober(objects, "enforced-network", allowed)


def ignored_network(objects: Objects) -> StandIn:
    """Stand in for a prober on a network that keeps no policy."""
    return _prober(objects, "ignored-network", lambda *_: True)


def half_open_network(objects: Objects) -> StandIn:
    """Stand in for a prober on a network that keeps policies but for the way out of the cluster."""

    def reaches(found: Objects, namespace: str, pod: JsonObject, host: str, port: int) -> bool:
        outside = host != API_SERVER and not home_of(found, host)
        return outside or allowed(found, namespace, pod, host, port)

    return _prober(objects, "half-open-network", reaches)


def exempt_network(objects: Objects) -> StandIn:
    """Stand in for a prober on a network that keeps policies but for the API server."""

    def reaches(found: Objects, namespace: str, pod: JsonObject, host: str, port: int) -> bool:
        return host == API_SERVER or allowed(found, namespace, pod, host, port)

    return _prober(objects, "exempt-network", reaches)


def selective_network(objects: Objects) -> StandIn:
    """Stand in for a prober on a network that keeps policies but for pods labelled `app=shop`.

    So it is where a policy of the whole cluster lets them out.
    """

    def reaches(found: Objects, namespace: str, pod: JsonObject, host: str, port: int) -> bool:
        chosen = section(pod, "metadata", "labels").get("app") == "shop"
        return chosen or allowed(found, namespace, pod, host, port)

    return _prober(objects, "selective-network", reaches)


def _prober(objects: Objects, name: str, reaches: Network) -> StandIn:
    def exec_(
        namespace: str, pod: str, container: str, command: tuple[str, ...]
    ) -> ExecAnswer | None:
        del container
        found = objects.peek("pods", namespace, pod)
        if found is None or command[3:4] != (PROBER,):
            return None
        lines = []
        for at, (verb, host, port) in enumerate(_targets(command)):
            where = (f"dns.{DNS_HOME}.svc", DNS_PORT) if verb == "dns" else (host, port)
            there = verb == "dns" or exists(objects, host, port)
            reached = there and reaches(objects, namespace, found, *where)
            lines.append(f"{at} {'reached' if reached else 'unreached'}\n")
        return ExecAnswer(stand_in=name, stdout="".join([*lines, "done\n"]).encode())

    return StandIn(name=name, exec=exec_)


def _targets(command: tuple[str, ...]) -> list[tuple[str, str, int]]:
    words = command[FIRST_TARGET:]
    return [(words[at], words[at + 1], int(words[at + 2])) for at in range(0, len(words) - 2, 3)]
