"""DKIM signatures (RFC 6376, RFC 8463) on the mails we compose, where the sender lent us a key of its own."""

from datetime import datetime

from probes.settings import Secret, Settings


class Signer:
    """Signs for one domain with one key, parsed once."""

    def sign(self, content: bytes, at: datetime) -> bytes:
        """`content` with a DKIM-Signature header before it, dated `at`. The same arguments give the same bytes."""
        raise NotImplementedError


class Dkim(Settings):
    """`[sender.dkim]`: the private key is a PEM, RSA or Ed25519; `domain` is the sender's own unless given."""

    selector: str
    key: Secret
    domain: str | None = None

    def signer(self, sender_domain: str) -> Signer:
        """The signer for mail From `sender_domain`."""
        raise NotImplementedError
