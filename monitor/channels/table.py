"""The kinds of channels by their name in the configuration. A new kind costs one file and two lines here."""

from typing import Annotated

from pydantic import Field

from monitor.channels.alertmanager import AlertmanagerChannel
from monitor.channels.channel import Channel
from monitor.channels.services import ServiceChannel
from monitor.channels.webhook import WebhookChannel

CHANNELS: dict[str, type[Channel]] = {
    "alertmanager": AlertmanagerChannel,
    "webhook": WebhookChannel,
    "apprise": ServiceChannel,
}

ChannelSettings = Annotated[AlertmanagerChannel | WebhookChannel | ServiceChannel, Field(discriminator="via")]
