"""PagerDuty, by its Events API v2: one alert per incident, with fields instead of one long text.

Format and limits: https://developer.pagerduty.com/docs/events-api-v2/trigger-events/
"""

import asyncio
import json
import re
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr

from monitor.channels.answers import body_of, with_words
from monitor.channels.channel import TIMEOUT, DeliveryResult, delivery_result, pretty
from monitor.channels.content import (
    SERVICE,
    cause_of,
    details,
    fact,
    links,
    mail_system_of,
    paths_of,
    severity_of,
    source_of,
    text_of,
    title_of,
)
from monitor.channels.native import NativeChannel
from monitor.incidents.incident import Severity
from monitor.notices.notice import Notice
from probes.display import timestamp
from probes.http import HttpReply, WebUrl
from probes.outside import Outside
from probes.settings import Secret, Switch, checked_secret
from probes.tls import CaFile

MAX_SUMMARY_CHARS = 120  # it is read aloud and sent as a text message; PagerDuty takes 1,024
MAX_TEXT_CHARS = 20_000
SEVERITIES = {Severity.PAGE: "critical", Severity.TICKET: "warning", Severity.NOTE: "info"}
US, EU = "https://events.pagerduty.com", "https://events.eu.pagerduty.com"
HIDDEN = "(routing key)"
KEY = re.compile(r"[A-Za-z0-9]{32}", re.ASCII)

Event = dict[str, Any]


def _routing_key(key: SecretStr) -> SecretStr:
    if not KEY.fullmatch(key.get_secret_value()):
        raise ValueError("must be an integration key of 32 letters and digits, of the integration Events API V2")
    return key


class PagerDutyChannel(NativeChannel):
    """PagerDuty: one alert per incident, with its facts as fields; acknowledged and resolved with the incident."""

    via: Literal["pagerduty"] = "pagerduty"
    routing_key: Annotated[Secret, checked_secret(_routing_key)] = Field(
        description="The integration key of the service: Integrations, Events API V2."
    )
    eu: Switch = Field(False, description="True for accounts in the EU service region.")
    url: WebUrl | None = Field(None, description="Another address of the Events API, without /v2/enqueue.")
    ca_file: CaFile | None = Field(None, description="CA certificates to trust instead of the system's.")

    @property
    def address(self) -> str:
        """The address that takes events."""
        return f"{(self.url or (EU if self.eu else US)).rstrip('/')}/v2/enqueue"

    async def deliver(self, notice: Notice, outside: Outside) -> DeliveryResult:
        """See `Channel`."""
        try:
            async with asyncio.timeout(TIMEOUT):
                result = DeliveryResult()
                for event in events(notice, self.routing_key.get_secret_value()):
                    result = await self._send(event, outside)
                    if result.fault:
                        return result
                return result._replace(handle=notice.incident)
        except TimeoutError:
            return DeliveryResult(f"no answer within {TIMEOUT:g} seconds")

    def preview(self, notice: Notice) -> str:
        """See `Channel`."""
        return "\n".join(pretty(event) for event in events(notice, HIDDEN))

    async def _send(self, event: Event, outside: Outside) -> DeliveryResult:
        answer = await outside.http.exchange(
            "POST", self.address, body=json.dumps(event).encode(), ca_file=self.ca_file
        )
        return _result(answer, self.routing_key)


def events(notice: Notice, routing_key: str) -> list[Event]:
    """Return the events to send. An acknowledged incident that PagerDuty knows is acknowledged there too."""
    event: Event = {
        "routing_key": routing_key,
        "event_action": "resolve" if notice.news.ends else "trigger",
        "dedup_key": notice.incident,
    }
    if notice.news.ends:
        return [event]
    shown = links(notice)
    opens = fact(notice, "incident_url")
    trigger = {
        **event,
        "payload": _payload(notice),
        "client": SERVICE,
        **({"client_url": opens} if opens in {link.url for link in shown} else {}),
        "links": [{"href": link.url, "text": link.label} for link in shown],
    }
    acknowledged = notice.handle and fact(notice, "acknowledged_by")
    return [trigger, {**event, "event_action": "acknowledge"}] if acknowledged else [trigger]


def _payload(notice: Notice) -> dict[str, Any]:
    optional = {
        "component": paths_of(notice),
        "group": mail_system_of(notice),
        "class": cause_of(notice),
    }
    return {
        "summary": title_of(notice, MAX_SUMMARY_CHARS),
        "source": source_of(notice),
        "severity": SEVERITIES[severity_of(notice)],
        "timestamp": timestamp(notice.at),
        **{key: value for key, value in optional.items() if value},
        "custom_details": {**details(notice), "Text": text_of(notice, MAX_TEXT_CHARS)},
    }


def _result(answer: HttpReply | str, key: SecretStr) -> DeliveryResult:
    """Return the result. PagerDuty answers a wrong integration key as it does a wrong event, with 400."""
    result = delivery_result(answer)
    if isinstance(answer, str):
        return result
    body = body_of(answer)
    errors = body.get("errors")
    words = [body.get("message"), *(errors if isinstance(errors, list) else [errors])]
    wrong_key = any("routing" in word.lower() for word in words if isinstance(word, str))
    return with_words(result._replace(refused=result.refused and not wrong_key), words, [key])
