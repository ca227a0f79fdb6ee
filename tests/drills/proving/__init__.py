"""Tests of the proof that a sandbox is closed."""
