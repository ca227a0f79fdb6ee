"""Words for kinds: whatever Velero and kubectl take means the same here."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.kinds import BUILTIN, full_name, kind_of_backup, known_as, unknown_word

WORDS = {
    "configmaps": ["configmap", "ConfigMap", "cm", "CONFIGMAPS"],
    "deployments.apps": ["deploy", "Deployment", "deployments", "deployment.apps", "deploy.app"],
    "persistentvolumeclaims": ["pvc", "persistentvolumeclaim", "PersistentVolumeClaim"],
    "ingresses.networking.k8s.io": ["ing", "ingress", "Ingress", "ingresses.networking"],
    "ingresses.extensions": ["ingress.extensions"],
    "networkpolicies.networking.k8s.io": ["netpol", "networkpolicy"],
    "storageclasses.storage.k8s.io": ["sc", "StorageClass"],
    "endpoints": ["ep", "Endpoints"],
    "events": ["ev", "event"],
    "events.events.k8s.io": ["event.events.k8s.io"],
    "jobs.batch": ["job", "Job", "jobs"],
}
UNKNOWN = {
    "foobars": "a custom kind needs its group: foobars.example.com",
    "confgmap": "did you mean 'configmaps'?",
    "deploymnets": "did you mean 'deployments.apps'?",
    "deploymnet.apps": "did you mean 'deployments.apps'?",
    "xyz.batch": "",
}


@pytest.mark.parametrize("meant", WORDS)
def test_every_word_for_it(meant: str) -> None:
    assert {full_name(word) for word in [meant, *WORDS[meant]]} == {meant}
    assert {unknown_word(word) for word in [meant, *WORDS[meant]]} == {None}


@pytest.mark.parametrize("word", UNKNOWN)
def test_a_word_for_nothing(word: str) -> None:
    """No cluster is needed to know it, and the hint says what may be meant."""
    assert unknown_word(word) == UNKNOWN[word]


@pytest.mark.parametrize("word", ["widgets.example.com", "*.example.com", "Widget.example.com"])
def test_custom_kinds_may_be(word: str) -> None:
    """Only the backup can tell what they are."""
    assert unknown_word(word) is None
    assert full_name(word) == word.lower()


def test_the_backup_tells_of_custom_kinds() -> None:
    widgets = kind_of_backup("widgets.example.com", "Widget")
    services = kind_of_backup("services.serving.knative.dev", "Service")
    known = (widgets, services)
    assert known_as("widget.example.com", known) == "widgets.example.com"
    assert known_as("service", known) == "services"
    assert known_as("service.serving.knative.dev", known) == "services.serving.knative.dev"
    assert known_as("gadget.example.com", known) is None


@given(st.sampled_from(sorted({word for kind in BUILTIN for word in kind.words})))
def test_a_full_name_is_its_own(word: str) -> None:
    """What a word stands for stands for itself, and no word stands for two."""
    once = full_name(word)
    assert full_name(once) == once
