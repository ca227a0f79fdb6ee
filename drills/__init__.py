"""Runs a Scenario through the ports and returns a DrillRecord; begin with `drills.drill`."""
