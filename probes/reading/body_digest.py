"""A digest of what a message says, which outlives what servers on the way do to its form.

Line ends, runs of white space, transfer encodings and boundaries do not count; a word more or less, a rewritten link or
a part more does.
"""

import hashlib

from probes.reading.mime import open_mail


def body_digest(message: bytes) -> bytes:
    """SHA-256 over the type and the words of each part, in order. Any bytes will do; bounded as `open_mail` is."""
    digest = hashlib.sha256()
    for part in open_mail(message).parts:
        digest.update(b"\0%s\0" % part.type.encode("utf-8", "replace"))
        digest.update(b" ".join(part.octets().split()))
    return digest.digest()
