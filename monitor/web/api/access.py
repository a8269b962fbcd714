"""People, tokens and the audit log. Only for admins; one who is restricted to companies sees only those."""

from datetime import datetime, timedelta
from http import HTTPStatus

from aiohttp import web
from pydantic import Field, TypeAdapter
from typing_extensions import TypedDict

from monitor.actions.people import Access, AccessError, good, link_to
from monitor.first_admin import link_file
from monitor.output.json import Time
from monitor.people.caller import NotThereError
from monitor.people.person import AuditEntry, Companies, Person, Rights, Token
from monitor.web.api.fields import MAX_PAGE_SIZE, Body, Key, Lasts, Name, NoBody, NoQuery
from monitor.web.api.operation import ROOT, Call, answered, no_content
from monitor.web.api.paging import PageOfList, no_such_place, page_of
from monitor.web.api.problem import ProblemError, Wrong, meant
from monitor.web.caller_view import CallerView
from probes.display import timestamp
from probes.settings import Duration

LASTS: TypeAdapter[timedelta] = TypeAdapter(Duration)


class Granted(Body):
    """Rights and companies of a person or token."""

    name: Name = Field(description="The name: a-z, 0-9 and . _ @ + -, beginning with a letter or digit.")
    rights: Rights = Field(Rights.VIEWER, description="`viewer`, `operator` or `admin`.")
    companies: list[Key] | None = Field(
        None,
        min_length=1,
        max_length=1000,
        description="Keys of the companies they may see; null for all.",
    )


class NewToken(Granted):
    """A token for a program."""

    lasts: Lasts | None = Field("90d", description='For how long it is valid: "12h", "90d"; null: until revoked.')


class NewPerson(Granted):
    """Somebody who is to sign in. Who is made by an admin that is bound to companies is called `NAME@COMPANY`."""


class PersonChange(Body):
    """The change of a person."""

    disabled: bool = Field(description="`true` disables the account, `false` enables it.")


class AuditLogQuery(PageOfList):
    """The requested page of the audit log."""

    most: int = Field(100, ge=1, le=MAX_PAGE_SIZE, description=f"Page size, at most {MAX_PAGE_SIZE}.")


class TokenFacts(TypedDict):
    """A token. Its secret is shown once, when it is made; `hint` is how it begins. `companies`: null is all."""

    token: str
    name: str
    hint: str
    rights: Rights
    companies: list[str] | None
    by: str
    created_at: Time
    expires_at: Time | None
    used_at: Time | None
    revoked_at: Time | None
    good: bool


class NewTokenFacts(TokenFacts):
    """`secret` is what the program sends as `Authorization: Bearer SECRET`. It is kept nowhere: a repeated request
    with the same `Idempotency-Key` has null in its place."""

    secret: str | None


class PersonFacts(TypedDict):
    """Somebody who can sign in. `signs_in`: whether they have a password yet. `companies`: null is all."""

    person: str
    rights: Rights
    companies: list[str] | None
    signs_in: bool
    created_at: Time
    disabled_at: Time | None


class NewPersonFacts(PersonFacts):
    """`link` is where they choose a password, once, within 24 hours. It is kept nowhere: a repeated request with the
    same `Idempotency-Key` has null in its place."""

    link: str | None


class AuditEntryJson(TypedDict):
    """One line of the audit log. `number` is null for callers who are bound to companies."""

    number: int | None
    at: Time
    who: str
    way: str
    what: str
    about: str
    company: str | None


class TokensFacts(TypedDict):
    """Tokens, also those that are over.

    A part of the list; `next` is the `cursor` of the following part, null at the end."""

    tokens: list[TokenFacts]
    next: str | None


class PeopleFacts(TypedDict):
    """People.

    A part of the list; `next` is the `cursor` of the following part, null at the end."""

    people: list[PersonFacts]
    next: str | None


class AuditLogJson(TypedDict):
    """A part of the log, newest first. `next` is the `cursor` of the following part, null at the end."""

    entries: list[AuditEntryJson]
    next: str | None


class LinkFacts(TypedDict):
    """A link to set a password, valid once, for 24 hours."""

    person: str
    link: str | None


async def show_tokens(call: Call[PageOfList, NoBody]) -> web.Response:
    """The tokens."""
    now, found = call.view.backend.now(), await access_of(call.view).tokens()
    tokens, following = page_of(found, lambda token: token.id, call.query)
    return answered({"tokens": [_token(token, now) for token in tokens], "next": following})


async def make_token(call: Call[NoQuery, NewToken]) -> web.Response:
    """One more. Its secret is in this answer and nowhere else."""
    body = call.body
    lasts = LASTS.validate_python(body.lasts) if body.lasts else None
    try:
        token, secret = await access_of(call.view).add_token(body.name, body.rights, _companies(call.view, body), lasts)
    except AccessError as error:
        raise _refused(error) from None
    facts: NewTokenFacts = {**_token(token, call.view.backend.now()), "secret": secret}
    headers = {"Location": f"{ROOT}/tokens/{token.id}"}
    return answered(facts, status=HTTPStatus.CREATED, headers=headers)


async def show_token(call: Call[NoQuery, NoBody]) -> web.Response:
    """One token."""
    return answered(_token(await _the_token(call), call.view.backend.now()))


