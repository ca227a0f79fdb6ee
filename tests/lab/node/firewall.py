"""Writes what pods may do as firewall rules of the node's own network namespace.

In come fences, out comes the text of one whole table, which `iptables-restore` swaps in at once.
The table is `security`, which nobody else uses: it sees a packet after the Service's address was
replaced by a pod's, and after everybody else has accepted it.
"""

from collections.abc import Iterable, Iterator, Sequence

from tests.lab.node.network import PODS
from tests.lab.node.policies import Allowed, Fence, Ports

_START = ("*security", ":INPUT ACCEPT [0:0]", ":FORWARD ACCEPT [0:0]", ":OUTPUT ACCEPT [0:0]")
OPEN = "\n".join((*_START, "COMMIT", ""))
"""The table that lets everything through."""


def table(fences: Sequence[Fence]) -> str:
    """The table that enforces the fences, and closes the network to pods that have none.

    The node's own packets to pods pass (probes, `exec`), packets of pods to the node do not.
    """
    chains, rules = ["LAB-POLICY", "LAB-SOURCES", "LAB-TARGETS"], [
        "-A INPUT -j LAB-POLICY",
        "-A FORWARD -j LAB-POLICY",
        "-A LAB-POLICY -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN",
        f"-A LAB-POLICY -s {PODS} -j LAB-SOURCES",
        f"-A LAB-POLICY -d {PODS} -j LAB-TARGETS",
    ]  # fmt: skip
    for fence in fences:
        for chain, start, own, other, allowed in (
            ("LAB-SOURCES", "LAB-OUT", "-s", "-d", fence.egress),
            ("LAB-TARGETS", "LAB-IN", "-d", "-s", fence.ingress),
        ):
            if allowed is None:
                rules.append(f"-A {chain} {own} {fence.address} -j RETURN")
                continue
            pod = f"{start}-{fence.address}"
            chains.append(pod)
            # Goto: who is let through returns to the policy's next question.
            rules.append(f"-A {chain} {own} {fence.address} -g {pod}")
            rules.append(f"-A {pod} {other} {fence.address} -j RETURN")
            rules += [f"-A {pod} {match} -j RETURN" for match in _matches(allowed, other)]
            rules.append(f"-A {pod} -j DROP")
    rules += ["-A LAB-SOURCES -j DROP", "-A LAB-TARGETS -j DROP"]
    declared = [f":{chain} - [0:0]" for chain in chains]
    return "\n".join((*_START, *declared, *rules, "COMMIT", ""))


def _matches(allowed: Iterable[Allowed], other: str) -> Iterator[str]:
    seen = dict.fromkeys(allowed)  # several policies may say the same
    for entry in seen:
        if not entry.ports:
            yield f"{other} {entry.peer}"
        for ports in entry.ports:
            yield f"{other} {entry.peer} {_match(ports)}"


def _match(ports: Ports) -> str:
    protocol = f"-p {ports.protocol.lower()}"
    if ports.first is None:
        return protocol
    return f"{protocol} --dport {ports.first}:{ports.last}"
