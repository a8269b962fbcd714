"""Identify the caller of a request: the way in, and the rights."""

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog
from aiohttp import web

from monitor.actions.people import FIRST, good
from monitor.config import Config
from monitor.config.proxies import is_behind_proxy
from monitor.first_admin import forget_link, link_file
from monitor.people.addresses import is_loopback
from monitor.people.caller import Caller
from monitor.people.names import name_of
from monitor.people.passwords import Passwords, fault_of
from monitor.people.person import BY_SESSION, AuditAction, AuditEntry, Person, Rights, SignInSession
from monitor.people.refusals import Refusals
from monitor.people.secrets import derived, digest_of, new_secret
from monitor.people.throttle import Tries
from monitor.repeated import Repeated
from monitor.store import Store
from monitor.web.auth.client import HttpClient
from monitor.web.auth.device import device_of, remember_device
from monitor.web.backend import Backend

EVERYBODY = Caller("everybody", Rights.VIEWER, None, "open")
SEEN_AGAIN = timedelta(minutes=1)  # so often at most it is kept that a session or a token is used
MAX_SECRET_CHARS = 200
VOID = "The link was already used, has expired, or was replaced by a newer one."

log = structlog.get_logger("web")


class TooSoonError(Exception):
    """There were too many tries; the next may be after `wait`."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(wait)
        self.wait = wait


@dataclass(frozen=True, slots=True)
class PasswordFault:
    """The reason why a password was not changed: the field, and a sentence."""

    field: str
    said: str


class Authenticator:
    """The ways in. `passwords` is handed in where they must be checked faster than is safe."""

    def __init__(self, backend: Backend, passwords: Passwords | None = None) -> None:
        self._backend = backend
        self.passwords = passwords or Passwords()
        self._tries = Tries()
        self._refusals = Refusals()
        self._repeated = Repeated()
        self._form_key = b""
        self._told_of_header = False
        self.checks: dict[Caller, asyncio.Task[bool]] = {}  # whether callers of streams are still as they were

    async def caller(self, request: web.Request, *, counts_as_use: bool = True) -> Caller | None:
        """Return the caller, None if unknown. Raises HTTPUnauthorized for an invalid token or name. An unused session
        ends; checking one does not count as use."""
        if "Authorization" in request.headers:
            return await self._by_token(request, counts_as_use=counts_as_use)
        if name := self._named_by_proxy(request):
            return await self._by_header(name)
        if session := await self.session(request):
            return await self._by_session(session, counts_as_use=counts_as_use)
        return EVERYBODY if await self._is_open(request) else None

    async def session(self, request: web.Request) -> SignInSession | None:
        """The session of its cookie, if it is still one."""
        secret = request.cookies.get(cookie_name(HttpClient(request)), "")
        if not 0 < len(secret) <= MAX_SECRET_CHARS:
            return None
        session, now = await self._store.people.session(digest_of(secret)), self._backend.now()
        over = session is None or now >= min(session.expires_at, session.seen_at + self._config.web.sign_in.idle)
        return None if over else session

    async def sign_in(self, name: str, password: str, request: web.Request) -> SignInSession | None:
        """A new session, as `begin` returns it, for whoever knows this password. None if it is not theirs.

        Raises TooSoonError, BusyError.
        """
        now, known, client = self._backend.now(), name_of(name) or "", HttpClient(request)
        address = self._own_address(client)
        device = device_of(request, await self._key(), known)
        person = await self._store.people.person(known)
        with self.passwords.place(address, known=bool(device)):  # first: who is sent away here has not tried
            if wait := self._tries.admit(known, address, now, device, is_person=person is not None):
                raise TooSoonError(wait)
            fits = await self.passwords.fits(person.password if person else "", password)
        if not (fits and person and person.disabled_at is None):
            who = person.name if person else "somebody unknown"  # what they typed may be the password
            if told := self._refusals.count(who, client.address, now):
                await self._store.people.note(self._entry(who, AuditAction.SIGN_IN_REFUSED, told))
            return None
        self._tries.worked(known, address, device)
        return await self.begin(person.name, self._entry(person.name, AuditAction.SIGNED_IN, f"from {client.address}"))

    async def invited(self, key: str) -> Person | None:
        """Return the person who may set a password with this secret, if it is still valid."""
        invitation = await self._store.people.invitation(digest_of(key))
        if invitation is None or self._backend.now() >= invitation.expires_at:
            return None
        return await self._enabled(invitation.person)

    async def accept(self, key: str, password: str, client: HttpClient) -> SignInSession | str:
        """Set the password of whoever was invited by this secret, once, and begin a session; all others are over.

        What is wrong with the password or the invitation is returned as a sentence. Raises TooSoonError, BusyError.
        """
        now, digest, address = self._backend.now(), digest_of(key), self._own_address(client)
        person = await self.invited(key)
        with self.passwords.place(address, known=person is not None):  # first: who is sent away here has not tried
            if wait := self._tries.admit(f"invitation {digest}", address, now):
                raise TooSoonError(wait)
            if person is None:
                return VOID
            if fault := fault_of(password, person.name):
                return fault
            kept = await self.passwords.hashed(password)
        audit = self._entry(person.name, AuditAction.PASSWORD_SET, f"from {client.address}")
        taken = await self._store.people.accept_invitation(digest, now, kept, audit)
        if not (taken and await self._enabled(taken.person)):
            return VOID
        self._tries.worked(person.name, address)
        if person.name == FIRST:
            forget_link(link_file(self._config.store.url))
        return await self.begin(person.name)

    async def begin(self, person: str, *audit: AuditEntry) -> SignInSession:
        """A new session, kept together with `audit`; in place of its digest it has its secret, for the cookie."""
        now, secret = self._backend.now(), new_secret()
        session = SignInSession(
            digest=digest_of(secret),
            person=person,
            form=new_secret(),
            created_at=now,
            seen_at=now,
            expires_at=now + self._config.web.sign_in.lasts,
        )
        await self._store.people.put_session(session, *audit)
        return replace(session, digest=secret)

    async def sessions(self, person: str) -> list[SignInSession]:
        """Return the sessions of a person that are not over, the newest first."""
        now, idle = self._backend.now(), self._config.web.sign_in.idle
        found = await self._store.people.sessions(person)
        return [each for each in found if now < min(each.expires_at, each.seen_at + idle)]

    async def end_other(self, session: SignInSession, client: HttpClient) -> None:
        """End a session from another one of the same person."""
        about = f"elsewhere, from {client.address}"
        await self._store.people.end_session(session.digest, self._entry(session.person, AuditAction.SIGNED_OUT, about))

    async def change_password(
        self, session: SignInSession, current: str, new: str, request: web.Request
    ) -> PasswordFault | None:
        """Set a new password for whoever knows the current one; all their other sessions are over. Tries count as those
        to sign in. Raises TooSoonError, BusyError."""
        now, name, client = self._backend.now(), session.person, HttpClient(request)
        address, device = self._own_address(client), device_of(request, await self._key(), name)
        with self.passwords.place(address, known=True):
            if wait := self._tries.admit(name, address, now, device, is_person=True):
                raise TooSoonError(wait)
            person = await self._enabled(name)
            if person is None or not await self.passwords.fits(person.password, current):
                return PasswordFault("now", "This is not your current password.")
            self._tries.worked(name, address, device)
            if fault := fault_of(new, name):
                return PasswordFault("password", fault)
            if new == current:
                return PasswordFault("password", "This is your password already. Choose another.")
            kept = await self.passwords.hashed(new)
        audit = self._entry(name, AuditAction.PASSWORD_SET, f"by themselves, from {client.address}")
        await self._store.people.change_password(name, kept, session.digest, audit)
        return None

    async def remember_device(self, request: web.Request, answer: web.StreamResponse, person: str) -> None:
        """From now on nobody who tries the same name elsewhere keeps them out of this browser."""
        remember_device(request, answer, await self._key(), person)

    async def end(self, request: web.Request) -> None:
        """End the session of its cookie, if it has one."""
        if session := await self.session(request):
            await self._store.people.end_session(
                session.digest, self._entry(session.person, AuditAction.SIGNED_OUT, "")
            )

    def _entry(self, who: str, what: AuditAction, about: str) -> AuditEntry:
        return AuditEntry(self._backend.now(), who, BY_SESSION, what, about)

    async def _enabled(self, name: str) -> Person | None:
        person = await self._store.people.person(name)
        return person if person and person.disabled_at is None else None

    def _own_address(self, client: HttpClient) -> str:
        """By which the tries of one client are limited. A proxy that hides its clients would make them all one, whom
        anybody could keep out: then only the limits for each name hold, and those for all."""
        if client.is_client_unknown:
            remedy = "have it set X-Forwarded-For; until then no limit of one client holds for those who come by it"
            self._repeated.tell(
                "untold",
                log.warning,
                "a trusted proxy does not say for whom it asks",
                address=client.peer,
                remedy=remedy,
            )
        return client.own_address

    async def _by_token(self, request: web.Request, *, counts_as_use: bool) -> Caller:
        scheme, _, secret = request.headers["Authorization"].partition(" ")
        token, now = None, self._backend.now()
        if scheme.lower() == "bearer" and 0 < len(secret := secret.strip()) <= MAX_SECRET_CHARS:
            token = await self._store.people.token_by_digest(digest_of(secret))
        if token is None or not good(token, now):
            raise unauthorized("this token is not good, or not any more; ask an admin for one", "invalid_token")
        if counts_as_use and (token.used_at is None or now - token.used_at >= SEEN_AGAIN):
            await self._store.people.token_used(token.id, now)
        return Caller(token.name, token.rights, token.companies, f"token {token.name}", id=token.id)

    def _named_by_proxy(self, request: web.Request) -> str:
        """Whom a trusted proxy says that it is, "" if it does not say. Anybody else's word is nothing."""
        header = self._config.web.sign_in.header
        said = request.headers.getall(header, ()) if header else ()
        if not said:
            return ""
        if HttpClient(request).by_proxy:
            return ", ".join(said).strip()
        if not self._told_of_header:
            self._told_of_header = True
            log.warning("user header from an untrusted proxy ignored", address=request.remote)
        return ""

    async def _by_header(self, said: str) -> Caller:
        name, settings = name_of(said), self._config.web.sign_in
        person = await self._store.people.person(name) if name else None
        if name is None or (person is None and settings.header_rights is None):
            raise web.HTTPForbidden(text="You are signed in, but have no account here. Ask a Mailpath admin for one.")
        form = derived(await self._key(), "form", name)
        if person is None:
            return Caller(
                name, settings.header_rights or Rights.VIEWER, settings.companies_of_unknown_users, "header", form
            )
        if person.disabled_at:
            raise web.HTTPForbidden(text="You are signed in, but your account here is disabled. Ask a Mailpath admin.")
        return _as_caller(person, "header", form)

    async def _by_session(self, session: SignInSession, *, counts_as_use: bool) -> Caller | None:
        person, now = await self._store.people.person(session.person), self._backend.now()
        if person is None or person.disabled_at:
            return None
        if counts_as_use and now - session.seen_at >= SEEN_AGAIN:
            await self._store.people.put_session(replace(session, seen_at=now))
        return _as_caller(person, "session", session.form)

    async def _is_open(self, request: web.Request) -> bool:
        if not (only_simulated(self._config) and HttpClient(request).is_here):
            return False
        return not (await self._store.people.all() or await self._store.people.tokens())

    async def _key(self) -> bytes:
        self._form_key = self._form_key or await self._store.key()
        return self._form_key

    @property
    def _store(self) -> Store:
        return self._backend.store

    @property
    def _config(self) -> Config:
        return self._backend.config()


GATE = web.AppKey("gate", Authenticator)


def only_simulated(config: Config) -> bool:
    """Test if there is nothing to protect: every company is simulated, and only this machine can connect."""
    real = set(config.companies) - set(config.sandbox.companies)
    here = is_loopback(config.web.listen.host) and config.web.tls is None and not is_behind_proxy(config.web)
    return bool(config.companies) and not real and not config.web.sign_in.header and here


def cookie_name(client: HttpClient) -> str:
    """With HTTPS a name that no page of another host, and none without HTTPS, can set."""
    return "__Host-mailpath" if client.by_https else "mailpath"


def unauthorized(said: str, error: str = "") -> web.HTTPUnauthorized:
    """An answer that says how to come (RFC 6750, section 3)."""
    challenge = 'Bearer realm="mailpath"' + (f', error="{error}"' if error else "")
    return web.HTTPUnauthorized(text=said, headers={"WWW-Authenticate": challenge})


def _as_caller(person: Person, way: str, form: str) -> Caller:
    return Caller(person.name, person.rights, person.companies, way, form)
