"""Callers of requests, and sign-in.

- `guard`   the middleware: who it is, whether they may, whether a page of ours sent it
- `authenticator` the ways in: token, header of a trusted proxy, session, and for all if every company is simulated
- `recheck` asks again while a stream or an export lasts
- `forms`   that what changes something was sent by a page of ours
- `client`  where a request came from, and whether by HTTPS
- `device` browsers in which somebody has signed in before
- `needs`   what rights a handler asks for, written at the handler
- `pages`   sign in, sign out, choose a password

`routes` are those of the pages; `add_gate` makes an application ready for `guard`.
"""

from aiohttp import web

from monitor.web.auth.authenticator import GATE, Authenticator, only_simulated
from monitor.web.auth.guard import guard
from monitor.web.auth.needs import needed, needs
from monitor.web.auth.pages import routes
from monitor.web.auth.recheck import while_allowed
from monitor.web.backend import BACKEND

__all__ = ["add_gate", "guard", "needed", "needs", "only_simulated", "routes", "while_allowed"]


def add_gate(app: web.Application) -> None:
    """Build the ways in; the application has its backend already."""
    app[GATE] = Authenticator(app[BACKEND])
