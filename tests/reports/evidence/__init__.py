"""Tests of the evidence archive: what it holds, and that tampering shows."""
