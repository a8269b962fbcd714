"""Share a company's status: create a link, hand it over, revoke it. For operators, whose companies they are."""

from base64 import b64encode
from dataclasses import dataclass

from aiohttp import web

from monitor.actions.shares import DAYS, ShareError, share_links_of, share_url
from monitor.notices.contact_texts import ContactText, with_status_link
from monitor.people.caller import NotThereError
from monitor.people.person import Rights
from monitor.people.share_links import ShareLink, ShareState
from monitor.web.auth.needs import needs
from monitor.web.caller_view import CallerView, caller_view_of
from monitor.web.pages.probe import now_of
from monitor.web.pages.remedies import typed_in
from monitor.web.rendering import page
from monitor.web.runbooks.stored_texts import texts_about

MAX_ID_CHARS = 64  # of an incident


def routes() -> list[web.RouteDef]:
    """Their routes."""
    return [
        web.get("/companies/{company}/share", show_share),
        web.post("/companies/{company}/share", share_company),
        web.get("/settings/shares", show_shares),
        web.post("/settings/shares/revoke", revoke_share),
    ]


@dataclass(frozen=True, slots=True)
class NewShare:
    """A link that was just created, whose address is shown once; `texts` to send have it."""

    link: ShareLink
    url: str
    texts: tuple[ContactText, ...]

    @property
    def mails(self) -> list[tuple[ContactText, str]]:
        """Return the texts, each with a draft for mail programs as the address of its file: a server that made the
        file later would need the secret."""
        return [(text, f"data:message/rfc822;base64,{b64encode(text.eml()).decode()}") for text in self.texts]


@needs(Rights.OPERATOR)
async def show_share(request: web.Request) -> web.Response:
    """The valid links of a company, and a form to create one."""
    return await _share_page(request, request.query.get("incident", "")[:MAX_ID_CHARS])


async def _share_page(
    request: web.Request, incident: str, made: NewShare | None = None, wrong: str = "", status: int = 200
) -> web.Response:
    view, company = caller_view_of(request), request.match_info["company"]
    company_name = view.paths(company)[0].company_name
    return page(
        request,
        "share.html",
        status=status,
        company=company,
        company_name=company_name,
        incident=incident,
        days=DAYS,
        made=made,
        wrong=wrong,
        links=await share_links_of(view).valid(company),
        now=now_of(view),
    )


@needs(Rights.OPERATOR)
async def share_company(request: web.Request) -> web.Response:
    """Create a link, and show it this once: so there is no redirect, which would have to carry it."""
    view, company, typed = caller_view_of(request), request.match_info["company"], await typed_in(request)
    view.paths(company)
    incident, days = typed.get("incident", "")[:MAX_ID_CHARS], typed.get("days", "")
    try:
        link, secret = await share_links_of(view).create(company, int(days) if days in map(str, DAYS) else 0)
    except ShareError as error:
        return await _share_page(request, incident, wrong=f"{error.field}: {error}", status=422)
    url = share_url(view.backend.config().web.base_url, secret)
    return await _share_page(request, incident, NewShare(link, url, await _texts(view, incident, link, url)))


async def _texts(view: CallerView, incident: str, link: ShareLink, url: str) -> tuple[ContactText, ...]:
    """The texts for the company's people about this incident, with the link. None about an incident of others."""
    try:
        found = (await view.incident(incident)).incident
    except NotThereError:
        return ()
    texts = await texts_about(view, found, link.company) if link.company in found.named else ()
    return tuple(with_status_link(text, url, link.expires_at) for text in texts if text.to_company)


@needs(Rights.OPERATOR)
async def show_shares(request: web.Request) -> web.Response:
    """All links."""
    return await _shares(request)


async def _shares(request: web.Request, wrong: str = "", status: int = 200) -> web.Response:
    view, now = caller_view_of(request), now_of(caller_view_of(request))
    links = await share_links_of(view).every()
    return page(
        request,
        "shares.html",
        status=status,
        valid=[link for link in links if link.state(now) is ShareState.VALID],
        over=[link for link in links if link.state(now) is not ShareState.VALID],
        names={path.company: path.company_name for path in view.paths()},
        wrong=wrong,
        now=now,
    )


@needs(Rights.OPERATOR)
async def revoke_share(request: web.Request) -> web.Response:
    """Revoke a link; back to the page with the button."""
    view, typed = caller_view_of(request), await typed_in(request)
    try:
        link = await share_links_of(view).revoke(typed.get("share", ""))
    except ShareError as error:
        return await _shares(request, str(error), 422)
    raise web.HTTPSeeOther(f"/companies/{link.company}/share" if typed.get("back") == "company" else "/settings/shares")
