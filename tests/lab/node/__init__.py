"""The second flavour of the lab: one real node with real pods, in namespaces of its own."""
