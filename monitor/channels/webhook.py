"""A signed JSON POST to a URL of the user."""

import hashlib
import hmac
import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Literal

from pydantic import Field

from monitor.channels.channel import AT_ONCE, DeliveryResult, MailWays, delivery_result, pretty
from monitor.notices.notice import Notice
from probes.display import timestamp
from probes.http import WebUrl
from probes.outside import Outside
from probes.settings import Secret, Settings
from probes.tls import CaFile


class WebhookChannel(Settings):
    """Each notice as JSON, by signed POST, with an `Idempotency-Key` that stays the same across retries."""

    via: Literal["webhook"] = "webhook"
    url: WebUrl = Field(
        description="The address that receives notices; any answer from 200 to 299 counts as delivered."
    )
    secret: Secret = Field(
        description="Signs them: `Mailpath-Signature` is `t=TIME,v1=HEX`, HEX the HMAC-SHA256 of `TIME.BODY`."
    )
    ca_file: CaFile | None = Field(None, description="CA certificates to trust instead of the system's.")

    def mail_ways(self) -> MailWays:
        """See `Channel`."""
        return MailWays()

    @property
    def keeps_open(self) -> bool:
        """See `Channel`."""
        return True

    @property
    def end_delay(self) -> timedelta:
        """See `Channel`."""
        return AT_ONCE

    async def deliver(self, notice: Notice, outside: Outside) -> DeliveryResult:
        """See `Channel`."""
        body = written(notice)
        time = int(outside.now().timestamp())
        headers = {
            "Idempotency-Key": notice.id,
            "Mailpath-Signature": signature(self.secret.get_secret_value(), time, body),
        }
        return delivery_result(
            await outside.http.exchange("POST", self.url, body=body, headers=headers, ca_file=self.ca_file)
        )

    def preview(self, notice: Notice) -> str:
        """See `Channel`."""
        return pretty(json.loads(written(notice)))

    async def repeat(self, active: Sequence[Notice], muted: Sequence[Notice], outside: Outside) -> str | None:
        """See `Channel`."""
        return None


WRITTEN = ("id", "incident", "channel", "number", "news", "at", "title", "text", "labels", "facts", "replaces")
"""The fields of a notice that its JSON has."""


def written(notice: Notice) -> bytes:
    """Encode the notice as JSON, with the same bytes on every attempt."""
    said = {name: getattr(notice, name) for name in WRITTEN}
    return json.dumps({**said, "at": timestamp(notice.at)}, separators=(",", ":")).encode()


def signature(secret: str, time: int, body: bytes) -> str:
    """Return the value of `Mailpath-Signature`. A receiver refuses an old time, which prevents replay."""
    signed = hmac.new(secret.encode(), f"{time}.".encode() + body, hashlib.sha256)
    return f"t={time},v1={signed.hexdigest()}"
