"""Makes the backups that are kept in `tests/corpus`, with one Velero after the other."""
