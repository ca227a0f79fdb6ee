"""A Velero server that restores real Velero backups into the embedded cluster.

Its behaviour follows Velero 1.18; docstrings name the place in velero's source that a rule is from.

Not followed: hooks after the start, plug-ins and their ConfigMaps, CSI snapshots and data movement
(such volumes come back empty, as from a real server without `--features=EnableCSI`), making
backups, and deleting them by DeleteBackupRequest.
"""

NAMESPACE = "velero"
"""The namespace that the server and its objects live in."""

SERVER_VERSION = "v1.18.3"
"""The version whose behaviour is followed."""
