"""Probes of databases, against real servers where they are installed."""
