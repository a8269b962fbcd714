"""Analysis of a bounce, a reply or a message. Nothing is kept of it."""

import asyncio
import base64
import binascii
from http import HTTPStatus

from aiohttp import web
from pydantic import Field

from monitor.analysis.analyse import WatchedSender, analyse
from monitor.analysis.content import MAX_ANALYSED_BYTES
from monitor.output.analysis_json import analysis_json
from monitor.web.api.fields import Body, NoQuery
from monitor.web.api.operation import Call, answered
from monitor.web.api.problem import ProblemError, Wrong

MAX_BODY_BYTES = 2 * MAX_ANALYSED_BYTES  # a file of that size in Base64, with JSON around it


class AnalysisWish(Body):
    """Exactly one of the two."""

    text: str | None = Field(
        None,
        max_length=MAX_ANALYSED_BYTES,
        description="A reply, a bounce, or a message with its headers.",
        examples=["550 5.7.1 Service unavailable, Client host [192.0.2.1] blocked using Spamhaus"],
    )
    eml: str | None = Field(
        None, max_length=MAX_BODY_BYTES, description="A message as a file, in Base64; at most 1 MiB before encoding."
    )


async def create_analysis(call: Call[NoQuery, AnalysisWish]) -> web.Response:
    """Read it in a thread: it may be long."""
    data, backend = _content(call.body), call.view.backend
    identity = backend.config().sender
    sender = WatchedSender(identity.domain, identity.source_ip)
    async with backend.readings:
        found = await asyncio.to_thread(analyse, data, sender)
    return answered(analysis_json(found, sender))


def _content(wish: AnalysisWish) -> bytes:
    if (wish.text is None) == (wish.eml is None):
        raise _wrong("text", "must be given alone, or eml alone", "give exactly one of text and eml")
    if wish.eml is None:
        return (wish.text or "").encode("utf-8", "replace")
    try:
        return base64.b64decode(wish.eml, validate=True)
    except (binascii.Error, ValueError):
        raise _wrong("eml", "is not Base64", "encode the bytes of the file in Base64") from None


def _wrong(field: str, problem: str, remedy: str) -> ProblemError:
    return ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, f"{field}: {problem}", Wrong(field, problem, remedy))
