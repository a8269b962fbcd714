"""A TLS certificate and its key, as files named in the configuration."""

import ssl
from typing import Self

from pydantic import Field, model_validator

from probes.settings import FilePath, Settings


class CertificateFiles(Settings):
    """The certificate for clients that connect by TLS."""

    certificate: FilePath = Field(description="The certificate and its chain in PEM form.")
    key: FilePath | None = Field(None, description="Its private key in PEM form, if it is not in the same file.")

    @model_validator(mode="after")
    def _loads(self) -> Self:
        try:
            self.context()
        except OSError as error:
            files = " and ".join(map(str, filter(None, (self.certificate, self.key))))
            reason = "no certificate with its private key in PEM form" if isinstance(error, ssl.SSLError) else error
            raise ValueError(f"cannot be used: {files}: {reason}") from None
        return self

    def context(self) -> ssl.SSLContext:
        """Return a server's TLS context. Raises OSError (including ssl.SSLError) if the files cannot be used."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self.certificate, self.key, password="")  # none: nobody is there to ask
        return context
