"""Tests of `drills.coverage`."""
