"""Alertmanager, by its API v2.

Alertmanager drops an alert whose `endsAt` has passed, so open incidents are posted again and again. Muted incidents are
posted too, under a silence of ours, so that they neither end for people who look at them nor fire when the mute ends.
Our silences are looked up each time and not stored: a restart changes nothing.
"""

import asyncio
import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any, Literal, Self
from urllib.parse import quote

from pydantic import AfterValidator, Field, model_validator

from monitor.channels.alerts import RENEW, Alert, AlertmanagerSilence, alert, alerts, silence, silences
from monitor.channels.channel import TIMEOUT, DeliveryResult, MailWays, delivery_result, pretty
from monitor.notices.notice import Notice
from probes.http import HttpReply, WebUrl, basic, refusal
from probes.outside import Outside
from probes.settings import Duration, Secret, Settings, shown
from probes.tls import CaFile

ALERTS_PER_REQUEST = 200  # alerts in one request
MAX_SILENCES_BYTES = 20_000_000  # bytes


def _base(url: str) -> str:
    if "?" in url:
        raise ValueError(f"must be the address under which /api/v2 is, without a ? in it, not {shown(url)}")
    return url.rstrip("/")


class AlertmanagerChannel(Settings):
    """Alerts in an Alertmanager, by its API v2: repeated while they last, resolved when they end, silenced while
    muted."""

    via: Literal["alertmanager"] = "alertmanager"
    url: Annotated[WebUrl, AfterValidator(_base)] = Field(
        description="Its address without /api/v2, such as http://127.0.0.1:9093."
    )
    user: str | None = Field(None, min_length=1, max_length=255, description="The user, if it asks for one.")
    password: Secret | None = Field(None, description="The password; both or none.")
    ca_file: CaFile | None = Field(None, description="CA certificates to trust instead of the system's.")

    end_delay: Duration = Field(
        timedelta(minutes=2),
        description="How long after its incident an alert ends. Until then it inhibits the alert of a Prometheus rule "
        "about the same incident, which ends only with the next scrape and evaluation.",
    )

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password go together; give both or none")
        return self

    def mail_ways(self) -> MailWays:
        """See `Channel`."""
        return MailWays()

    @property
    def keeps_open(self) -> bool:
        """See `Channel`."""
        return True

    async def deliver(self, notice: Notice, outside: Outside) -> DeliveryResult:
        """See `Channel`."""
        answer = await self._ask(outside, "POST", "alerts", list(alerts(notice, outside.now())))
        return delivery_result(answer)._replace(fault=_explained(answer) or "")

    def preview(self, notice: Notice) -> str:
        """See `Channel`."""
        return pretty(list(alerts(notice, notice.at)))

    async def repeat(self, active: Sequence[Notice], muted: Sequence[Notice], outside: Outside) -> str | None:
        """See `Channel`. Missing or short silences are fixed before the alerts are posted again."""
        try:
            async with asyncio.timeout(TIMEOUT):
                fault = await self._silence(
                    {each.incident for each in active}, {each.incident for each in muted}, outside
                )
                now = outside.now()
                again = [alert(notice, notice.labels, now, over=False) for notice in (*active, *muted)]
                for start in range(0, len(again), ALERTS_PER_REQUEST):
                    fault = await self._post(again[start : start + ALERTS_PER_REQUEST], outside) or fault
                return fault
        except TimeoutError:
            return f"not all could be said again within {TIMEOUT:g} seconds"

    async def _post(self, batch: Sequence[Alert], outside: Outside) -> str | None:
        return _explained(await self._ask(outside, "POST", "alerts", batch))

    async def _silence(self, heard: set[str], muted: set[str], outside: Outside) -> str | None:
        """Silence muted incidents, and end our silences of unmuted ones."""
        answer = await self._ask(outside, "GET", "silences", most=MAX_SILENCES_BYTES)
        if fault := _explained(answer):
            return fault
        there = silences(answer.body) if isinstance(answer, HttpReply) else None
        if there is None:
            return "its silences cannot be read; is there an Alertmanager?"
        faults = [
            *[await self._set(incident, there.get(incident), outside) for incident in sorted(muted)],
            *[await self._lift(there[incident], outside) for incident in sorted(heard & there.keys())],
        ]
        return next((fault for fault in faults if fault), None)

    async def _set(self, incident: str, there: AlertmanagerSilence | None, outside: Outside) -> str | None:
        now = outside.now()
        if there and there.ends_at - now >= RENEW:
            return None
        return _explained(await self._ask(outside, "POST", "silences", silence(incident, there, now)))

    async def _lift(self, there: AlertmanagerSilence, outside: Outside) -> str | None:
        answer = await self._ask(outside, "DELETE", f"silence/{quote(there.id, safe='')}")
        gone = isinstance(answer, HttpReply) and answer.status == 404
        return None if gone else _explained(answer)

    async def _ask(
        self, outside: Outside, method: str, what: str, said: Any = None, *, most: int = 2000
    ) -> HttpReply | str:
        return await outside.http.exchange(
            method,
            f"{self.url}/api/v2/{what}",
            body=None if said is None else json.dumps(said).encode(),
            headers=basic(self.user, self.password) if self.user and self.password else None,
            ca_file=self.ca_file,
            most=most,
        )


def _explained(answer: HttpReply | str) -> str | None:
    """Return the reason of a refusal. Alertmanager names what it objects to."""
    if isinstance(answer, str):
        return answer
    fault = refusal(answer)
    told = answer.body[:200].decode("ascii", "replace").strip()
    return f"{fault}: {shown(told)}" if fault and told and answer.status >= 400 else fault
