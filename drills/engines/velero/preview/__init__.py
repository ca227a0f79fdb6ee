"""What a restore would create, object by object, worked out without restoring.

In: the order. Out: the objects as Velero would send them to the API server, in its own order.
"""

from drills.engines.velero.preview.previewing import preview, preview_of

__all__ = ["preview", "preview_of"]
