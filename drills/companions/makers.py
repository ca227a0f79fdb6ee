"""Custom resources by which a controller makes Secrets and ConfigMaps. Pure.

In: an object as archived. Out: a Maker with the names it makes. What is not in the table is a
guess by name: operators call what they make after their own resource (`db` makes `db-app`).
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache

from drills import objects
from drills.backups import Maker, ObjectKey
from drills.objects import KubeObject

SERVING_CERTIFICATE = (
    "service.beta.openshift.io/serving-cert-secret-name",
    "service.alpha.openshift.io/serving-cert-secret-name",
)
"""OpenShift's service CA makes this Secret for a Service."""
_BUILT_IN = frozenset({"", "apps", "batch", "autoscaling", "policy", "extensions", "velero.io"})

_ONLY_CONFIGURE = frozenset(
    {
        "aquasecurity.github.io",
        "cilium.io",
        "crd.projectcalico.org",
        "keda.sh",
        "kyverno.io",
        "networking.istio.io",
        "projectcalico.org",
        "projectcontour.io",
        "security.istio.io",
        "telemetry.istio.io",
        "traefik.containo.us",
        "traefik.io",
        "wgpolicyk8s.io",
    }
)
"""Groups whose resources set up traffic, policies or scaling, and make no Secrets."""
_ONLY_WATCH = frozenset(
    f"{plural}.monitoring.coreos.com"
    for plural in ("podmonitors", "probes", "prometheusrules", "servicemonitors")
)


def maker_of(key: ObjectKey, obj: KubeObject) -> Maker | None:
    """Return what `obj` makes, None where it is none that the table knows."""
    ask = MAKERS.get(key.resource)
    if ask is None:
        return None
    makes = tuple(name for name in ask(obj) if name)
    return Maker(key=key, makes=makes) if makes else None


@lru_cache(maxsize=1024)
def may_make(resource: str) -> bool:
    """Return whether an operator may make Secrets by a custom `resource` (`plural.group`)."""
    group = resource.partition(".")[2]
    if group in _BUILT_IN or group.endswith(".k8s.io"):
        return False
    return group not in _ONLY_CONFIGURE and resource not in _ONLY_WATCH


def named_after(name: str) -> Iterator[str]:
    """Yield the names after which `name` may be called: its runs of words, the longest first."""
    words = re.split(r"([.-])", name)
    for length in range(len(words), 0, -2):
        for start in range(0, len(words) - length + 1, 2):
            yield "".join(words[start : start + length])


def _service(obj: KubeObject) -> Iterable[str]:
    annotations = objects.mapping(obj, "metadata", "annotations")
    return (str(annotations[word]) for word in SERVING_CERTIFICATE if word in annotations)


def _or_its_name(*path: str) -> Callable[[KubeObject], Iterable[str]]:
    return lambda obj: (objects.text(obj, *path) or objects.name(obj),)


def _only(*path: str) -> Callable[[KubeObject], Iterable[str]]:
    return lambda obj: (objects.text(obj, *path),)


def _each(word: str, *path: str) -> Callable[[KubeObject], Iterable[str]]:
    return lambda obj: (objects.text(row, word) for row in objects.items(obj, *path))


_VAULT = _only("spec", "destination", "name")
MAKERS: Mapping[str, Callable[[KubeObject], Iterable[str]]] = {
    "services": _service,
    "externalsecrets.external-secrets.io": _or_its_name("spec", "target", "name"),
    "externalsecrets.kubernetes-client.io": _or_its_name(),
    "sealedsecrets.bitnami.com": _or_its_name("spec", "template", "metadata", "name"),
    "certificates.cert-manager.io": _only("spec", "secretName"),
    "vaultstaticsecrets.secrets.hashicorp.com": _VAULT,
    "vaultdynamicsecrets.secrets.hashicorp.com": _VAULT,
    "vaultpkisecrets.secrets.hashicorp.com": _VAULT,
    "hcpvaultsecretsapps.secrets.hashicorp.com": _VAULT,
    "vaultsecrets.ricoberger.de": _or_its_name(),
    "onepassworditems.onepassword.com": _or_its_name(),
    "infisicalsecrets.secrets.infisical.com": _only("spec", "managedSecretReference", "secretName"),
    "dopplersecrets.secrets.doppler.com": _only("spec", "managedSecret", "name"),
    "sopssecrets.isindir.github.com": _each("name", "spec", "secretTemplates"),
    "secretproviderclasses.secrets-store.csi.x-k8s.io": _each(
        "secretName", "spec", "secretObjects"
    ),
}
"""What makes Secrets, by the projects' own API references."""
