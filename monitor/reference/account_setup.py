"""The reference of accounts: the steps of each provider's administrator."""

from collections.abc import Iterator, Sequence

from monitor.reference.mail_systems import shown, wrapped
from probes.accounts.gateway_setup import CISCO_SETUP, CLOUDFLARE_SETUP, MIMECAST_SETUP
from probes.accounts.microsoft_setup import MICROSOFT_SETUP
from probes.accounts.other_setup import GOOGLE_SETUP, MAILGUN_SETUP, OAUTH_SETUP
from probes.accounts.setup import SetupScript, SetupStep

PROVIDERS: dict[str, Sequence[SetupStep]] = {
    "Microsoft 365 (`microsoft`)": MICROSOFT_SETUP,
    "Google (`google`)": GOOGLE_SETUP,
    "Mailgun (`mailgun`)": MAILGUN_SETUP,
    "Cloudflare Email Security (`cloudflare`)": CLOUDFLARE_SETUP,
    "Mimecast (`mimecast`)": MIMECAST_SETUP,
    "Cisco Secure Email (`cisco`)": CISCO_SETUP,
    "An OAuth 2 server of the company's own (`oauth`)": OAUTH_SETUP,
}


def steps() -> str:
    """Return all steps by provider, with names in braces where those of a configuration are filled in."""
    return "\n".join(line for name, table in PROVIDERS.items() for line in _of_provider(name, table)) + "\n"


def _of_provider(name: str, table: Sequence[SetupStep]) -> Iterator[str]:
    yield f"### {name}"
    yield ""
    for step in table:
        yield from _step(step)


def _step(step: SetupStep) -> Iterator[str]:
    yield f"#### {shown(step.title)}"
    yield ""
    yield from wrapped(f"For: {', '.join(f'`{each}`' for each in sorted(step.needs))}.", "", "")
    yield ""
    if step.right:
        yield from wrapped(f"**Right:** {shown(step.right)}", "- ", "  ")
    for part in step.parts:
        if isinstance(part, SetupScript):
            yield from wrapped(f"{shown(part.does)}:", "- ", "  ")
            yield ""
            yield "  ```text"
            yield from (f"  {line}" for line in part.text.splitlines())
            yield "  ```"
        else:
            yield from wrapped(shown(part), "- ", "  ")
    source = step.source
    unsure = f" {source.unsure}" if source.unsure else ""
    yield from wrapped(
        f"Source: [{shown(source.title)}]({source.address}), {source.on:%d %B %Y}, {source.certainty.value}.{unsure}",
        "- ", "  ",
    )  # fmt: skip
    yield ""
