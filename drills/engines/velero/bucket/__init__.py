"""Velero's backups in an object store, checked without Velero and without a cluster.

In: a store. Out: a BackupCheck for each backup. Layout: Velero 1.14 to 1.18.
"""

from drills.engines.velero.bucket.check import VeleroBucket

__all__ = ["VeleroBucket"]
