"""The limit of file descriptors of this process: each connection, file and pipe takes one."""

import resource

MAX_DESCRIPTORS = 65_536  # more would only let a mistake of ours grow


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
