"""What a Velero Backup's spec leaves out, kind by kind and object by object."""

import pytest

from drills.cluster import ServedKind
from drills.engines.velero.scope import scope_of

CERTIFICATE = ServedKind(
    api_version="cert-manager.io/v1", kind="Certificate", plural="certificates", namespaced=True
)
CONFIG_MAP = ServedKind(api_version="v1", kind="ConfigMap", plural="configmaps", namespaced=True)


@pytest.mark.parametrize(
    ("spec", "served", "why"),
    [
        ({}, CONFIG_MAP, ""),
        ({"includedResources": ["*"]}, CONFIG_MAP, ""),
        ({"includedResources": ["configmaps"]}, CONFIG_MAP, ""),
        ({"includedResources": ["ConfigMap"]}, CONFIG_MAP, ""),
        ({"includedResources": ["secrets"]}, CONFIG_MAP, "not among the kinds that it includes"),
        ({"includedNamespaceScopedResources": ["secrets"]}, CONFIG_MAP, "not among the kinds"),
        ({"excludedResources": ["certificates"]}, CERTIFICATE, "excluded by kind"),
        ({"excludedResources": ["certificates.cert-manager.io"]}, CERTIFICATE, "excluded by kind"),
        ({"excludedResources": ["certificates.other.io"]}, CERTIFICATE, ""),
        ({"excludedNamespaceScopedResources": ["*.cert-manager.io"]}, CERTIFICATE, "excluded by"),
        ({"labelSelector": {"matchLabels": {"app": "x"}}}, CONFIG_MAP, "not taken by its label"),
        ({"orLabelSelectors": [{"matchLabels": {"a": "b"}}]}, CONFIG_MAP, "its label selectors"),
        ({"resourcePolicy": {"name": "p"}}, CONFIG_MAP, "not taken by its resource policy"),
        ({"includedResources": None, "labelSelector": None}, CONFIG_MAP, ""),
        ({"includedResources": "broken"}, CONFIG_MAP, ""),
    ],
)
def test_the_order(spec: dict[str, object], served: ServedKind, why: str) -> None:
    found = scope_of({"spec": spec}).left_out(served, {})
    assert found.startswith(why) if why.startswith("not among") else why in found
    assert bool(found) == bool(why)


@pytest.mark.parametrize(("value", "left_out"), [("true", True), ("false", False), ("", False)])
def test_the_label_of_an_object(value: str, left_out: bool) -> None:
    labels = {"velero.io/exclude-from-backup": value}
    assert bool(scope_of({}).left_out(CONFIG_MAP, labels)) is left_out
