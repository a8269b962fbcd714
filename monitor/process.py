"""This process: how many file descriptors it may have, and how Python's threads and garbage collector are set while the
service works."""

import gc
import resource
import sys

MAX_DESCRIPTORS = 65_536  # more would only let a mistake of ours grow
SWITCH_SECONDS = 0.0005  # with more, a scrape being written in its thread holds up every socket of the event loop
COLLECTING = (10_000, 10, 100)
"""Thresholds of the garbage collector. A full collection stops everything for as long as it takes to go through all
objects that live: a second at 10,000 paths, and by default there is one every few seconds while their checks get their
first verdicts. The younger generations find nearly all garbage."""


def raise_descriptor_limit() -> int:
    """Raise the soft limit to the hard one, at most to MAX_DESCRIPTORS. Returns the limit now in force."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, MAX_DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return descriptor_limit()


def descriptor_limit() -> int:
    """Return the current limit, at most MAX_DESCRIPTORS."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MAX_DESCRIPTORS if soft == resource.RLIM_INFINITY else min(soft, MAX_DESCRIPTORS)


def share_between_threads() -> None:
    """Let a thread that computes give way to the event loop within half a millisecond."""
    sys.setswitchinterval(SWITCH_SECONDS)


def settle_memory() -> None:
    """Collect garbage, and from now on only that of what is made after this: what lives as long as the configuration
    is not to be gone through again and again. `mailpath serve` starts without collecting."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTING)
    gc.enable()
