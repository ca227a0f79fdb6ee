"""Tests of what a restore would create."""
