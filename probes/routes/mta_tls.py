"""TLS between mail servers."""

from typing import Literal

from pydantic import Field

from probes.routes.dialogue import SmtpDialogue, Stop
from probes.settings import Settings
from probes.tls import CaFile


class MtaTls(Settings):
    """Settings of a route on which we act as a mail server.

    "opportunistic": STARTTLS if offered, with any certificate; if the handshake fails, clear text. "require": STARTTLS
    with a certificate for the host's name.
    """

    tls: Literal["opportunistic", "require", "none"] = Field(
        "opportunistic",
        description="STARTTLS if offered, any certificate, else plain text; only with a valid certificate; never.",
    )
    ca_file: CaFile | None = Field(None, description="CA certificates to trust instead of the system's.")

    async def encrypt(self, talk: SmtpDialogue) -> Stop:
        """Return the stage between EHLO and the next command."""
        if self.tls == "none":
            return None
        must = self.tls == "require"
        return await talk.starttls(verify=must, must=must, ca_file=self.ca_file)
