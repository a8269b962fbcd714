"""A digest of a message's text that survives changes of its form on the way.

Line ends, white space, transfer encodings and boundaries do not count; an added or missing word, a rewritten link or an
additional part does.
"""

import hashlib

from probes.reading.mime import open_mail

PIECE = 2000  # octets


def body_digest(message: bytes) -> bytes:
    """SHA-256 of `body_words`."""
    return digest_of_words(body_words(message))


def body_words(message: bytes) -> bytes:
    """The type and the words of each part, in order. Any bytes will do; bounded as `open_mail` is."""
    parts = open_mail(message).parts
    return b"".join(
        b"\0%s\0%s" % (part.type.encode("utf-8", "replace"), b" ".join(part.octets().split())) for part in parts
    )


def digest_of_words(words: bytes) -> bytes:
    """The digest of a message with these `body_words`."""
    digest = hashlib.sha256()
    for start in range(0, len(words), PIECE):  # of more at once, hashlib lets other threads run: see `keyed_digest`
        digest.update(words[start : start + PIECE])
    return digest.digest()
