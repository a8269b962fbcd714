"""oidc-provider: a real authorization server on this machine, which believes no assertion and no token unproven.

Tokens are opaque and each is for one audience, which may introspect it. Its clock can be set.
"""

import json
import os
import shutil
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from tests.lab.dovecot import free_ports
from tests.lab.processes import Daemon, listens
from tests.support.client_keys import ClientKey

HERE = Path(__file__).parent / "oidc"
AUDIENCE, INTROSPECTION_SECRET = "imap-server", "introspect-me-introspect-me"
SECRET = "5ecret+/&=word-of-a-client"
CALLBACK = "http://127.0.0.1/callback"


def oidc_obstacle() -> str | None:
    """Why it cannot run here, or None."""
    if shutil.which("node") is None:
        return "the tests on a real authorization server need node"
    if not (HERE / "node_modules" / "oidc-provider").exists():
        return "the tests on a real authorization server need oidc-provider, see tests/lab/oidc/install.sh"
    return None


class OidcProvider(Daemon):
    """One that runs."""

    def __init__(self, folder: Path, clients: Iterable[Mapping[str, Any]]) -> None:
        port = free_ports("127.0.0.1").imap
        self.url = f"http://127.0.0.1:{port}"
        file = folder / "clients.json"
        resource = {"client_id": AUDIENCE, "client_secret": INTROSPECTION_SECRET, "redirect_uris": []}
        file.write_text(json.dumps([resource | {"response_types": [], "grant_types": []}, *clients]))
        command = [shutil.which("node") or "node", str(HERE / "server.mjs"), str(port), str(file)]
        namespace = os.stat("/proc/self/ns/net").st_ino
        super().__init__("oidc-provider", command, folder / "oidc-provider.log", listens(namespace, port))

    @property
    def token_url(self) -> str:
        return f"{self.url}/token"

    def ahead(self, seconds: float) -> None:
        """Set its clock so far ahead of this machine's."""
        self._control("PUT", "clock", {"ahead": seconds})

    def revoke_all(self) -> None:
        """Tokens that were issued so far open nothing any more."""
        self._control("POST", "revoke")

    def refresh_token(self, client: str) -> str:
        """A refresh token of this client, as if its user had consented now."""
        return str(self._control("POST", "refresh", {"client": client})["refresh_token"])

    @property
    def token_requests(self) -> list[int]:
        """The status of each answer to a request for a token."""
        return [each["status"] for each in self._control("GET", "seen") if each["path"] == "/token"]

    @property
    def introspections(self) -> list[bool]:
        """Of each token that was introspected, whether it was active."""
        return [each["active"] for each in self._control("GET", "seen") if each["path"] == "/token/introspection"]

    def _control(self, method: str, name: str, body: Mapping[str, Any] | None = None) -> Any:
        with urlopen(Request(f"{self.url}/lab/{name}", json.dumps(body or {}).encode(), method=method)) as answer:
            return json.load(answer)


@contextmanager
def oidc_provider(folder: Path, *clients: Mapping[str, Any]) -> Iterator[OidcProvider]:
    """Run one with these clients while the context lasts."""
    server = OidcProvider(folder, clients)
    server.start()
    try:
        yield server
    finally:
        server.kill9()


def client(name: str = "probe", user: str = "user7", **changed: Any) -> dict[str, Any]:
    """A client that proves itself by SECRET, and whose tokens open the mailbox of this user."""
    values: dict[str, Any] = {
        "client_id": name, "client_secret": SECRET, "token_endpoint_auth_method": "client_secret_basic",
        "grant_types": ["client_credentials"], "redirect_uris": [], "response_types": [],
        "user": user, "audience": AUDIENCE, "lifetime": 3600,
    }  # fmt: skip
    return values | changed


def signing_client(key: ClientKey, name: str = "probe", **changed: Any) -> dict[str, Any]:
    """A client that proves itself by assertions that this key has signed."""
    values = client(name, token_endpoint_auth_method="private_key_jwt", jwks={"keys": [_jwk(key)]}, **changed)
    return {name: value for name, value in values.items() if name != "client_secret"}


def consented_client(name: str = "probe", **changed: Any) -> dict[str, Any]:
    """A client with the consent of a user; by SECRET."""
    grants: dict[str, Any] = {"grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"]}
    return client(name, redirect_uris=[CALLBACK], **grants, **changed)


def _jwk(key: ClientKey) -> dict[str, str]:
    public = key.public_key()
    if isinstance(public, RSAPublicKey):
        numbers = public.public_numbers()
        return {"kty": "RSA", "n": _number(numbers.n, 256), "e": _number(numbers.e, 3)}
    point = public.public_numbers()
    return {"kty": "EC", "crv": "P-256", "x": _number(point.x, 32), "y": _number(point.y, 32)}


def _number(value: int, size: int) -> str:
    return urlsafe_b64encode(value.to_bytes(size, "big")).rstrip(b"=").decode()