async def revoke_token(call: Call[NoQuery, NoBody]) -> web.Response:
    """End it, for ever."""
    token = await _the_token(call)
    if token.revoked_at:
        raise ProblemError(HTTPStatus.CONFLICT, f"token {token.id} is revoked already")
    await access_of(call.view).revoke(token.id)
    return no_content()


async def show_people(call: Call[PageOfList, NoBody]) -> web.Response:
    """The people."""
    people, following = page_of(await access_of(call.view).people(), lambda person: person.name, call.query)
    return answered({"people": [_person(person) for person in people], "next": following})


async def make_person(call: Call[NoQuery, NewPerson]) -> web.Response:
    """One more, and the link by which they choose a password."""
    body, access = call.body, access_of(call.view)
    try:
        companies = _companies(call.view, body)
        name = access.full_name(body.name, companies)
        secret = await access.add(name, body.rights, companies)
    except AccessError as error:
        raise _refused(error) from None
    facts: NewPersonFacts = {**_person(await _the_person(call.view, name)), "link": _link(call.view, secret)}
    return answered(facts, status=HTTPStatus.CREATED, headers={"Location": f"{ROOT}/people/{name}"})


async def show_person(call: Call[NoQuery, NoBody]) -> web.Response:
    """One of them."""
    return answered(_person(await _the_person(call.view, call.part("person"))))


async def change_person(call: Call[NoQuery, PersonChange]) -> web.Response:
    """Keep them out, or let them in again. What is so already stays so."""
    name, access = call.part("person"), access_of(call.view)
    person = await _the_person(call.view, name)
    if call.body.disabled != bool(person.disabled_at):
        try:
            await (access.disable(name) if call.body.disabled else access.enable(name))
        except AccessError as error:
            raise _refused(error) from None
    return answered(_person(await _the_person(call.view, name)))


async def make_link(call: Call[NoQuery, NoBody]) -> web.Response:
    """A new link for whoever lost theirs, or forgot the password."""
    person = await _the_person(call.view, call.part("person"))
    try:
        secret = await access_of(call.view).link(person.name)
    except AccessError as error:
        raise _refused(error) from None
    return answered({"person": person.name, "link": _link(call.view, secret)}, status=HTTPStatus.CREATED)


async def show_audit_log(call: Call[AuditLogQuery, NoBody]) -> web.Response:
    """Return entries of the audit log."""
    try:
        found, following = await call.view.audit_entries(call.query.cursor or "", call.query.most)
    except NotThereError:
        raise no_such_place() from None
    return answered({"entries": [_entry_json(number, entry) for number, entry in found], "next": following or None})


def access_of(view: CallerView) -> Access:
    """Return the caller's actions on people and tokens."""
    caller, backend = view.caller, view.backend
    told_in = link_file(backend.config().store.url)
    return Access(backend.store, backend.now, caller.name, caller.way, caller.companies, told_in)


def _companies(view: CallerView, body: Granted) -> Companies:
    """The companies as they are kept. One that is not there would open nothing, unnoticed."""
    if body.companies is None:
        return None
    there = {path.company for path in view.paths()}
    wrong = [
        Wrong(f"companies.{place}", f"there is no company {name}", meant(name, there))
        for place, name in enumerate(body.companies)
        if name not in there
    ]
    if wrong:
        raise ProblemError(HTTPStatus.NOT_FOUND, "some of the companies are not there", *wrong)
    return tuple(dict.fromkeys(body.companies))


async def _the_token(call: Call[NoQuery, NoBody]) -> Token:
    name = call.part("token")
    found = next((token for token in await access_of(call.view).tokens() if token.id == name), None)
    if found is None:
        raise NotThereError(f"token {name}")
    return found


async def _the_person(view: CallerView, name: str) -> Person:
    found = next((person for person in await access_of(view).people() if person.name == name), None)
    if found is None:
        raise NotThereError(f"person {name}")
    return found


def _refused(error: AccessError) -> ProblemError:
    return ProblemError(HTTPStatus.CONFLICT, str(error))


def _link(view: CallerView, secret: str) -> str:
    return link_to(view.backend.config().web.base_url, secret)


def _token(token: Token, now: datetime) -> TokenFacts:
    return {
        "token": token.id,
        "name": token.name,
        "hint": token.hint,
        "rights": token.rights,
        "companies": None if token.companies is None else list(token.companies),
        "by": token.by,
        "created_at": timestamp(token.created_at),
        "expires_at": _time(token.expires_at),
        "used_at": _time(token.used_at),
        "revoked_at": _time(token.revoked_at),
        "good": good(token, now),
    }


def _person(person: Person) -> PersonFacts:
    return {
        "person": person.name,
        "rights": person.rights,
        "companies": None if person.companies is None else list(person.companies),
        "signs_in": bool(person.password),
        "created_at": timestamp(person.created_at),
        "disabled_at": _time(person.disabled_at),
    }


def _entry_json(number: int | None, entry: AuditEntry) -> AuditEntryJson:
    return {
        "number": number,
        "at": timestamp(entry.at),
        "who": entry.who,
        "way": entry.way,
        "what": entry.what,
        "about": entry.about,
        "company": entry.company or None,
    }


def _time(at: datetime | None) -> str | None:
    return timestamp(at) if at else None
