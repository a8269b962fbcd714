"""Known devices: a browser in which somebody has signed in keeps a signed cookie that says so.

It opens nothing. It only lets its person try beside whoever tries the same name from elsewhere.
"""

from datetime import timedelta

from aiohttp import web

from monitor.people.secrets import derived, new_secret, same
from monitor.web.auth.client import HttpClient

LASTS = timedelta(days=180)
MAX_DEVICE_CHARS = 200  # characters


def device_cookie_name(client: HttpClient) -> str:
    """With HTTPS a name that no page of another host can set."""
    return "__Host-mailpath-device" if client.by_https else "mailpath-device"


def device_of(request: web.Request, key: bytes, name: str) -> str:
    """The device from which this person has signed in before, "" if it is none, or another's."""
    shown = request.cookies.get(device_cookie_name(HttpClient(request)), "")
    device, _, signature = shown.partition(".")
    return device if len(shown) <= MAX_DEVICE_CHARS and same(signature, _signature(key, name, device)) else ""


def remember_device(request: web.Request, answer: web.StreamResponse, key: bytes, name: str) -> None:
    """Hand its browser the cookie, a new one each time."""
    device, client = new_secret(), HttpClient(request)
    answer.set_cookie(
        device_cookie_name(client),
        f"{device}.{_signature(key, name, device)}",
        path="/",
        secure=client.by_https,
        httponly=True,
        samesite="Lax",
        max_age=int(LASTS.total_seconds()),
    )


def _signature(key: bytes, name: str, device: str) -> str:
    return derived(key, "device", f"{name}\0{device}")
