"""Slack, by its Web API: one message per incident, edited with every notice, and a thread with all notices.

An edit notifies nobody, so news that people must see is also shown in the channel, as a reply of the thread. Methods
and their errors: https://docs.slack.dev/reference/methods/chat.postMessage and chat.update.
"""

import asyncio
import json
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import AfterValidator, Field, SecretStr

from monitor.channels.answers import body_of, with_words
from monitor.channels.channel import TIMEOUT, DeliveryResult, delivery_result, pretty
from monitor.channels.native import NativeChannel
from monitor.channels.slack_message import Payload, message, reply
from monitor.notices.notice import Notice, NoticeKind
from probes.http import HttpReply, WebUrl
from probes.outside import Outside
from probes.settings import Secret, checked_secret, shown
from probes.tls import CaFile

FIRST_REPLY_TIMEOUT = 5.0  # seconds for the reply that begins a thread
POST_TIMEOUT = TIMEOUT - FIRST_REPLY_TIMEOUT  # for everything before it
MAX_ANSWER_BYTES = 200_000  # it echoes the message
LOUD = (NoticeKind.OPENED, NoticeKind.WIDENED, NoticeKind.GREW, NoticeKind.CHANGED, NoticeKind.REMINDER)
"""News that the whole channel should see, not only readers of the thread."""

NEVER = frozenset(
    (
        *("msg_too_long", "msg_blocks_too_long", "no_text", "invalid_blocks", "invalid_blocks_format"),
        *("invalid_arguments", "invalid_array_arg", "invalid_charset", "invalid_json", "json_not_object"),
    )
)
"""Errors about the message itself, which Slack will not take later either."""

GONE = frozenset(
    ("message_not_found", "cant_update_message", "edit_window_closed", "thread_not_found", "cannot_reply_to_message")
)
"""Errors after which a new message is posted: ours was deleted, or may no longer be edited."""

INSTALL_AGAIN = "install the app again and use its new token"
REMEDIES = {
    "not_in_channel": "invite the app to the channel: /invite @APP",
    "channel_not_found": "correct the id, or invite the app to the private channel",
    "is_archived": "choose a channel that is not archived",
    "missing_scope": "give the app the scope chat:write and install it again",
    **dict.fromkeys(("invalid_auth", "not_authed"), "correct the token"),
    **dict.fromkeys(("token_revoked", "token_expired", "account_inactive"), INSTALL_AGAIN),
}
TOKEN = re.compile(r"xox[a-z](?:\.[a-z0-9-]+)?-[A-Za-z0-9-]+", re.ASCII)
CHANNEL = re.compile(r"[CGD][A-Z0-9]{5,30}", re.ASCII)
HANDLE = re.compile(r"([CGD][A-Z0-9]{5,30}):(\d{1,20}\.\d{1,10})", re.ASCII)


def _token(token: SecretStr) -> SecretStr:
    if not TOKEN.fullmatch(token.get_secret_value()):
        raise ValueError('must be the bot token of a Slack app, like "xoxb-..."')
    return token


def _channel(channel: str) -> str:
    if not CHANNEL.fullmatch(channel):
        raise ValueError(f'must be the id of a channel, like "C0123456789", not {shown(channel)}')
    return channel


class SlackResult(NamedTuple):
    """The result of one call, Slack's word for an error, and its answer."""

    result: DeliveryResult
    error: str
    body: Mapping[str, Any]

    @property
    def handle(self) -> str:
        """The message that was posted or edited, "" if it is not known."""
        name = f"{self.body.get('channel')}:{self.body.get('ts')}"
        return name if HANDLE.fullmatch(name) else ""


