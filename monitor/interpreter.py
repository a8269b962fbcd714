"""How Python itself is set while the service works: threads give way soon, and garbage is looked for where it is."""

import gc
import sys

SWITCH_SECONDS = 0.0005  # with more, a scrape being written in its thread holds up every socket of the event loop
COLLECTING = (10_000, 10, 100)
"""Thresholds of the garbage collector. A full collection stops everything for as long as it takes to go through all
objects that live: a second at 10,000 paths, and by default there is one every few seconds while their checks get their
first verdicts. The younger generations find nearly all garbage."""


def share_between_threads() -> None:
    """Let a thread that computes give way to the event loop within half a millisecond."""
    sys.setswitchinterval(SWITCH_SECONDS)


def settle() -> None:
    """Collect garbage, and from now on only that of what is made after this: what lives as long as the configuration
    is not to be gone through again and again. `mailpath serve` starts without collecting."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTING)
    gc.enable()
