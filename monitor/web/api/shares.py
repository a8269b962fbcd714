"""Share links to the status pages of companies: list, create, revoke."""

from http import HTTPStatus
from typing import Any, Literal

from aiohttp import web
from pydantic import Field
from typing_extensions import TypedDict

from monitor.actions.shares import ShareError, share_links_of, share_url
from monitor.output.share_json import ShareJson, share_json
from monitor.people.caller import NotThereError
from monitor.people.person import Rights
from monitor.people.share_links import ShareLink, ShareState
from monitor.web.api.fields import Body, NoBody, NoQuery
from monitor.web.api.operation import ROOT, Call, Operation, OperationResult, answered, no_content
from monitor.web.api.paging import PageOfList, page_of
from monitor.web.api.problem import ProblemError, Wrong

NOT_THERE, CONFLICT = HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT


class WhichShares(PageOfList):
    """The requested share links."""

    company: str | None = Field(None, max_length=200, description="Only of this company.")
    state: ShareState | None = Field(None, description="Only in this state now.")


class NewShareLink(Body):
    """A share link of a company."""

    days: Literal[7, 30] = Field(7, description="Valid for this many days.", examples=[7])


class NewShareJson(ShareJson):
    """`url` is the address of the status page. It is kept nowhere: a repeated request with the same `Idempotency-Key`
    has null in its place."""

    url: str | None


class SharesJson(TypedDict):
    """Share links, newest first.

    A part of the list; `next` is the `cursor` of the following part, null at the end."""

    shares: list[ShareJson]
    next: str | None


def share_operations() -> list[Operation[Any, Any]]:
    """The rows."""
    return [
        Operation(
            *("GET", "/shares", "list_shares", "access", "List share links"),
            query=WhichShares,
            act=show_list,
            answer=OperationResult(HTTPStatus.OK, "The links.", SharesJson),
            rights=Rights.OPERATOR,
            problems=(NOT_THERE,),
        ),
        Operation(
            *("POST", "/companies/{company}/shares", "create_share", "access", "Create a share link"),
            said="Whoever has the address reads the status page of the company without sign-in, until it expires or is "
            "revoked. Below the address there are a feed, at `/feed`, and a badge, at `/badge.svg`.",
            body=NewShareLink,
            act=create,
            answer=OperationResult(
                HTTPStatus.CREATED,
                "The link, with its address.",
                NewShareJson,
                headers={"Location": "Address of the new resource."},
            ),
            rights=Rights.OPERATOR,
            problems=(NOT_THERE, CONFLICT),
            secret=("url",),
        ),
        Operation(
            *("GET", "/shares/{share}", "get_share", "access", "Get a share link"),
            act=show,
            answer=OperationResult(HTTPStatus.OK, "The link.", ShareJson),
            rights=Rights.OPERATOR,
            problems=(NOT_THERE,),
        ),
        Operation(
            *("DELETE", "/shares/{share}", "revoke_share", "access", "Revoke a share link"),
            act=revoke,
            answer=OperationResult(HTTPStatus.NO_CONTENT, "The link is revoked."),
            rights=Rights.OPERATOR,
            problems=(NOT_THERE, CONFLICT),
        ),
    ]


async def show_list(call: Call[WhichShares, NoBody]) -> web.Response:
    """The links."""
    wanted, now = call.query, call.view.backend.now()
    if wanted.company is not None:
        call.view.paths(wanted.company)
    found = [
        link
        for link in await share_links_of(call.view).every()
        if wanted.company in (None, link.company) and wanted.state in (None, link.state(now))
    ]
    links, following = page_of(found, lambda link: link.id, wanted)
    return answered({"shares": [share_json(link, now) for link in links], "next": following})


async def create(call: Call[NoQuery, NewShareLink]) -> web.Response:
    """One more. Its address is in this answer and nowhere else."""
    company, backend = call.part("company"), call.view.backend
    call.view.paths(company)
    try:
        link, secret = await share_links_of(call.view).create(company, call.body.days)
    except ShareError as error:
        wrong = Wrong(error.field, str(error), "revoke some of them first")
        raise ProblemError(CONFLICT, str(error), wrong) from None
    url = share_url(backend.config().web.base_url, secret)
    facts: NewShareJson = {**share_json(link, backend.now()), "url": url}
    return answered(facts, status=HTTPStatus.CREATED, headers={"Location": f"{ROOT}/shares/{link.id}"})


async def show(call: Call[NoQuery, NoBody]) -> web.Response:
    """One link."""
    return answered(share_json(await _link(call), call.view.backend.now()))


async def revoke(call: Call[NoQuery, NoBody]) -> web.Response:
    """End it, for ever."""
    link = await _link(call)
    try:
        await share_links_of(call.view).revoke(link.id)
    except ShareError as error:
        raise ProblemError(CONFLICT, str(error)) from None
    return no_content()


async def _link(call: Call[NoQuery, NoBody]) -> ShareLink:
    name = call.part("share")
    found = next((link for link in await share_links_of(call.view).every() if link.id == name), None)
    if found is None:
        raise NotThereError(f"share {name}")
    return found
