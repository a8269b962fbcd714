"""The client of a request: its address, HTTPS or not, and the address it used. Proxies must be trusted to be
believed."""

import re
from urllib.parse import urlsplit

from aiohttp import HttpVersion11, web

from monitor.config import Config
from monitor.config.proxies import is_behind_proxy, is_local, is_proxy
from monitor.people.addresses import forwarded, is_loopback, unmapped
from monitor.web.backend import BACKEND

PORT = re.compile(r":[0-9]*$")
PASSED_ON = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via")


class HttpClient:
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
        """True if a trusted proxy connected to us."""
        return self.peer in self._web.trusted_proxies

    @property
    def address(self) -> str:
        """The client's own, as far as it is known; else that of whoever connected to us."""
        return self._forwarded_for or self.peer

    @property
    def own_address(self) -> str:
        """The address, if it is this client's; "" if it is that of a proxy, and so of many: one that is not believed,
        or one that does not say for whom it asks."""
        if self.by_proxy:
            return self._forwarded_for
        return "" if is_proxy(self.peer, self._web) else self.peer

    @property
    def is_client_unknown(self) -> bool:
        """True if a trusted proxy does not state the client."""
        return self.by_proxy and not self._forwarded_for

    @property
    def _forwarded_for(self) -> str:
        """Of those that trusted proxies name, the last that is no trusted proxy; "" if there is none. What stands
        before that, anybody may have written."""
        if not self.by_proxy:
            return ""
        named = ",".join(self._request.headers.getall("X-Forwarded-For", ())).split(",")
        addresses = (forwarded(each) for each in reversed(named) if each.strip())
        return next((each for each in addresses if each not in self._web.trusted_proxies), "")

    @property
    def by_https(self) -> bool:
        """True if the response travels by HTTPS all the way."""
        said = self._last("X-Forwarded-Proto") if self.by_proxy else ""
        return self._request.secure or said == "https" or (self._web.url or "").startswith("https:")

    @property
    def hosts(self) -> frozenset[str]:
        """Our own names in this request: host and port, in lower case."""
        known = {self._request.host, urlsplit(self._web.url or "").netloc}
        if self.by_proxy:
            known.add(self._last("X-Forwarded-Host"))
        return frozenset(host.lower() for host in known if host)

    @property
    def is_here(self) -> bool:
        """True if it comes from this machine, through no proxy, and calls us by a name of this machine: a page
        elsewhere
        whose name was made to mean this machine does not.

        A proxy may say nothing of itself: nginx's `proxy_pass http://127.0.0.1:8025;` alone sends that as our name and
        no header of its own. But it speaks HTTP/1.0, as nothing else has for long; and no request is from here where
        the configuration tells of a proxy.
        """
        host = PORT.sub("", self._request.host.lower()).strip("[]")
        passed_on = any(name in self._request.headers for name in PASSED_ON) or self._request.version < HttpVersion11
        return is_loopback(self.peer) and is_local(host) and not passed_on and not is_behind_proxy(self._web)

    def _last(self, header: str) -> str:
        """What the nearest proxy says."""
        return ",".join(self._request.headers.getall(header, ())).rpartition(",")[2].strip().lower()


def config_of(request: web.Request) -> Config:
    """The configuration as it is now."""
    return request.app[BACKEND].config()
