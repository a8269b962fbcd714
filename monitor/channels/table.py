"""The kinds of channels. A new kind costs one file and one line here."""

from typing import Annotated

from pydantic import Field

from monitor.channels.alertmanager import AlertmanagerChannel
from monitor.channels.channel import Channel
from monitor.channels.opsgenie import OpsgenieChannel
from monitor.channels.pagerduty import PagerDutyChannel
from monitor.channels.services import ServiceChannel
from monitor.channels.slack import SlackChannel
from monitor.channels.smtp import SmtpChannel
from monitor.channels.teams import TeamsChannel
from monitor.channels.webhook import WebhookChannel
from probes.settings import kinds_by_via

ChannelSettings = Annotated[
    AlertmanagerChannel
    | PagerDutyChannel
    | SlackChannel
    | TeamsChannel
    | OpsgenieChannel
    | SmtpChannel
    | WebhookChannel
    | ServiceChannel,
    Field(discriminator="via"),
]  # fmt: skip

CHANNELS: dict[str, type[Channel]] = kinds_by_via(ChannelSettings)
"""The kinds by their name in the configuration."""
