"""Who gets in: people and tokens are made, linked and ended here, for the command line, the pages and the API alike.

Every deed is written into the audit log. A secret is handed back once and kept nowhere.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from monitor.errors import UserError
from monitor.first_admin import forget_link
from monitor.people.names import RULE, name_of
from monitor.people.person import AuditEntry, Companies, Invitation, Person, Rights, Token
from monitor.people.secrets import HINT, TOKEN_PREFIX, digest_of, new_id, new_secret
from monitor.store import Store

LINK_LASTS = timedelta(hours=24)
FIRST = "admin"
ITSELF = "mailpath"
"""Who it is that acts, when it is nobody: the service."""


class AccessError(UserError):
    """This cannot be done. Its text is one line that says why, and what to do; `field` is what is wrong: "name",
    "rights" or "companies"."""

    def __init__(self, said: str, field: str = "name") -> None:
        super().__init__(said)
        self.field = field


@dataclass(frozen=True, slots=True)
class Access:
    """What somebody does about people and tokens. Whoever is bound to companies has only to do with those who are bound
    to no others: the rest is not there for them."""

    store: Store
    now: Callable[[], datetime]
    who: str
    way: str
    companies: Companies = None
    first_link_file: Path | None = None

    async def people(self) -> list[Person]:
        """Everybody who can sign in, or could once."""
        return [person for person in await self.store.people.all() if self._reaches(person.companies)]

    async def tokens(self) -> list[Token]:
        """All tokens there ever were."""
        return [token for token in await self.store.people.tokens() if self._reaches(token.companies)]

    async def add(self, name: str, rights: Rights, companies: Companies) -> str:
        """Make a person. Returns the secret of the link by which they set a password. Raises AccessError."""
        self._may_give(companies)
        known = self.full_name(name, companies)
        if await self.store.people.person(known):
            raise AccessError(f"there is somebody called {known} already")
        await self.store.people.put_person(Person(known, rights, companies, "", self.now()))
        await self._note("person made", f"{known}, {rights}{_of(companies)}")
        return await self._linked(known)

    def full_name(self, name: str, companies: Companies) -> str:
        """What somebody bound to these companies is called who is made under this name. Raises AccessError.

        Names are one for all companies. So whoever is bound to companies makes people as NAME@COMPANY: those are of
        people of that company alone, and nobody learns from a name that is taken who else there is."""
        known, suffix = _named(name), f"@{'+'.join(sorted(companies or ()))}"
        if self.companies is not None and not known.endswith(suffix):
            known = _named(known + suffix)
        if not _fits(known, companies):
            raise AccessError(f"{known} would be a name of people of {known.rpartition('@')[2]} alone; choose another")
        return known

    async def link(self, name: str) -> str:
        """A new link for somebody who has none, or forgot the password; those before are void. Raises AccessError."""
        person = await self._person(name)
        if person.disabled_at:
            raise AccessError(f"{person.name} is disabled; enable them first")
        return await self._linked(person.name)

    async def change(self, name: str, rights: Rights, companies: Companies) -> None:
        """Give somebody other rights or companies, from their next request on. Raises AccessError."""
        person = await self._person(name)
        self._may_give(companies)
        if not _fits(person.name, companies):
            raise AccessError(f"{person.name} is of other companies by name; make another person")
        changed = replace(person, rights=rights, companies=companies)
        await self._keep_an_admin(person, changed)
        await self.store.people.put_person(changed)
        await self._note("person changed", f"{person.name}, {rights}{_of(companies)}")

    async def disable(self, name: str) -> None:
        """Keep somebody out, from now on. Raises AccessError."""
        person = await self._person(name)
        if person.disabled_at:
            raise AccessError(f"{person.name} is disabled already")
        disabled = replace(person, disabled_at=self.now())
        await self._keep_an_admin(person, disabled)
        await self.store.people.put_person(disabled)
        await self.store.people.end_sessions_of(person.name)
        await self._note("person disabled", person.name)

    async def enable(self, name: str) -> None:
        """Let somebody in again. Raises AccessError."""
        person = await self._person(name)
        if person.disabled_at is None:
            raise AccessError(f"{person.name} is not disabled")
        await self.store.people.put_person(replace(person, disabled_at=None))
        await self._note("person enabled", person.name)

    async def add_token(
        self, name: str, rights: Rights, companies: Companies, lasts: timedelta | None
    ) -> tuple[Token, str]:
        """Make a token that lasts so long, or until it is revoked. Returns its secret too. Raises AccessError."""
        known, now = _named(name), self.now()
        self._may_give(companies)
        if any(token.name == known and good(token, now) for token in await self.tokens()):
            raise AccessError(f"there is a token called {known}; revoke it first, or choose another name")
        secret = new_secret(TOKEN_PREFIX)
        token = Token(
            id=new_id(),
            name=known,
            digest=digest_of(secret),
            hint=secret[:HINT],
            rights=rights,
            companies=companies,
            by=self.who,
            created_at=now,
            expires_at=now + lasts if lasts else None,
        )
        await self.store.people.put_token(token)
        await self._note("token made", f"{known}, {rights}{_of(companies)}, {token.id}")
        return token, secret

    async def revoke(self, which: str) -> Token:
        """End a token: its id, how that begins, or its name. Raises AccessError."""
        now = self.now()
        found = [
            token for token in await self.tokens() if which and (token.id.startswith(which) or token.name == which)
        ]
        found = [token for token in found if token.id == which] or found
        left = [token for token in found if token.revoked_at is None]
        if len(left) > 1:
            left = [token for token in left if good(token, now)]
        if len(left) != 1:
            raise AccessError(_no_token(which, left, gone=bool(found)))
        ended = replace(left[0], revoked_at=now)
        await self.store.people.put_token(ended)
        await self._note("token revoked", f"{ended.name}, {ended.id}")
        return ended

    async def _person(self, name: str) -> Person:
        known = name_of(name)
        person = await self.store.people.person(known) if known else None
        if person is None or not self._reaches(person.companies):
            raise AccessError(f"there is nobody called {known or 'so'}")
        return person

    async def _keep_an_admin(self, before: Person, after: Person) -> None:
        others = [other for other in await self.store.people.all() if other.name != before.name]
        if _rules(before) and not any(map(_rules, (after, *others))):
            raise AccessError(f"{before.name} is the last admin; make another first")

    async def _linked(self, name: str) -> str:
        secret, now = new_secret(), self.now()
        await self.store.people.put_invitation(Invitation(digest_of(secret), name, now, now + LINK_LASTS))
        await self._note("link made", name)
        if name == FIRST and self.first_link_file:
            forget_link(self.first_link_file)
        return secret

    def _reaches(self, companies: Companies) -> bool:
        return self.companies is None or (companies is not None and set(companies) <= set(self.companies))

    def _may_give(self, companies: Companies) -> None:
        if companies == ():
            raise AccessError("name a company at least, or all", "companies")
        if not self._reaches(companies):
            raise AccessError(f"name companies of your own: {', '.join(self.companies or ())}", "companies")

    async def _note(self, what: str, about: str) -> None:
        await self.store.people.note(AuditEntry(self.now(), self.who, self.way, what, about))


async def first_link(store: Store, now: Callable[[], datetime], base_url: str) -> str | None:
    """A link for the first admin, while nobody who rules has a password; those before are void. Else None."""
    people = await store.people.all()
    if any(_rules(person) and person.password for person in people):
        return None
    access = Access(store, now, ITSELF, "start")
    first = next((person for person in people if person.name == FIRST), None)
    if first is None:
        return link_to(base_url, await access.add(FIRST, Rights.ADMIN, None)) if not people else None
    return link_to(base_url, await access.link(FIRST)) if _rules(first) else None


def link_to(base_url: str, secret: str) -> str:
    """The link that a person gets. The secret is in its query; the log leaves it out."""
    return f"{base_url}/invitation?key={secret}"


def good(token: Token, now: datetime) -> bool:
    """Whether it still opens anything."""
    return token.revoked_at is None and (token.expires_at is None or now < token.expires_at)


def _rules(person: Person) -> bool:
    """Whether they can make other people, anywhere."""
    return person.rights is Rights.ADMIN and person.companies is None and person.disabled_at is None


def _named(name: str) -> str:
    known = name_of(name)
    if known is None:
        raise AccessError(RULE)
    return known


def _fits(name: str, companies: Companies) -> bool:
    """Whether somebody of these companies may be called so: what follows the @ is companies if it has no dot."""
    _, at, place = name.rpartition("@")
    return not at or "." in place or place == "+".join(sorted(companies or ()))


def _of(companies: Companies) -> str:
    return f" of {', '.join(companies)}" if companies else ""


def _no_token(which: str, left: Sequence[Token], *, gone: bool) -> str:
    said = which if which.isprintable() and len(which) <= 60 else "of this name"
    if left:
        return f"several tokens are called so: {', '.join(token.id for token in left[:10])}"
    return f"token {said} is revoked already" if gone else f"there is no token {said}"
