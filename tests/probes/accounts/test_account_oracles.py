"""Our requests for a token beside those of the providers' own libraries: the same form, headers and claims.

The libraries see no network: each gets an HTTP client that keeps what it is to send. They are installed for tests only.
"""

import base64
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import msal
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from google.auth.transport import Request, Response
from google.oauth2.credentials import Credentials as GoogleUserCredentials
from google.oauth2.service_account import Credentials as GoogleServiceCredentials
from pydantic import SecretStr

from probes.accounts.google import ENDPOINT, FULL_SCOPE, GoogleAccount
from probes.accounts.microsoft import CLOUDS, IDENTITY_URL, MicrosoftAccount
from tests.support.authorization_server import verify
from tests.support.client_keys import certificate, google_key_file, pem, rsa_key

CLIENT = "11111111-2222-3333-4444-555555555555"
TENANT = "acme.onmicrosoft.com"
MAIL = "https://outlook.office365.com"
USER = "probe@acme.example"
TELEMETRY = {"client_info", "x-client-current-telemetry", "x-client-last-telemetry"}


@dataclass
class Unsent:
    """The HTTP client that Microsoft's library gets: it answers, and keeps what it was asked to send."""

    posted: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    got: list[tuple[str, dict[str, str], dict[str, str]]] = field(default_factory=list)

    def post(self, url: str, *, data: Any = None, **_: Any) -> "MicrosoftAnswer":
        form = data if isinstance(data, dict) else dict(parse_qsl(data))
        self.posted.append((url, {name: _text(value) for name, value in form.items()}))
        return MicrosoftAnswer('{"access_token": "t0ken", "token_type": "Bearer", "expires_in": 3599}')

    def get(self, url: str, *, params: Any = None, headers: Any = None, **_: Any) -> "MicrosoftAnswer":
        self.got.append((url, params or {}, headers or {}))
        if url == IDENTITY_URL:
            return MicrosoftAnswer('{"access_token": "t0ken", "token_type": "Bearer", "expires_in": "3599"}')
        root = url.split("/v2.0/")[0].removesuffix("/.well-known/openid-configuration")
        paths = {"authorization_endpoint": "authorize", "token_endpoint": "token", "device_authorization_endpoint": "d"}
        found = {name: f"{root}/oauth2/v2.0/{path}" for name, path in paths.items()}
        return MicrosoftAnswer(json.dumps(found | {"issuer": f"{root}/v2.0"}))

    def close(self) -> None: ...


@dataclass
class MicrosoftAnswer:
    """An answer in the form that Microsoft's library expects."""

    text: str
    status_code: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    def raise_for_status(self) -> None: ...


class GoogleAnswer(Response):
    """An answer in the form that Google's library expects."""

    @property
    def status(self) -> int:
        return 200

    @property
    def headers(self) -> dict[str, str]:
        return {}

    @property
    def data(self) -> bytes:
        return b'{"access_token": "t0ken", "token_type": "Bearer", "expires_in": 3599}'


