"""Create, link and disable people and tokens, for the command line, the pages and the API alike.

Every action is written to the audit log. A secret is returned once and stored nowhere.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from monitor.errors import UserError
from monitor.first_admin import forget_link
from monitor.people.names import RULE, name_of
from monitor.people.person import AuditAction, AuditEntry, Companies, Invitation, Person, Rights, Token
from monitor.people.secrets import HINT, TOKEN_PREFIX, digest_of, new_id, new_secret
from monitor.store import Store

LINK_LASTS = timedelta(hours=24)
FIRST = "admin"
ITSELF = "mailpath"
"""The actor's name if the service itself acts."""


class AccessError(UserError):
    """The action is not possible. The text is one line with reason and remedy; `field` is the wrong input: "name",
    "rights" or "companies"."""

    def __init__(self, said: str, field: str = "name") -> None:
        super().__init__(said)
        self.field = field


@dataclass(frozen=True, slots=True)
class Access:
    """Actions on people and tokens. A caller restricted to companies sees only people restricted to the same
    companies."""

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
        """Add a person. Returns the secret of the link to set a password. Raises AccessError."""
        self._may_give(companies)
        known = self.full_name(name, companies)
        if await self.store.people.person(known):
            raise AccessError(f"the name {known} is already in use")
        made = self._entry(AuditAction.PERSON_ADDED, f"{known}, {rights}{_of(companies)}")
        await self.store.people.put_person(Person(known, rights, companies, "", self.now()), made)
        return await self._linked(known)

    def full_name(self, name: str, companies: Companies) -> str:
        """Return the full name of a new person restricted to these companies. Raises AccessError.

        Names are unique across companies. So a caller restricted to companies creates people as NAME@COMPANY: such
        names belong to that company alone, and a name that is taken reveals nothing about others.
        """
        known, suffix = _named(name), f"@{'+'.join(sorted(companies or ()))}"
        if self.companies is not None and not known.endswith(suffix):
            known = _named(known + suffix)
        if not _fits(known, companies):
            raise AccessError(f"{known} would be a name of people of {known.rpartition('@')[2]} alone; choose another")
        return known

    async def link(self, name: str) -> str:
        """Return a new link for a person without one, or who forgot the password; earlier ones become invalid. Raises
        AccessError."""
        person = await self._person(name)
        if person.disabled_at:
            raise AccessError(f"{person.name} is disabled; enable them first")
        return await self._linked(person.name)

    async def change(self, name: str, rights: Rights, companies: Companies) -> None:
        """Change a person's rights or companies, from their next request on. Raises AccessError."""
        person = await self._person(name)
        self._may_give(companies)
        if not _fits(person.name, companies):
            raise AccessError(f"{person.name} is of other companies by name; make another person")
        changed = replace(person, rights=rights, companies=companies)
        await self._keep_an_admin(person, changed)
        audit = self._entry(AuditAction.PERSON_CHANGED, f"{person.name}, {rights}{_of(companies)}")
        await self.store.people.put_person(changed, audit)

    async def disable(self, name: str) -> None:
        """Disable a person at once. Raises AccessError."""
        person = await self._person(name)
        if person.disabled_at:
            raise AccessError(f"{person.name} is disabled already")
        disabled = replace(person, disabled_at=self.now())
        await self._keep_an_admin(person, disabled)
        audit = self._entry(AuditAction.PERSON_DISABLED, person.name)
        await self.store.people.put_person(disabled, audit, sign_out=True)

    async def enable(self, name: str) -> None:
        """Enable a disabled person. Raises AccessError."""
        person = await self._person(name)
        if person.disabled_at is None:
            raise AccessError(f"{person.name} is not disabled")
        audit = self._entry(AuditAction.PERSON_ENABLED, person.name)
        await self.store.people.put_person(replace(person, disabled_at=None), audit)

    async def add_token(
        self, name: str, rights: Rights, companies: Companies, lasts: timedelta | None
    ) -> tuple[Token, str]:
        """Add a token that is valid for this long, or until revoked. Also returns its secret. Raises AccessError."""
        known, now = _named(name), self.now()
        self._may_give(companies)
        if any(token.name == known and good(token, now) for token in await self.tokens()):
            raise AccessError(f"a token named {known} exists; revoke it first, or choose another name")
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
        audit = self._entry(AuditAction.TOKEN_CREATED, f"{known}, {rights}{_of(companies)}, {token.id}")
        await self.store.people.put_token(token, audit)
        return token, secret

    async def revoke(self, which: str) -> Token:
        """Revoke a token by its id, a prefix of it, or its name. Raises AccessError."""
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
        await self.store.people.put_token(ended, self._entry(AuditAction.TOKEN_REVOKED, f"{ended.name}, {ended.id}"))
        return ended

    async def _person(self, name: str) -> Person:
        known = name_of(name)
        person = await self.store.people.person(known) if known else None
        if person is None or not self._reaches(person.companies):
            raise AccessError(f"no such person: {known}" if known else "no such person")
        return person

    async def _keep_an_admin(self, before: Person, after: Person) -> None:
        others = [other for other in await self.store.people.all() if other.name != before.name]
        if _rules(before) and not any(map(_rules, (after, *others))):
            raise AccessError(f"{before.name} is the last admin; add another first")

    async def _linked(self, name: str) -> str:
        secret, now = new_secret(), self.now()
        invitation = Invitation(digest_of(secret), name, now, now + LINK_LASTS)
        await self.store.people.put_invitation(invitation, self._entry(AuditAction.LINK_CREATED, name))
        if name == FIRST and self.first_link_file:
            forget_link(self.first_link_file)
        return secret

    def _reaches(self, companies: Companies) -> bool:
        return self.companies is None or (companies is not None and set(companies) <= set(self.companies))

    def _may_give(self, companies: Companies) -> None:
        if companies == ():
            raise AccessError("choose at least one company, or all", "companies")
        if not self._reaches(companies):
            raise AccessError(f"name companies of your own: {', '.join(self.companies or ())}", "companies")

    def _entry(self, what: AuditAction, about: str) -> AuditEntry:
        return AuditEntry(self.now(), self.who, self.way, what, about)


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
    """Return the link for a person. The secret is in its query; the log redacts it."""
    return f"{base_url}/invitation?key={secret}"


def good(token: Token, now: datetime) -> bool:
    """Test if the token is valid."""
    return token.revoked_at is None and (token.expires_at is None or now < token.expires_at)


def _rules(person: Person) -> bool:
    """Test if the person may create other people, without restriction."""
    return person.rights is Rights.ADMIN and person.companies is None and person.disabled_at is None


def _named(name: str) -> str:
    known = name_of(name)
    if known is None:
        raise AccessError(RULE)
    return known


def _fits(name: str, companies: Companies) -> bool:
    """Test if a person of these companies may have this name: the part after @ is companies if it contains no dot."""
    _, at, place = name.rpartition("@")
    return not at or "." in place or place == "+".join(sorted(companies or ()))


def _of(companies: Companies) -> str:
    return f" of {', '.join(companies)}" if companies else ""


def _no_token(which: str, left: Sequence[Token], *, gone: bool) -> str:
    said = which if which.isprintable() and len(which) <= 60 else "of this name"
    if left:
        return f"several tokens are called so: {', '.join(token.id for token in left[:10])}"
    return f"token {said} is revoked already" if gone else f"there is no token {said}"
