"""Reads one Velero backup, and judges what was read: a drill and `verify --bucket` both do it here.

In: where the backup's files are. Out: what it holds, and every finding about it.
"""
