"""An OAuth 2 authorization server (RFC 6749) for what the real one, `tests.lab.oidc_provider`, cannot do.

Its answers can be chosen and delayed, it goes by the test's clock, and it takes the assertions of a service account
that acts for users (RFC 7523, section 2.1). `requests` holds every request for a token.
"""

import asyncio
import base64
import json
import secrets
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote_plus

from aiohttp import web
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LEEWAY = timedelta(minutes=5)


@dataclass
class OAuthClient:
    """A registered client: it proves itself by its secret or its key. `user` is whose mailbox its own tokens open; with
    `delegated` it names the user itself. `scope`: what a user has consented to."""

    user: str = ""
    secret: str = ""
    key: RSAPublicKey | None = None
    delegated: bool = False
    refresh: str = ""
    scope: str = ""


@dataclass
class IssuedToken:
    """A token that it has issued."""

    user: str
    expires_at: datetime
    active: bool = True
    scope: str = ""


@dataclass
class AuthorizationServer:
    """`next_answers` come first, one for each request for a token. `lifetime` is that of new tokens."""

    now: Callable[[], datetime]
    url: str = ""
    clients: dict[str, OAuthClient] = field(default_factory=dict)
    lifetime: timedelta = timedelta(hours=1)
    rotates: bool = False
    delay: float = 0.0
    issued: dict[str, IssuedToken] = field(default_factory=dict)
    requests: list[dict[str, str]] = field(default_factory=list)
    next_answers: deque[web.Response] = field(default_factory=deque)
    _used: set[str] = field(default_factory=set)

    @property
    def token_url(self) -> str:
        return f"{self.url}/token"

    def revoke_all(self) -> None:
        """Tokens that were issued so far open nothing any more."""
        for each in self.issued.values():
            each.active = False

    async def token(self, request: web.Request) -> web.Response:
        """RFC 6749, section 3.2."""
        if request.content_type != "application/x-www-form-urlencoded":
            return _error(400, "invalid_request", "not a form")
        form = {str(name): str(value) for name, value in (await request.post()).items()}
        self.requests.append(form)
        await asyncio.sleep(self.delay)
        if self.next_answers:
            return self.next_answers.popleft()
        if form.get("grant_type") == JWT_BEARER:
            return self._delegated(form)
        name = self._authenticated(request, form)
        if name is None:
            return _error(401, "invalid_client", "client authentication failed")
        client = self.clients[name]
        match form.get("grant_type"):
            case "client_credentials":
                return self._issue(client.user, "")
            case "refresh_token":
                if not client.refresh or not secrets.compare_digest(form.get("refresh_token", ""), client.refresh):
                    return _error(400, "invalid_grant", "Token has been expired or revoked.")
                if self.rotates:
                    client.refresh = secrets.token_urlsafe(24)
                return self._issue(client.user, client.refresh if self.rotates else "", client.scope)
            case _:
                return _error(400, "unsupported_grant_type", "")

    def _authenticated(self, request: web.Request, form: dict[str, str]) -> str | None:
        """The client that proved itself: section 2.3.1."""
        if pair := _basic(request.headers.get("Authorization", "")):
            name, secret = (unquote_plus(part) for part in pair)
        else:
            name, secret = form.get("client_id", ""), form.get("client_secret", "")
        client = self.clients.get(name)
        if client is None or client.key or not secrets.compare_digest(client.secret, secret):
            return None
        return name

    def _delegated(self, form: dict[str, str]) -> web.Response:
        """RFC 7523, section 2.1: the subject is the user."""
        claims = self._verified(form.get("assertion", ""))
        if claims is None:
            return _error(400, "invalid_grant", "Invalid JWT Signature.")
        if not self.clients[claims["iss"]].delegated:
            text = "Client is unauthorized to retrieve access tokens using this method."
            return _error(401, "unauthorized_client", text)
        return self._issue(str(claims.get("sub")), "", str(claims.get("scope", "")))

    def _verified(self, token: str) -> dict[str, Any] | None:
        """The claims of an assertion signed by the client that it names."""
        try:
            head, claims, signature = (base64.urlsafe_b64decode(f"{part}==") for part in token.split("."))
            header, said = json.loads(head), json.loads(claims)
            key = self.clients[said["iss"]].key
            if key is None or "=" in token:
                return None
            verify(key, header["alg"], token.rpartition(".")[0].encode(), signature)
        except (ValueError, KeyError, InvalidSignature):
            return None
        now, jti = self.now(), said.get("jti")
        times = [datetime.fromtimestamp(said[name], UTC) for name in ("iat", "nbf") if name in said]
        timely = all(at <= now + LEEWAY for at in times) and datetime.fromtimestamp(said["exp"], UTC) > now - LEEWAY
        if said.get("aud") != self.token_url or not timely or (jti and jti in self._used):
            return None
        self._used.add(str(jti))
        return dict(said)

    def _issue(self, user: str, refresh: str, scope: str = "") -> web.Response:
        value = secrets.token_urlsafe(600)  # as long as those of Microsoft
        self.issued[value] = IssuedToken(user, self.now() + self.lifetime, scope=scope)
        said: dict[str, Any] = {
            "access_token": value, "token_type": "Bearer", "expires_in": int(self.lifetime.total_seconds()),
        }  # fmt: skip
        if refresh:
            said["refresh_token"] = refresh
        return web.json_response(said, headers={"Cache-Control": "no-store", "Pragma": "no-cache"})


def verify(key: RSAPublicKey, algorithm: str, content: bytes, signature: bytes) -> None:
    """Raises InvalidSignature, or ValueError for an algorithm that does not fit the key (RFC 7518, section 3.1)."""
    match algorithm:
        case "PS256":
            key.verify(signature, content, PSS(MGF1(SHA256()), 32), SHA256())
        case "RS256":
            key.verify(signature, content, PKCS1v15(), SHA256())
        case _:
            raise ValueError(f"no {algorithm} with this key")


def _basic(header: str) -> tuple[str, str] | None:
    kind, _, encoded = header.partition(" ")
    if kind.lower() != "basic":
        return None
    name, _, secret = base64.b64decode(encoded).decode().partition(":")
    return name, secret


def _error(status: int, name: str, description: str) -> web.Response:
    """Section 5.2."""
    headers = {"Cache-Control": "no-store"} | ({"WWW-Authenticate": 'Basic realm="lab"'} if status == 401 else {})
    return web.json_response({"error": name, "error_description": description}, status=status, headers=headers)


@asynccontextmanager
async def authorization_server(now: Callable[[], datetime]) -> AsyncIterator[AuthorizationServer]:
    """One that listens on a free port of this machine, by this clock."""
    server = AuthorizationServer(now)
    app = web.Application()
    app.router.add_post("/token", server.token)

    async def dated(request: web.Request, response: web.StreamResponse) -> None:
        response.headers["Date"] = server.now().strftime("%a, %d %b %Y %H:%M:%S GMT")

    app.on_response_prepare.append(dated)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield server
    finally:
        await runner.cleanup()
