"""Buckets of mailboxes: which of them a worker takes, and which it leaves to others. Pure.

A bucket is a hash of a mailbox's key: whoever owns it holds the one connection to the mailbox, its schedule and its
probes in flight. Each worker wants its fair share; one that has more leaves the rest, so that load moves by itself when
workers come and go.
"""

from hashlib import blake2b
from math import ceil

from monitor.config import WatchedPath
from monitor.store.ownership import BUCKETS, OwnershipChange, OwnershipView


def bucket_of(mailbox_key: str) -> int:
    """Return the bucket of a mailbox, the same in every process."""
    return int.from_bytes(blake2b(mailbox_key.encode("utf-8", "surrogatepass"), digest_size=4).digest()) % BUCKETS


def bucket_of_path(path: WatchedPath) -> int:
    """Return the bucket of the path's mailbox; of the path itself, where its route needs none."""
    return bucket_of(path.mailbox_key or path.key)


def fair_share(live: int) -> int:
    """Return how many buckets each of so many workers owns at most."""
    return ceil(BUCKETS / max(live, 1))


def decide(view: OwnershipView) -> OwnershipChange:
    """Return what a worker takes and leaves, to own its fair share."""
    share = fair_share(view.live)
    return OwnershipChange(view.free[: max(share - len(view.mine), 0)], view.mine[share:])


def take_all(view: OwnershipView) -> OwnershipChange:
    """Return the same for the only worker that there may be."""
    return OwnershipChange(view.free, ())
