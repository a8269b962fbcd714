"""Webhooks of the sender's mail service: POST /hooks/mailgun/ACCOUNT. They need no sign-in, because they are signed.

Nothing that they say is believed: each one is a hint to ask the service's log now, instead of with the next reading.
"""

from aiohttp import web

from monitor.web.auth.guard import HOOKS
from monitor.web.backend import BACKEND
from probes.accounts.mailgun import MailgunAccount
from probes.accounts.mailgun_hooks import HookError, UsedTokens, read_hook

DO_NOT_RETRY = 406  # the status that Mailgun does not try again after
USED = web.AppKey("used_tokens", UsedTokens)


def routes(app: web.Application) -> list[web.RouteDef]:
    """Return the routes; the application remembers which tokens were used."""
    app[USED] = UsedTokens()
    return [web.post(HOOKS + "mailgun/{account}", _take)]


async def _take(request: web.Request) -> web.Response:
    backend = request.app[BACKEND]
    account = backend.config().accounts.get(name := request.match_info["account"])
    if not isinstance(account, MailgunAccount) or account.signing_key is None:
        raise web.HTTPNotFound(text="No account of this name takes webhooks.")
    now = backend.now()
    try:
        hook = read_hook(await request.read(), account.signing_key.get_secret_value(), now)
        request.app[USED].take(hook, now)
    except HookError as error:
        return web.Response(text=f"{error}\n", status=DO_NOT_RETRY)
    backend.hint(name, hook.message_id)
    return web.Response(text="taken\n")
