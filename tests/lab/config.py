"""The configuration by which Mailpath watches the companies of the lab, in parts and as a whole."""

from collections.abc import Mapping
from pathlib import Path

from tests.lab.companies import CONTROL_DOMAIN, NEIGHBOUR_DOMAIN, SENDER_DOMAIN, USER
from tests.lab.lab import Lab, Site
from tests.lab.network import CONTROL_IP, NAMES_IP, SENDER_IP
from tests.lab.postfix import PROXY_PORT

_HEAD = """\
[sender]
domain = "{sender}"
address = "no-reply@{sender}"
source_ip = "{sender_ip}"
helo = "{sender}"
bounces = "bounce@{sender}"

[control]
address = "postmaster@{control}"
source_ip = "{control_ip}"

[neighbour]
address = "probe@{neighbour}"

[probes]
every = "{every}"
kinds = ["verification"]
code_life = "12s"
give_up = "20s"
retry = ["3s"]
timeout = "6s"
cap = {{ per_path_per_day = {cap} }}

[dns]
nameservers = ["{names}:53"]
"""

_PACE = {  # where the verdict is one of time
    "greylisted": 'code_life = "5s"\ngive_up = "15s"\nretry = ["6s"]',  # the code dies before postgrey lets it pass
    "firewall-drop": 'code_life = "5s"\ngive_up = "8s"\nretry = ["2s"]\ntimeout = "3s"',
    "firewall-reset": 'code_life = "5s"\ngive_up = "8s"\nretry = ["2s"]',
    "lost": 'code_life = "4s"\ngive_up = "9s"',  # a code's life after it was accepted
    "unreadable": 'code_life = "4s"\ngive_up = "5s"',
}
_TLS = {"clean": "implicit", "junk": "starttls"}  # of the mailbox; the others do without
DIRECT = '{ via = "direct" }'


def config_toml(lab: Lab, every: str = "1h") -> str:
    """The text of a config.toml with every company of the lab. The database lies beside the file.

    All are probed `direct` by their MX from path `hq`; the gateways by paths `xclient`, `proxy` (version 2) and
    `proxy1`. In `every` each path is probed once of itself.
    """
    return head(every) + "".join(
        company(site, _PACE.get(name, ""), {key: path(lab, site, route=route) for key, route in _routes(site).items()})
        for name, site in lab.sites.items()
    )


def head(every: str, cap: int = 1500) -> str:
    """All but the companies. `cap` is the most probes a path has in a day."""
    return _HEAD.format(
        sender=SENDER_DOMAIN,
        sender_ip=SENDER_IP,
        control=CONTROL_DOMAIN,
        control_ip=CONTROL_IP,
        neighbour=NEIGHBOUR_DOMAIN,
        every=every,
        cap=cap,
        names=NAMES_IP,
    )


def company(site: Site, pace: str, paths: Mapping[str, str]) -> str:
    """One company. `pace` are lines that hold for all of its `paths`, which are by key what `path` gives."""
    name = site.company.name
    tables = [f"[companies.{name}.paths.{key}]\n{text}" for key, text in paths.items()]
    return f'\n[companies.{name}]\nname = "{name} (lab)"\nmail_system = "postfix"\n{pace}\n' + "".join(tables)


def path(lab: Lab, site: Site, user: str = USER, *, route: str = DIRECT, mailbox: str = "") -> str:
    """One path, which ends in the mailbox of `user`; `mailbox` says so in another way."""
    to = f"{user}@{site.company.domain}"
    return f'to = "{to}"\nroute = {route}\nmailbox = {mailbox or imap(site, user, lab.passwords[user])}\n'


def imap(site: Site, user: str, password: Path, place: tuple[str, int] | None = None) -> str:
    """A mailbox of the site; `place` is where to connect instead, which then is without TLS."""
    tls = "none" if place else _TLS.get(site.company.name, "none")
    ports = site.dovecot.ports
    host, port = place or (site.namespace.address, ports.imaps if tls == "implicit" else ports.imap)
    trusted = f', ca_file = "{site.dovecot.certificate}"' if tls != "none" else ""
    return (
        f'{{ via = "imap", host = "{host}", port = {port}, tls = "{tls}"{trusted}, '
        f'user = "{user}@{site.company.domain}", password = {{ file = "{password}" }} }}'
    )


def _routes(site: Site) -> dict[str, str]:
    host = site.namespace.address
    if not site.company.gateway:
        return {"hq": DIRECT}
    return {
        "xclient": f'{{ via = "xclient", host = "{host}" }}',
        "proxy": f'{{ via = "proxy", host = "{host}", port = {PROXY_PORT} }}',
        "proxy1": f'{{ via = "proxy", host = "{host}", port = {PROXY_PORT}, version = 1 }}',
    }
