"""Every service that Apprise supports, by its URL. The one home of apprise.

Apprise blocks, and its log may contain tokens. So each delivery has a thread of its own, and only a status code or a
few known phrases are taken from the log.
"""

import asyncio
import json
import logging
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import quote

from pydantic import Field, SecretStr

from monitor.channels.channel import AT_ONCE, TIMEOUT, DeliveryResult, MailWays, pretty
from monitor.channels.content import severity_of
from monitor.channels.threads import in_a_thread
from monitor.incidents.incident import Severity
from monitor.notices.notice import Notice
from probes.http import refusal
from probes.outside import Outside
from probes.settings import Secret, Settings, checked_secret

if TYPE_CHECKING:
    from apprise import AppriseAsset, NotifyBase

Parsed = dict[str, Any]
"""A parsed Apprise URL: arguments of the service's class, and "schema"."""

# What makes all notices of an incident act on one thing of the service: the argument that is its key there. With the
# action "map" a success closes it.
KEYS = {
    "pagerduty": "dedup",
    "firehydrant": "dedup",
    "goalert": "dedup",
    "goalerts": "dedup",
    "ilert": "dedup",
    "incidentio": "dedup",
    "opsimate": "dedup",
    "opsimates": "dedup",
    "squadcast": "dedup",
    "pagertree": "thirdparty",
    "signl4": "external_id",
    "splunk": "entity_id",
    "victorops": "entity_id",
}
# These have a key too, but Apprise closes only what the same process opened: so we close it ourselves.
ALIASES = frozenset(("opsgenie", "jira"))
# Those that send mail. In the URLs of all others an address is the name of a person, a room or an account.
MAIL = frozenset(
    (
        *("mailto", "mailtos", "deltachat", "deltachats", "azure", "o365", "acs", "brevo", "groundmail", "mailersend"),
        *("mailgun", "ntfy", "ntfys", "onesignal", "pingram", "postmark", "resend", "sendgrid", "sendpulse", "ses"),
        *("smtp2go", "sparkpost"),
    )
)
TYPES = {Severity.PAGE: "failure", Severity.TICKET: "warning", Severity.NOTE: "info"}
PRIORITIES = {Severity.PAGE: "p1", Severity.TICKET: "p3", Severity.NOTE: "p5"}
MAX_RECEIVERS = 10  # of one URL, so that all are told in time
PAUSES = 8.0  # seconds that Apprise may wait in all between the receivers of one URL, whatever it likes
PLACE = "https://appriseit.com/services/"
ADDRESS = re.compile(r"[^\s<>@,;:]+@([A-Za-z0-9.-]+)", re.ASCII)
MENTION = re.compile(r"@(?=everyone|here|channel|all|\*|&?\d)", re.IGNORECASE)
CODE = re.compile(r"\berror=(\d{3})\b", re.ASCII)
WORDS = (("onnection error", "no connection"), ("ocket error", "no connection"))


def _loadable(url: SecretStr) -> SecretStr:
    """Refuse a URL that Apprise cannot load, without quoting any part that may be a token."""
    service = loaded({**(parsed_url(url) or {}), "retry": 0})
    if service is None:
        schema = url.get_secret_value().partition("://")[0].lower()
        kind = (
            f"a URL of {schema} that Apprise takes" if schema in _schemas() else 'a URL of Apprise, like "slack://..."'
        )
        raise ValueError(f"must be {kind}; see {PLACE}")
    if len(service) > MAX_RECEIVERS:
        raise ValueError(
            f"must name at most {MAX_RECEIVERS} receivers, not {len(service)}; make several channels of it"
        )
    return url


class ServiceChannel(Settings):
    """Any service that Apprise supports: PagerDuty, Opsgenie, Slack, Teams, Telegram, e-mail and a hundred others."""

    via: Literal["apprise"] = "apprise"
    url: Annotated[Secret, checked_secret(_loadable)] = Field(
        description=f"The service's URL as Apprise writes it, with its tokens: {PLACE} Best with one receiver: "
        "if delivery to one of several fails, all of them receive the notice again."
    )

    @property
    def keeps_open(self) -> bool:
        """See `Channel`. A generic web address may belong to a service that keeps alerts open, so it counts as one."""
        schema = self.url.get_secret_value().partition("://")[0].lower()
        return schema in KEYS.keys() | ALIASES | {"http", "https"}

    @property
    def end_delay(self) -> timedelta:
        """See `Channel`."""
        return AT_ONCE

    async def deliver(self, notice: Notice, outside: Outside) -> DeliveryResult:
        """See `Channel`."""
        return DeliveryResult(await self._notified(notice, outside) or "")

    async def _notified(self, notice: Notice, outside: Outside) -> str | None:
        try:
            async with asyncio.timeout(TIMEOUT):
                parsed = await in_a_thread(lambda: parsed_url(self.url)) or {}
                if notice.news.ends and parsed.get("schema") in ALIASES:
                    return await _close(parsed, notice, outside)
                return await in_a_thread(lambda: _notify(parsed, notice))
        except TimeoutError:
            return f"no answer within {TIMEOUT:g} seconds"

    def preview(self, notice: Notice) -> str:
        """See `Channel`. Apprise makes the service's own format of this."""
        parsed = parsed_url(self.url) or {}
        ours = {key: value for key, value in additions(parsed, notice).items() if isinstance(value, str)}
        return pretty({"service": parsed.get("schema", ""), **_said(notice), **ours})

    async def repeat(self, active: Sequence[Notice], muted: Sequence[Notice], outside: Outside) -> str | None:
        """See `Channel`."""
        return None

    def mail_ways(self) -> MailWays:
        """See `Channel`."""
        parsed = parsed_url(self.url) or {}
        service = loaded(parsed) if parsed.get("schema") in MAIL else None
        if service is None:
            return MailWays()
        told = [getattr(service, name, None) for name in ("targets", "cc", "bcc", "email")]
        domains = (match[1].lower().rstrip(".") for text in _texts(told) for match in ADDRESS.finditer(text))
        return MailWays(frozenset(domains), str(getattr(service, "smtp_host", None) or "").lower())


