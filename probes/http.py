"""HTTP exchanges: bounded in time, no redirects, no more read than needed. The home of the HTTP client library."""

import os
import re
import ssl
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Self
from urllib.parse import SplitResult, urldefrag, urljoin, urlsplit

from pydantic import AfterValidator, SecretStr

from probes.settings import endpoint, shown
from probes.tls import certificate_trouble, client_context

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession, StreamReader

TIMEOUT = 20.0  # seconds for one exchange
MAX_ERROR_BYTES = 2000  # bytes of an answer of which only the beginning matters
DAY_SECONDS = 86400.0
PORTS = {"http": 80, "https": 443}


def _web_address(url: str) -> str:
    parts = _parts(url)
    if parts is None:
        raise ValueError(f'must be a URL like "https://alerts.example/path", not {shown(url)}')
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not hold a user or a password: a secret is never in this file")
    if parts.fragment:
        raise ValueError("must not have a # in it: nobody is sent what stands behind it")
    return url


def _parts(url: str) -> SplitResult | None:
    """Split the URL; None if it cannot be requested."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    place = f"[{host}]" if ":" in host else host
    plain = url.isascii() and url.isprintable() and not set(url) & set(' "<>\\^`{|}') and len(url) <= 2000
    known = parts.scheme in PORTS and endpoint(place, PORTS.get(parts.scheme)) is not None and port != 0
    return parts if plain and known else None


def private_url(url: str) -> str:
    """Return the URL of a server that is shown credentials. ValueError if it has no TLS and is not this machine."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not _loopback(parts.hostname or ""):
        raise ValueError("must begin with https: credentials are sent there")
    return url


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def same_server(url: str, base: str) -> bool:
    """Test if both lead to the same server: scheme, host and port are equal, and `url` names no user."""
    one, other = _parts(url), _parts(base)
    if one is None or other is None or one.username is not None or one.password is not None:
        return False
    ports = [each.port or PORTS[each.scheme] for each in (one, other)]
    return (one.scheme, one.hostname, ports[0]) == (other.scheme, other.hostname, ports[1])


def on_same_server(url: str, base: str) -> str | None:
    """Return this URL, which may be relative to `base`, without its fragment; None if it leads to another server."""
    try:
        whole = urldefrag(urljoin(base, url)).url
    except ValueError:
        return None
    return whole if same_server(whole, base) else None


WebUrl = Annotated[str, AfterValidator(_web_address)]
SecureUrl = Annotated[WebUrl, AfterValidator(private_url)]
"""A URL that credentials may be sent to."""


@dataclass(frozen=True, slots=True)
class HttpReply:
    """The response: its status, and the body or its beginning."""

    status: int
    body: bytes
    retry_after: float | None = None  # seconds that its Retry-After asks for
    content_type: str = ""  # as the server states it
    clock: datetime | None = None  # the server's, from its Date header
    location: str = ""  # where a redirect leads

    @property
    def good(self) -> bool:
        """True for a 2xx status."""
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class HttpFailure:
    """Why there is no response, without any part of the URL. `certificate`: the server's is not to be trusted."""

    text: str
    certificate: bool = False


class HttpListenError(Exception):
    """A response that goes on has ended, or did not begin. The text says why, without any part of the URL."""


@dataclass(frozen=True, slots=True)
class HttpLines:
    """A response that goes on: its status, and its lines as they come."""

    status: int
    content_type: str
    _content: "StreamReader" = field(repr=False)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for line in self._content:
            yield line


class HttpSession:
    """Sends requests. The session is made for the first one: the library is slow to import, and few need it."""

    def __init__(self) -> None:
        self._session: ClientSession | None = None

    async def exchange(
        self,
        method: str,
        url: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        ca_file: Path | None = None,
        most: int = MAX_ERROR_BYTES,
    ) -> HttpReply | str:
        """Send a request. Returns the response, its body cut after `most` bytes, or an error text without any part of
        the URL."""
        self._session = self._session or _session()
        answer = await _exchange(self._session, method, url, body, headers or {}, ca_file, most)
        return answer.text if isinstance(answer, HttpFailure) else answer

    async def fetch(
        self, host: str, path: str, *, address: str, port: int = 443, ca_file: Path | None = None, most: int
    ) -> HttpReply | HttpFailure:
        """Read a page of `host` by HTTPS at `address`, an IP address, whose certificate has to be for `host`."""
        self._session = self._session or _session()
        url = f"https://{f'[{address}]' if ':' in address else address}:{port}{path}"
        return await _exchange(self._session, "GET", url, None, {"Host": host}, ca_file, most, name=host)

    @asynccontextmanager
    async def listen(
        self, url: str, *, headers: Mapping[str, str], ca_file: Path | None = None, silence: float
    ) -> AsyncIterator[HttpLines]:
        """Open a response that goes on. It ends after `silence` seconds in which nothing comes. Raises
        HttpListenError."""
        from aiohttp import ClientError, ClientTimeout

        self._session = self._session or _session()
        try:
            async with self._session.get(
                url,
                headers=headers,
                ssl=client_context(verify=True, ca_file=ca_file),
                allow_redirects=False,
                timeout=ClientTimeout(sock_connect=TIMEOUT, sock_read=silence),
            ) as response:
                kind = response.headers.get("Content-Type", "")
                yield HttpLines(response.status, kind, response.content)
        except TimeoutError:
            raise HttpListenError(f"silent for {silence:g} seconds") from None
        except (ClientError, OSError, ValueError) as error:  # ValueError: a line that is too long, or no HTTP
            raise HttpListenError(_words(error)) from None

    async def close(self) -> None:
        """Close the session."""
        if self._session:
            await self._session.close()
        self._session = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def _session() -> "ClientSession":
    """Return a session. Each exchange opens its own connection: a kept-alive one may have been closed by the other side
    just when it is needed."""
    from aiohttp import ClientSession, ClientTimeout, DummyCookieJar, TCPConnector  # slow to import

    return ClientSession(
        connector=TCPConnector(force_close=True, limit=0),
        timeout=ClientTimeout(total=TIMEOUT),
        cookie_jar=DummyCookieJar(),
        auto_decompress=False,  # a few bytes could become gigabytes
        headers={"User-Agent": f"Mailpath/{version('mailpath')}", "Accept-Encoding": "identity"},
    )


