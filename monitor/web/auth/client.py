"""Where a request came from, whether by HTTPS, and to which address. A proxy is believed only if it is trusted."""

import re
from urllib.parse import urlsplit

from aiohttp import web

from monitor.config import Config
from monitor.people.addresses import is_loopback, unmapped
from monitor.web.backend import BACKEND

PORT = re.compile(r":[0-9]*$")
PASSED_ON = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via")


class Client:
    """The far end of a request."""

    def __init__(self, request: web.Request) -> None:
        self._request = request
        self._web = config_of(request).web

    @property
    def peer(self) -> str:
        """The address of whoever connected to us, "" if that is not known."""
        return unmapped(self._request.remote or "")

    @property
    def by_proxy(self) -> bool:
        """Whether a trusted proxy connected to us."""
        return self.peer in self._web.trusted_proxies

    @property
    def address(self) -> str:
        """The client's own: of those that the proxies name, the last that is no trusted proxy."""
        if self.by_proxy:
            named = ",".join(self._request.headers.getall("X-Forwarded-For", ())).split(",")
            for address in map(unmapped, map(str.strip, reversed(named))):
                if address and address not in self._web.trusted_proxies:
                    return address[:64]
        return self.peer

    @property
    def by_https(self) -> bool:
        """Whether what we answer goes the whole way by HTTPS."""
        said = self._last("X-Forwarded-Proto") if self.by_proxy else ""
        return self._request.secure or said == "https" or (self._web.url or "").startswith("https:")

    @property
    def hosts(self) -> frozenset[str]:
        """How we are called in this request: host and port, in lower case."""
        known = {self._request.host, urlsplit(self._web.url or "").netloc}
        if self.by_proxy:
            known.add(self._last("X-Forwarded-Host"))
        return frozenset(host.lower() for host in known if host)

    @property
    def is_here(self) -> bool:
        """Whether it comes from this machine, by no proxy, and calls us by a name of this machine: a page elsewhere
        whose name was made to mean this machine does not."""
        host = PORT.sub("", self._request.host.lower()).strip("[]")
        passed_on = any(name in self._request.headers for name in PASSED_ON)
        return is_loopback(self.peer) and (host == "localhost" or is_loopback(host)) and not passed_on

    def _last(self, header: str) -> str:
        """What the nearest proxy says."""
        return ",".join(self._request.headers.getall(header, ())).rpartition(",")[2].strip().lower()


def config_of(request: web.Request) -> Config:
    """The configuration as it is now."""
    return request.app[BACKEND].config()
