"""Checking stored backups without restoring them."""
