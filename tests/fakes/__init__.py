"""Fakes that keep the ports' promises in memory, for tests of every room."""