def additions(parsed: Mapping[str, Any], notice: Notice) -> Parsed:
    """Return parameters added to the service's URL: one key per incident, and no retries by Apprise, as we retry."""
    schema = parsed.get("schema", "")
    ours: Parsed = {"retry": 0, "optional": False, "overflow": parsed.get("overflow", "truncate")}
    if key := KEYS.get(schema):
        ours |= {key: notice.incident, "action": parsed.get("action") or "map"}
    if schema in ALIASES:
        priority = parsed.get("priority") or PRIORITIES[severity_of(notice)]
        ours |= {"alias": notice.incident, "action": "new", "priority": priority, "batch": True}
    if schema == "pagerduty":
        ours["source"] = parsed.get("source") or "Mailpath"
    return ours


def type_of(notice: Notice) -> str:
    """Return Apprise's notification type: a colour in a chat, a severity elsewhere; success closes what was opened."""
    return "success" if notice.news.ends else TYPES[severity_of(notice)]


def harmless(text: str) -> str:
    """Defuse "@everyone" and the like in a text: a hostile server could put it into its reply."""
    return MENTION.sub("@\N{WORD JOINER}", text)


def _notify(parsed: Parsed, notice: Notice) -> str | None:
    """Send the notification. Blocks."""
    from apprise import Apprise

    service = loaded({**parsed, **additions(parsed, notice)})
    if service is None:
        return "Apprise does not take its URL any more"
    service.request_rate_per_sec = min(service.request_rate_per_sec, PAUSES / max(len(service), 1))
    result = Apprise(service, asset=service.asset).notify(**_said(notice), body_format="text")
    return (
        None if result else f"{service.service_name} did not take it: {reason(each.message for each in result.logs())}"
    )


def _said(notice: Notice) -> dict[str, Any]:
    return {
        "title": harmless(" ".join(notice.title.split())),
        "body": harmless(notice.text or notice.title),
        "notify_type": type_of(notice),
    }


def reason(messages: Iterable[str]) -> str:
    """Return the reason for a failure from Apprise's log, which is not shown because it may contain tokens."""
    for message in messages:
        if code := CODE.search(message):
            return f"HTTP {code[1]}"
        for phrase, words in WORDS:
            if phrase in message:
                return words
    return "it does not say why"


async def _close(parsed: Parsed, notice: Notice, outside: Outside) -> str | None:
    """Close the alert with our alias. One that does not exist is closed already."""
    from apprise.plugins.jira import JIRA_API_LOOKUP
    from apprise.plugins.opsgenie import OPSGENIE_API_LOOKUP

    service: Any = loaded(parsed)
    if service is None:
        return "Apprise does not take its URL any more"
    places = OPSGENIE_API_LOOKUP if parsed["schema"] == "opsgenie" else JIRA_API_LOOKUP
    url = f"{places[service.region_name]}/{quote(notice.incident, safe='')}/close?identifierType=alias"
    note = json.dumps({"source": "Mailpath", "note": f"{notice.title}\n\n{notice.text}"}).encode()
    answer = await outside.http.exchange(
        "POST", url, body=note, headers={"Authorization": f"GenieKey {service.apikey}"}
    )
    if isinstance(answer, str):
        return answer
    return None if answer.status == 404 else refusal(answer)


def parsed_url(url: SecretStr) -> Parsed | None:
    """Return what the URL says, as Apprise reads it; None if it cannot."""
    _quiet()
    from apprise.plugins import url_to_dict

    try:
        parsed: Parsed | None = url_to_dict(url.get_secret_value())  # type: ignore[no-untyped-call]
        return parsed
    except Exception:  # whatever a plug-in makes of it; its words may hold tokens
        return None


def loaded(parsed: Parsed) -> "NotifyBase | None":
    """Return the service as Apprise makes it; None if it does not take the URL."""
    from apprise import Apprise

    return Apprise.instantiate(dict(parsed), asset=_asset()) if "schema" in parsed else None


def _asset() -> "AppriseAsset":
    """Return Apprise's settings: nothing stored or fetched, no redirects, no extra threads."""
    from apprise import AppriseAsset

    return AppriseAsset(
        app_id="Mailpath",
        app_desc="Mailpath",
        app_url="",
        image_url_mask="",
        image_url_logo="",
        http_redirects=False,
        async_mode=False,
        service_timeout=0,
        storage_mode="memory",
    )


def _schemas() -> list[str]:
    from apprise.manager_plugins import NotificationManager

    schemas: list[str] = NotificationManager().schemas()  # type: ignore[no-untyped-call]
    return schemas


def _quiet() -> None:
    """Keep Apprise's log records to ourselves: they may contain tokens."""
    said = logging.getLogger("apprise")
    said.propagate = False
    if not said.handlers:
        said.addHandler(logging.NullHandler())


def _texts(told: Any) -> Iterator[str]:
    """Yield all texts in nested lists, tuples, sets and dicts."""
    match told:
        case str():
            yield told
        case Mapping():
            yield from _texts([*told.values()])
        case list() | tuple() | set() | frozenset():
            for each in told:
                yield from _texts(each)
