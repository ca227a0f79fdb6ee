"""Marks by which a GitOps tool knows its own objects."""

TRACKED_BY = (
    "argocd.argoproj.io/",
    "kustomize.toolkit.fluxcd.io/",
    "helm.toolkit.fluxcd.io/",
)
"""Prefixes of labels and annotations; the tool would prune a copy that carries one."""