class SlackChannel(NativeChannel):
    """Slack: one message per incident, edited with each notice, with buttons and a thread of all notices."""

    via: Literal["slack"] = "slack"
    token: Annotated[Secret, checked_secret(_token)] = Field(
        description="The bot token of the Slack app; it needs the scope `chat:write`."
    )
    channel: Annotated[str, AfterValidator(_channel)] = Field(
        description='The id of the channel, such as "C0123456789", from its details. Invite the app to the channel.'
    )
    url: WebUrl = Field("https://slack.com/api", description="The address of the Web API.")
    ca_file: CaFile | None = Field(None, description="CA certificates to trust instead of the system's.")

    async def deliver(self, notice: Notice, outside: Outside) -> DeliveryResult:
        """See `Channel`."""
        try:
            async with asyncio.timeout(POST_TIMEOUT):
                ts = self._timestamp(notice)
                if ts and (edited := await self._edit(notice, ts, outside)):
                    return edited
                posted = await self._call("chat.postMessage", {**message(notice), **QUIET}, outside)
        except TimeoutError:
            return DeliveryResult(f"no answer within {POST_TIMEOUT:g} seconds")
        if not posted.result.fault and posted.handle:
            await self._begin_thread(notice, posted.body["ts"], outside)
        return posted.result._replace(handle=posted.handle)

    def preview(self, notice: Notice) -> str:
        """See `Channel`."""
        method = "chat.update" if self._timestamp(notice) else "chat.postMessage"
        return pretty({method: message(notice), "reply in its thread": reply(notice)})

    async def _edit(self, notice: Notice, ts: str, outside: Outside) -> DeliveryResult | None:
        """Edit the incident's message and reply to it. None: it is gone."""
        called = await self._call("chat.update", {**message(notice), "ts": ts}, outside)
        if not called.result.fault:
            called = await self._reply(notice, ts, notice.news in LOUD, outside)
        return None if called.error in GONE else called.result

    async def _begin_thread(self, notice: Notice, ts: str, outside: Outside) -> None:
        """Reply to a new message. That only begins the history: if it fails or hangs, nothing is lost, and another try
        would post the message twice."""
        with suppress(TimeoutError):
            async with asyncio.timeout(FIRST_REPLY_TIMEOUT):
                await self._reply(notice, ts, False, outside)

    async def _reply(self, notice: Notice, ts: str, loud: bool, outside: Outside) -> SlackResult:
        threaded = {**reply(notice), **QUIET, "thread_ts": ts, "reply_broadcast": loud}
        return await self._call("chat.postMessage", threaded, outside)

    def _timestamp(self, notice: Notice) -> str:
        """Return the timestamp that names the incident's message in this channel, "" if there is none."""
        known = HANDLE.fullmatch(notice.handle)
        return known[2] if known and known[1] == self.channel else ""

    async def _call(self, method: str, payload: Payload, outside: Outside) -> SlackResult:
        answer = await outside.http.exchange(
            "POST",
            f"{self.url.rstrip('/')}/{method}",
            body=json.dumps({**payload, "channel": self.channel}).encode(),
            headers={
                "Content-Type": "application/json; charset=utf-8",
                "Authorization": f"Bearer {self.token.get_secret_value()}",
            },
            ca_file=self.ca_file,
            most=MAX_ANSWER_BYTES,
        )
        return _called(answer, self.token)


QUIET = {"unfurl_links": False, "unfurl_media": False}
"""No previews of linked pages: fetching one must not look like a click."""


def _called(answer: HttpReply | str, token: SecretStr) -> SlackResult:
    """Return the result of a call. Slack answers most errors with 200 and a word."""
    result = delivery_result(answer)
    if isinstance(answer, str):
        return SlackResult(result, "", {})
    body = body_of(answer)
    if not answer.good:
        return SlackResult(with_words(result, [body.get("error")], [token]), "", body)
    if body.get("ok") is True:
        return SlackResult(DeliveryResult(answer="ok"), "", body)
    error = body.get("error")
    if not isinstance(error, str):
        return SlackResult(DeliveryResult("the answer is not one of Slack's Web API; check url"), "", {})
    failed = with_words(DeliveryResult("refused", error in NEVER, _wait(answer)), [error], [token])
    remedy = REMEDIES.get(error, "")
    return SlackResult(failed._replace(fault=f"{failed.fault}; {remedy}") if remedy else failed, error, body)


def _wait(answer: HttpReply) -> timedelta | None:
    return None if answer.retry_after is None else timedelta(seconds=answer.retry_after)
