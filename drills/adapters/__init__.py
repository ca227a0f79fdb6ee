"""The ports' other side: clusters, stores, clocks and programs as they really are."""