class GoogleUnsent(Request):
    """The HTTP client that Google's library gets: it answers, and keeps what it was asked to send."""

    def __init__(self) -> None:
        self.posted: list[tuple[str, str, dict[str, str]]] = []

    def __call__(self, url: Any, method: Any = "GET", body: Any = None, *_: Any, **__: Any) -> GoogleAnswer:
        self.posted.append((method, url, dict(parse_qsl(_text(body)))))
        return GoogleAnswer()


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def opened(assertion: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of an assertion."""
    head, claims, _ = assertion.split(".")
    return json.loads(decoded(head)), json.loads(decoded(claims))


def microsoft(**keys: Any) -> MicrosoftAccount:
    return MicrosoftAccount.model_validate({"provider": "microsoft", "tenant": TENANT, "client": CLIENT} | keys)


def by_msal(credential: Any, scopes: list[str], refresh: str = "") -> tuple[str, dict[str, str]]:
    """What Microsoft's library posts to the token endpoint: its URL, and the form without the library's telemetry."""
    unsent = Unsent()
    authority = f"https://login.microsoftonline.com/{TENANT}"
    client = msal.ConfidentialClientApplication(
        CLIENT, credential, authority, http_client=unsent, instance_discovery=False
    )
    if refresh:
        client.acquire_token_by_refresh_token(refresh, scopes)
    else:
        client.acquire_token_for_client(scopes)
    [(url, form)] = unsent.posted
    return url, {name: value for name, value in form.items() if name not in TELEMETRY}


def now() -> datetime:
    return datetime.now(UTC)


def test_microsoft_by_certificate() -> None:
    key = rsa_key()
    public = certificate(key)
    digest = x509.load_pem_x509_certificate(public.encode()).fingerprint(SHA256())
    url, theirs = by_msal({"private_key": pem(key), "public_certificate": public}, [f"{MAIL}/.default"])
    request = microsoft(certificate=SecretStr(public + pem(key))).request(USER, now(), "")
    ours = dict(request.form)
    assert request.url == url

    (their_head, their_claims), (our_head, our_claims) = (
        opened(each.pop("client_assertion")) for each in (theirs, ours)
    )
    assert ours == theirs

    del their_head["x5c"]  # the certificate itself, for issuers that trust a name instead of a thumbprint
    assert our_head.keys() == their_head.keys()
    assert (our_head["alg"], our_head["typ"]) == (their_head["alg"], their_head["typ"]) == ("PS256", "JWT")
    assert decoded(our_head["x5t#S256"]) == decoded(their_head["x5t#S256"].rstrip("=")) == digest
    # The one difference. RFC 7515, sections 2 and 4.1.8, and Microsoft's own page have no padding; msal 1.39 adds it.
    assert our_head["x5t#S256"] == their_head["x5t#S256"].rstrip("=")

    assert our_claims.keys() - their_claims.keys() == {
        "nbf"
    }  # which Microsoft's page of certificate credentials asks for
    assert their_claims.keys() <= our_claims.keys()
    for same in ("aud", "iss", "sub"):
        assert our_claims[same] == their_claims[same]
    assert our_claims["exp"] - our_claims["iat"] == round(their_claims["exp"] - their_claims["iat"]) == 600
    assert our_claims["nbf"] == our_claims["iat"]
    assert abs(our_claims["iat"] - their_claims["iat"]) < 60


def test_microsofts_signature_and_ours_are_of_one_kind() -> None:
    key = rsa_key()
    public = certificate(key)
    _, theirs = by_msal({"private_key": pem(key), "public_certificate": public}, [f"{MAIL}/.default"])
    ours = microsoft(certificate=SecretStr(public + pem(key))).request(USER, now(), "").form
    for form in (theirs, ours):
        content, _, signature = form["client_assertion"].rpartition(".")
        verify(key.public_key(), "PS256", content.encode(), decoded(signature))


def test_microsoft_by_secret() -> None:
    url, theirs = by_msal("5ecret+/&=", [f"{MAIL}/.default"])
    request = microsoft(secret=SecretStr("5ecret+/&=")).request(USER, now(), "")
    assert (request.method, request.url, dict(request.form)) == ("POST", url, theirs)


def test_microsoft_by_refresh_token() -> None:
    request = microsoft(secret=SecretStr("5ecret"), refresh=SecretStr("r1")).request(USER, now(), "")
    scope = request.form["scope"].split()
    assert scope[0] == "https://outlook.office.com/IMAP.AccessAsUser.All"  # Microsoft's page; not the host of IMAP
    url, theirs = by_msal("5ecret", [each for each in scope if each != "offline_access"], refresh="r1")
    ours = dict(request.form)
    # msal asks for the sign-in scopes too, and gets an id token, of which we have no use
    assert {*theirs.pop("scope").split()} - {*ours.pop("scope").split()} == {"openid", "profile"}
    assert (request.url, ours) == (url, theirs)


@pytest.mark.parametrize("client", ["", CLIENT])
def test_microsoft_by_managed_identity(client: str) -> None:
    unsent = Unsent()
    identity = msal.UserAssignedManagedIdentity(client_id=client) if client else msal.SystemAssignedManagedIdentity()
    msal.ManagedIdentityClient(identity, http_client=unsent).acquire_token_for_client(resource=MAIL)
    [(url, asked, headers)] = unsent.got
    keys = {"provider": "microsoft", "managed": True} | ({"client": client} if client else {})
    request = MicrosoftAccount.model_validate(keys).request(USER, now(), "")
    ours = urlsplit(request.url)
    assert request.method == "GET"
    assert f"{ours.scheme}://{ours.netloc}{ours.path}" == url
    assert parse_qs(ours.query) == {name: [value] for name, value in asked.items()}
    assert request.headers.items() <= headers.items()
    assert request.headers == {"Metadata": "true"}


def test_microsofts_sign_in_hosts_are_known_to_its_library() -> None:
    from msal.authority import DEPRECATED_AZURE_CHINA, WELL_KNOWN_AUTHORITY_HOSTS

    assert {each.sign_in for each in CLOUDS.values()} <= WELL_KNOWN_AUTHORITY_HOSTS - {DEPRECATED_AZURE_CHINA}


def by_google(credentials: Any) -> tuple[str, str, dict[str, str]]:
    """Method, URL and form that Google's library sends to the token endpoint."""
    unsent = GoogleUnsent()
    credentials.refresh(unsent)
    [sent] = unsent.posted
    return sent


def test_google_by_service_account() -> None:
    file = google_key_file(rsa_key())
    info = json.loads(file)
    method, url, theirs = by_google(
        GoogleServiceCredentials.from_service_account_info(info, scopes=[FULL_SCOPE], subject=USER)
    )
    account = GoogleAccount.model_validate({"provider": "google", "key": SecretStr(file)})
    request = account.request(USER, now(), "")
    ours = dict(request.form)
    assert (request.method, request.url) == (method, url)

    (their_head, their_claims), (our_head, our_claims) = (opened(each.pop("assertion")) for each in (theirs, ours))
    assert ours == theirs
    assert our_head == their_head == {"alg": "RS256", "typ": "JWT", "kid": "k1"}
    assert our_claims.keys() == their_claims.keys()
    for same in ("aud", "iss", "sub", "scope"):
        assert our_claims[same] == their_claims[same]
    assert our_claims["aud"] == ENDPOINT
    assert our_claims["exp"] - our_claims["iat"] == their_claims["exp"] - their_claims["iat"] == 3600


def test_google_by_refresh_token() -> None:
    credentials = GoogleUserCredentials(
        None, refresh_token="r1", client_id="c1", client_secret="5ecret", token_uri=ENDPOINT
    )
    keys = {"provider": "google", "client": "c1", "secret": SecretStr("5ecret"), "refresh": SecretStr("r1")}
    request = GoogleAccount.model_validate(keys).request(USER, now(), "")
    assert (request.method, request.url, dict(request.form)) == by_google(credentials)
