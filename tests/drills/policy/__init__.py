"""Tests of what backups are held to."""
