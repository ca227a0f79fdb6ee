"""The ConfigMaps by which a Velero changes storage classes and images in every restore.

In: the site. Out: what they say. Source: Velero v1.18 `pkg/restore/actions`; they are found by
label, never by name, and count for all restores of that server.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from drills import objects
from drills.engines.velero.kinds import CONFIG_MAP
from drills.engines.velero.preview.actions import Body, rows, table
from drills.engines.velero.site import Site
from drills.errors import Forbidden
from drills.pod_specs import POD_SPECS

LABEL = "velero.io/plugin-config,velero.io/{}=RestoreItemAction"


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginMaps:
    """Old storage class to new, and pieces of image names to replace, in order."""

    classes: Mapping[str, str] = field(default_factory=dict)
    images: tuple[tuple[str, str], ...] = ()

    def apply(self, resource: str, obj: Body) -> None:
        """Change `obj` in place."""
        if resource == "persistentvolumeclaims":
            self._reclass(table(obj, "spec"))
        if resource == "statefulsets.apps":
            for claim in rows(obj, "spec", "volumeClaimTemplates"):
                self._reclass(table(claim, "spec"))
        if self.images and resource in POD_SPECS:
            spec = table(obj, *POD_SPECS[resource])
            for kind in ("containers", "initContainers"):
                for container in rows(spec, kind):
                    self._rename(container)

    def _reclass(self, spec: Body) -> None:
        new = self.classes.get(objects.text(spec, "storageClassName"))
        if new:
            spec["storageClassName"] = new

    def _rename(self, container: Body) -> None:
        image = objects.text(container, "image")
        new = next((image.replace(a, b) for a, b in self.images if a and a in image), image)
        if new != image:
            container["image"] = new


def plugin_maps(site: Site) -> PluginMaps:
    """Return what is configured; nothing where ConfigMaps may not be listed."""
    pairs = (line.split(",") for line in _data(site, "change-image-name").values())
    return PluginMaps(
        classes=_data(site, "change-storage-class"),
        images=tuple((a.strip(), b.strip()) for a, b in (p for p in pairs if len(p) == 2)),  # noqa: PLR2004 - old and new
    )


def _data(site: Site, word: str) -> dict[str, str]:
    try:
        found = site.ports.cluster.list(CONFIG_MAP, site.namespace, labels=LABEL.format(word))
    except Forbidden:
        return {}
    return {
        key: value
        for one in found
        for key, value in objects.mapping(one, "data").items()
        if isinstance(value, str)
    }
