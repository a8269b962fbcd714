"""A Dovecot that takes access tokens, and asks the authorization server that issued them about each."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from probes.mailboxes.imap_wire import BEARER_MECHANISMS
from tests.lab.dovecot import Dovecot, dovecot
from tests.lab.oidc_provider import AUDIENCE, INTROSPECTION_SECRET, OidcProvider
from tests.support.probe_mails import USERS


@contextmanager
def token_dovecot(
    folder: Path, issuer: OidcProvider, mechanisms: Sequence[str] = BEARER_MECHANISMS
) -> Iterator[Dovecot]:
    """Run one while the context lasts, with these SASL mechanisms for tokens. Each user's tokens open one mailbox."""
    file = folder / "oauth2.conf"
    place = issuer.url.replace("://", f"://{AUDIENCE}:{INTROSPECTION_SECRET}@")
    file.write_text(
        f"introspection_url = {place}/token/introspection\n"
        "introspection_mode = post\nusername_attribute = username\nactive_attribute = active\nactive_value = true\n"
    )
    names = " ".join(each.lower() for each in mechanisms)
    extra = (
        f"auth_mechanisms = plain {names}\n"
        f"passdb {{\n driver = oauth2\n mechanisms = xoauth2 oauthbearer\n args = {file}\n}}\n"
    )
    with dovecot(folder, users=USERS, junk={"Junk": True}, extra=extra) as running:
        yield running
