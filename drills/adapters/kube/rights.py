"""What we may do, by the server's own word.

In: verb, resource, namespace. Out: yes or no. Facts: SelfSubjectAccessReview is open to every
authenticated user and changes nothing, so it may be repeated.
"""

from drills import objects
from drills.adapters.kube.asking import Asker
from drills.adapters.kube.refusals import refusal
from drills.adapters.kube.wire import Request
from drills.adapters.kube.writing import ANSWERED
from drills.objects import KubeObject

PATH = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


def may(asker: Asker, verb: str, resource: str, namespace: str) -> bool:
    """Return whether we hold a right; resource is `plural.group`, `plural.group/subresource`.

    Raises Forbidden where the server does not even let us ask, Unreachable.
    """
    request = Request(
        what=f"ask whether we may {verb} {resource}",
        method="POST",
        path=PATH,
        body=_review(verb, resource, namespace),
    )
    answer = asker.freely(request)
    if answer.status not in ANSWERED:
        raise refusal(request.what, answer)
    return objects.dig(answer.document(), "status", "allowed") is True


def _review(verb: str, resource: str, namespace: str) -> KubeObject:
    whole, _, subresource = resource.partition("/")
    plural, _, group = whole.partition(".")
    asked = {
        "verb": verb,
        "group": group,
        "resource": plural,
        "subresource": subresource,
        "namespace": namespace,
    }
    return {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": {key: value for key, value in asked.items() if value}},
    }
