"""Proxies between people and the pages: what [web] says of them."""

from urllib.parse import urlsplit

from monitor.config.model import WebSettings
from monitor.people.addresses import is_loopback, unmapped


def is_behind_proxy(web_settings: WebSettings) -> bool:
    """Test if the configuration implies a proxy: people use another name, or a proxy is trusted."""
    return bool(web_settings.trusted_proxies) or not is_local(_host_of(web_settings))


def is_proxy(address: str, web_settings: WebSettings) -> bool:
    """Test if this address brings requests of many clients: a trusted proxy, or one on this machine."""
    peer = unmapped(address)
    return peer in web_settings.trusted_proxies or (is_loopback(peer) and is_behind_proxy(web_settings))


def missing_proxy_setting(web_settings: WebSettings) -> str | None:
    """Return the missing setting, in a sentence, if people must come through a proxy that is not configured."""
    elsewhere = not is_local(_host_of(web_settings)) and not web_settings.trusted_proxies
    https = (web_settings.url or "").startswith("https:") and web_settings.tls is None
    if elsewhere and (https or is_loopback(web_settings.listen.host)):
        return "web.url names another host, but no proxy is trusted: set web.trusted_proxies"
    return None


def _host_of(web_settings: WebSettings) -> str:
    return urlsplit(web_settings.url or "http://localhost").hostname or ""


def is_local(host: str) -> bool:
    """Test if this host is this machine."""
    return host == "localhost" or is_loopback(host)
