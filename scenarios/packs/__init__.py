"""Probe packs: one YAML file each, small sets of probes for one well-known program."""
