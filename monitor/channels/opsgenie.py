"""Opsgenie, by its Alert API: one alert per incident, with our incident as its alias.

An alert that is open already is only counted when it is created again; so what changed is set by further requests, and
each notice is a note. Jira Service Management has the same API at another address. Format and limits:
https://docs.opsgenie.com/docs/alert-api.
"""

import asyncio
import json
from collections.abc import Iterator
from typing import Annotated, Any, Literal, NamedTuple
from urllib.parse import quote

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
    severity_of,
    shortened,
    source_of,
    text_of,
    title_of,
)
from monitor.channels.native import NativeChannel
from monitor.incidents.incident import Severity
from monitor.notices.notice import Notice
from probes.http import HttpReply, WebUrl
from probes.outside import Outside
from probes.settings import Secret, Switch, checked_secret
from probes.tls import CaFile

MAX_MESSAGE_CHARS = 130
MAX_DESCRIPTION_CHARS = 15_000
MAX_NOTE_CHARS = 25_000
MAX_TAG_CHARS = 50
MAX_ENTITY_CHARS = 512
MAX_DETAILS_CHARS = 8000  # of all keys and values together
PRIORITIES = {Severity.PAGE: "P1", Severity.TICKET: "P3", Severity.NOTE: "P5"}
US, EU = "https://api.opsgenie.com", "https://api.eu.opsgenie.com"
BY = {"source": SERVICE, "user": SERVICE}


class OpsgenieRequest(NamedTuple):
    """A request: its method, the path after /v2/alerts, and the body. `may_be_missing`: 404 is good too, since the
    alert was closed by a person, or is still being made."""

    method: str
    path: str
    body: dict[str, Any]
    may_be_missing: bool


def _api_key(key: SecretStr) -> SecretStr:
    value = key.get_secret_value()
    if not (value.isascii() and value.isprintable() and " " not in value):
        raise ValueError("must be the API key of an integration, without spaces")
    return key


class OpsgenieChannel(NativeChannel):
    """Opsgenie, or Jira Service Management: one alert per incident, updated with each notice and closed with it."""

    via: Literal["opsgenie"] = "opsgenie"
    api_key: Annotated[Secret, checked_secret(_api_key)] = Field(
        description="The API key of an integration of the type API that may create and update alerts."
    )
    eu: Switch = Field(False, description="True for accounts in the EU region.")
    url: WebUrl | None = Field(
        None,
        description="Another address of the API, without /v2/alerts; of Jira Service Management: "
        "https://api.atlassian.com/jsm/ops/integration.",
    )
    ca_file: CaFile | None = Field(None, description="CA certificates to trust instead of the system's.")

    @property
    def address(self) -> str:
        """The address of all alerts."""
        return f"{(self.url or (EU if self.eu else US)).rstrip('/')}/v2/alerts"

    async def deliver(self, notice: Notice, outside: Outside) -> DeliveryResult:
        """See `Channel`."""
        try:
            async with asyncio.timeout(TIMEOUT):
                result = DeliveryResult()
                for request in requests(notice):
                    result = await self._send(request, outside)
                    if result.fault:
                        return result
                return result._replace(handle=notice.incident)
        except TimeoutError:
            return DeliveryResult(f"no answer within {TIMEOUT:g} seconds")

    def preview(self, notice: Notice) -> str:
        """See `Channel`."""
        return pretty([{"request": f"{each.method} /v2/alerts{each.path}", **each.body} for each in requests(notice)])

    async def _send(self, request: OpsgenieRequest, outside: Outside) -> DeliveryResult:
        answer = await outside.http.exchange(
            request.method,
            f"{self.address}{request.path}",
            body=json.dumps(request.body).encode(),
            headers={"Authorization": f"GenieKey {self.api_key.get_secret_value()}"},
            ca_file=self.ca_file,
        )
        if request.may_be_missing and isinstance(answer, HttpReply) and answer.status == 404:
            return DeliveryResult(answer="HTTP 404: there is no such open alert")
        return _result(answer, self.api_key)


def requests(notice: Notice) -> Iterator[OpsgenieRequest]:
    """Yield the requests to send, in order; all but the note may be repeated without a trace."""
    here = f"/{quote(notice.incident, safe='')}"

    def update(method: str, what: str, **body: Any) -> OpsgenieRequest:
        return OpsgenieRequest(method, f"{here}/{what}?identifierType=alias", body, True)

    note = shortened(f"{notice.title}\n\n{text_of(notice, MAX_NOTE_CHARS)}", MAX_NOTE_CHARS)
    if notice.news.ends:
        yield update("POST", "close", **BY, note=note)
        return
    created = alert(notice)
    yield OpsgenieRequest("POST", "", created, False)
    if notice.handle:
        for what in ("message", "description", "priority"):
            yield update("PUT", what, **{what: created[what]})
        if fact(notice, "acknowledged_by"):
            yield update("POST", "acknowledge", **BY)
        yield update("POST", "notes", **BY, note=note)


def alert(notice: Notice) -> dict[str, Any]:
    """Return the alert to create."""
    named = (severity_of(notice).value, mail_system_of(notice), cause_of(notice))
    return {
        "message": title_of(notice, MAX_MESSAGE_CHARS),
        "alias": notice.incident,
        "description": text_of(notice, MAX_DESCRIPTION_CHARS) or title_of(notice, MAX_MESSAGE_CHARS),
        "priority": PRIORITIES[severity_of(notice)],
        "tags": [SERVICE.lower(), *(shortened(tag.replace(",", " "), MAX_TAG_CHARS) for tag in named if tag)],
        "entity": shortened(source_of(notice), MAX_ENTITY_CHARS),
        "details": _details(notice),
        **BY,
    }


def _details(notice: Notice) -> dict[str, str]:
    """Return links and facts as far as Opsgenie takes them: links first, since they are cut last."""
    left, kept = MAX_DETAILS_CHARS, {}
    for label, value in ({link.label: link.url for link in links(notice)} | details(notice)).items():
        if len(label) + len(value) <= left:
            kept[label] = value
            left -= len(label) + len(value)
    return kept


def _result(answer: HttpReply | str, key: SecretStr) -> DeliveryResult:
    result = delivery_result(answer)
    if isinstance(answer, str):
        return result
    body = body_of(answer)
    errors = body.get("errors")
    words = [f"{name}: {said}" for name, said in errors.items()] if isinstance(errors, dict) else []
    return with_words(result, [body.get("message"), *words], [key])
