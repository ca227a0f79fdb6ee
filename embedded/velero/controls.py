"""What a test does to the embedded Velero server, in words.

In: calls from a test. Out: knobs turned. What also needs the server's controllers is in
`embedded.velero.server`.
"""

from embedded.velero.knobs import ItemFault, Knobs


class Controls:
    """The part of the server that only turns knobs."""

    def __init__(self) -> None:
        self.knobs = Knobs()

    def hang(self, phase: str = "InProgress") -> None:
        """Let restores hang from now on at New, InProgress or Finalizing, until `release`."""
        self.knobs.hang_at = phase
        self.knobs.poke()

    def release(self) -> None:
        """Let hanging restores go on."""
        self.knobs.hang_at = ""
        self.knobs.poke()

    @property
    def finalizing(self) -> str:
        """Return the name of the Restore that the finalizer has in hand, '' for none."""
        return self.knobs.finalizing

    def slow(self, seconds_per_item: float) -> None:
        """Let each item of a restore take this long from now on; 0 ends it."""
        self.knobs.seconds_per_item = seconds_per_item
        self.knobs.poke()

    def fail_items(self, pattern: str, message: str = "admission webhook denied it") -> None:
        """Let items fail by `resource/namespace/name`, wildcards allowed, with this message."""
        self.knobs.item_faults = (*self.knobs.item_faults, ItemFault(pattern, message))

    def heal_items(self) -> None:
        """Let no item fail any more."""
        self.knobs.item_faults = ()

    def end_next_restore_in(self, phase: str) -> None:
        """Let the next restore end in this phase, an unknown one for example."""
        self.knobs.final_phase = phase

    def delete_next_restore(self) -> None:
        """Let the next Restore vanish while it runs."""
        self.knobs.vanish = True

    def fail_uploads(self, *patterns: str) -> None:
        """Let uploads fail whose key matches, such as `restores/*-results.gz`; none: all work."""
        self.knobs.failing_uploads = patterns