async def _exchange(
    http: "ClientSession",
    method: str,
    url: str,
    body: bytes | None,
    headers: Mapping[str, str],
    ca_file: Path | None,
    most: int,
    name: str | None = None,
) -> HttpReply | HttpFailure:
    from aiohttp import ClientConnectorCertificateError, ClientError

    typed = {"Content-Type": "application/json"} if body is not None else {}
    try:
        async with http.request(
            method,
            url,
            data=body,
            headers={**typed, **headers},
            ssl=client_context(verify=True, ca_file=ca_file),
            allow_redirects=False,
            server_hostname=name,
        ) as response:
            wait = _seconds(response.headers.get("Retry-After", ""))
            kind = response.headers.get("Content-Type", "")
            clock = _date(response.headers.get("Date", ""))
            leads = response.headers.get("Location", "")
            return HttpReply(response.status, await _beginning(response, most), wait, kind, clock, leads)
    except TimeoutError:
        return HttpFailure(f"no answer within {TIMEOUT:g} seconds")
    except (ClientError, OSError, ValueError) as error:  # ValueError: an answer that is not HTTP
        if name and isinstance(error, ClientConnectorCertificateError):
            return HttpFailure(certificate_trouble(error.certificate_error), certificate=True)
        return HttpFailure(_words(error))


def _seconds(retry_after: str) -> float | None:
    """Return the seconds of a Retry-After header (RFC 9110, section 10.2.3), at most a day; None if it has none."""
    if re.fullmatch(r"\d{1,9}(?:\.\d{1,3})?", retry_after, re.ASCII):
        return min(float(retry_after), DAY_SECONDS)
    if (at := _date(retry_after)) is None:
        return None
    seconds = (at - datetime.now(UTC)).total_seconds()
    return min(max(seconds, 0.0), DAY_SECONDS)


def _date(text: str) -> datetime | None:
    """Return the time of an HTTP date, None if it is none."""
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # no date, or a zone that no clock has
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


async def _beginning(response: "ClientResponse", most: int) -> bytes:
    body = b""
    while len(body) < most and (more := await response.content.read(most - len(body))):
        body += more
    return body


def _words(error: Exception) -> str:
    """Describe an error. The library's messages are not used: they may contain the URL."""
    from aiohttp import ClientConnectorCertificateError, ClientConnectorDNSError, ClientConnectorError, ClientSSLError

    match error:
        case ClientConnectorCertificateError():
            return "its certificate is not one that we trust; see ca_file"
        case ClientSSLError() | ssl.SSLError():
            return "no TLS connection"
        case ClientConnectorDNSError():
            return "its name cannot be resolved"
        case ClientConnectorError():
            return f"no connection: {_system(error.os_error)}"
        case OSError() if error.errno:
            return f"the connection broke: {_system(error)}"
        case _:
            return f"the connection broke ({type(error).__name__})"


def _system(error: OSError) -> str:
    """Return the operating system's error text, without what others have added."""
    return os.strerror(error.errno) if error.errno and error.errno > 0 else type(error).__name__


def refusal(answer: HttpReply) -> str | None:
    """Return why the other side refused, or None."""
    if answer.good:
        return None
    if 300 <= answer.status < 400:
        return f"HTTP {answer.status}: it leads elsewhere, and we do not follow; put the final address into url"
    return f"HTTP {answer.status}"


def basic(user: str, password: SecretStr) -> dict[str, str]:
    """Return the header of basic authentication (RFC 7617)."""
    pair = f"{user}:{password.get_secret_value()}".encode()
    return {"Authorization": f"Basic {b64encode(pair).decode()}"}
