"""Kept backups with CSI."""
