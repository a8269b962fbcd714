"""TLS as mail servers use it among themselves."""

from typing import Literal

from pydantic import Field

from probes.routes.dialogue import SmtpDialogue, Stop
from probes.settings import Settings
from probes.tls import CaFile


class MtaTls(Settings):
    """Settings of a route on which we speak as a mail server does to another.

    "opportunistic": STARTTLS when offered, any certificate; where the handshake fails, in clear. "require": STARTTLS
    with a certificate for the host's name.
    """

    tls: Literal["opportunistic", "require", "none"] = Field(
        "opportunistic",
        description="STARTTLS if offered, any certificate, else plain text; only with a valid certificate; never.",
    )
    ca_file: CaFile | None = Field(None, description="CA certificates to trust instead of the system's.")

    async def encrypt(self, talk: SmtpDialogue) -> Stop:
        """The stage between EHLO and what follows."""
        if self.tls == "none":
            return None
        must = self.tls == "require"
        return await talk.starttls(verify=must, must=must, ca_file=self.ca_file)
