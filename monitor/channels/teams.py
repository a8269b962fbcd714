"""Microsoft Teams, by the webhook of a Power Automate workflow: an adaptive card for each notice.

A workflow answers nothing that names the message, so a card cannot be edited later. Format: https://adaptivecards.io
and https://learn.microsoft.com/power-automate/teams/send-a-message-in-teams.
"""

from typing import Annotated, Literal

from pydantic import Field, SecretStr, TypeAdapter, ValidationError

from monitor.channels.answers import body_of, with_words
from monitor.channels.channel import DeliveryResult, delivery_result, pretty
from monitor.channels.native import NativeChannel
from monitor.channels.teams_card import encoded, envelope
from monitor.notices.notice import Notice
from probes.http import HttpReply, WebUrl
from probes.outside import Outside
from probes.settings import Secret, checked_secret
from probes.tls import CaFile

WEB_URL: TypeAdapter[str] = TypeAdapter(WebUrl)
TURNED_OFF = frozenset(("WorkflowTriggerIsNotEnabled", "WorkflowNotFound", "DirectApiAuthorizationRequired"))
"""Errors that people correct in the workflow; they say nothing about the notice."""


def _workflow_url(url: SecretStr) -> SecretStr:
    try:
        WEB_URL.validate_python(url.get_secret_value())
    except ValidationError:
        raise ValueError("must be the https address that the workflow shows, without a # in it") from None
    return url


class TeamsChannel(NativeChannel):
    """Microsoft Teams: an adaptive card in a channel or chat, by the webhook of a Power Automate workflow."""

    via: Literal["teams"] = "teams"
    url: Annotated[Secret, checked_secret(_workflow_url)] = Field(
        description='The address of the workflow "Send webhook alerts to a channel". Whoever knows it can post.'
    )
    ca_file: CaFile | None = Field(None, description="CA certificates to trust instead of the system's.")

    @property
    def keeps_open(self) -> bool:
        """See `Channel`. A card stays as it was posted."""
        return False

    async def deliver(self, notice: Notice, outside: Outside) -> DeliveryResult:
        """See `Channel`."""
        answer = await outside.http.exchange(
            "POST", self.url.get_secret_value(), body=encoded(envelope(notice)), ca_file=self.ca_file
        )
        return _result(answer, self.url)

    def preview(self, notice: Notice) -> str:
        """See `Channel`."""
        return pretty(envelope(notice))


def _result(answer: HttpReply | str, url: SecretStr) -> DeliveryResult:
    result = delivery_result(answer)
    if isinstance(answer, str):
        return result
    error = body_of(answer).get("error")
    code, message = (error.get("code"), error.get("message")) if isinstance(error, dict) else (None, None)
    return with_words(result._replace(refused=result.refused and code not in TURNED_OFF), [code, message], [url])
