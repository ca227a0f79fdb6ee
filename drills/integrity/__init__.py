"""Is a stored backup whole? Asked of the object store itself, without restoring anything.

In: an object store. Out: a BackupCheck for each backup. This package knows streams, archives,
memory and history; how a backup system lays out its files is known by its engine.
"""
