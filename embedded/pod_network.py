"""A network that pods are said to have: which addresses they reach, by the policies there are.

In: the cluster's objects, a pod and an address. Out: yes or no, by the rules of
networking.k8s.io/v1 for egress (allow rules add up; a pod that no policy selects reaches all).
Selectors of pods in rules are not looked at: a rule that names a namespace lets all of it in.
"""

import ipaddress

from embedded.json_objects import JsonObject, items, name_of, section
from embedded.objects import Objects
from embedded.selectors import matches_labels

POLICIES, DNS_HOME, DNS_PORT = "networkpolicies.networking.k8s.io", "kube-system", 53


def allowed(objects: Objects, namespace: str, pod: JsonObject, host: str, port: int) -> bool:
    """Return whether the policies let the pod reach `host` on `port`."""
    selecting = [
        policy
        for policy in objects.all(POLICIES, namespace)
        if "Egress" in items(policy, "spec", "policyTypes") or "egress" in section(policy, "spec")
        if _fits(section(policy, "spec", "podSelector", "matchLabels"), pod)
    ]
    home = home_of(objects, host)
    rules = [rule for policy in selecting for rule in items(policy, "spec", "egress")]
    return not selecting or any(
        _port_fits(rule, port) and _peer_fits(objects, rule, namespace, home, host)
        for rule in rules
    )


def home_of(objects: Objects, host: str) -> str:
    """Return the namespace of the Service or pod that `host` names, '' for the world outside."""
    parts = host.split(".")
    if parts[2:3] == ["svc"]:
        return parts[1]
    for kind, keys in (("services", ("spec", "clusterIP")), ("pods", ("status", "podIP"))):
        for one in objects.all(kind):
            if section(one, keys[0]).get(keys[1]) == host:
                return str(one["metadata"]["namespace"])
    return ""


def exists(objects: Objects, host: str, port: int) -> bool:
    """Return whether anything answers there: a Service with that port, a pod, or the world."""
    parts = host.split(".")
    named = parts[2:3] == ["svc"]
    for one in objects.all("services"):
        place = (name_of(one), one["metadata"]["namespace"])
        if (named and place == (parts[0], parts[1])) or section(one, "spec").get(
            "clusterIP"
        ) == host:
            return any(each.get("port") == port for each in items(one, "spec", "ports"))
    return not named


def _port_fits(rule: JsonObject, port: int) -> bool:
    ports = items(rule, "ports")
    return not ports or any(each.get("port") in {None, port} for each in ports)


def _peer_fits(objects: Objects, rule: JsonObject, namespace: str, home: str, host: str) -> bool:
    peers = items(rule, "to")
    return not peers or any(_peer_is(objects, peer, namespace, home, host) for peer in peers)


def _peer_is(objects: Objects, peer: JsonObject, namespace: str, home: str, host: str) -> bool:
    if "ipBlock" in peer:
        return _inside(host, str(section(peer, "ipBlock").get("cidr")))
    if not home:
        return False
    if "namespaceSelector" not in peer:
        return home == namespace
    found = objects.peek("namespaces", "", home)
    wanted = section(peer, "namespaceSelector", "matchLabels")
    return found is not None and _fits(wanted, found)


def _fits(wanted: JsonObject, obj: JsonObject) -> bool:
    """Return whether a selector takes the object; an empty one takes all."""
    return not wanted or matches_labels(wanted, obj)


def _inside(host: str, cidr: str) -> bool:
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(cidr, strict=False)
    except ValueError:
        return False
