"""The configuration by which Mailpath watches the companies of the lab."""

from tests.lab.companies import CONTROL_DOMAIN, SENDER_DOMAIN
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

[probes]
every = "{every}"
kinds = ["verification"]
code_life = "12s"
give_up = "20s"
retry = ["3s"]
timeout = "6s"

[dns]
nameservers = ["{names}:53"]
"""

_PACE = {  # where the verdict is one of time
    "greylisted": 'code_life = "5s"\ngive_up = "15s"\nretry = ["6s"]',  # the code dies before postgrey lets it pass
    "firewall-drop": 'code_life = "5s"\ngive_up = "8s"\nretry = ["2s"]\ntimeout = "3s"',
    "firewall-reset": 'code_life = "5s"\ngive_up = "8s"\nretry = ["2s"]',
    "lost": 'code_life = "4s"\ngive_up = "5s"',
    "unreadable": 'code_life = "4s"\ngive_up = "5s"',
}
_TLS = {"clean": "implicit", "junk": "starttls"}  # of the mailbox; the others do without


def config_toml(lab: Lab, every: str = "1h") -> str:
    """The text of a config.toml with every company of the lab. The database lies beside the file.

    All are probed `direct` by their MX from path `hq`; the gateways by paths `xclient`, `proxy` (version 2) and
    `proxy1`. In `every` each path is probed once of itself.
    """
    head = _HEAD.format(
        sender=SENDER_DOMAIN,
        sender_ip=SENDER_IP,
        control=CONTROL_DOMAIN,
        control_ip=CONTROL_IP,
        every=every,
        names=NAMES_IP,
    )
    return "\n".join([head, *(_company(lab, site) for site in lab.sites.values())])


def _company(lab: Lab, site: Site) -> str:
    name = site.company.name
    lines = [f"[companies.{name}]", f'name = "{name} (lab)"', 'mail_system = "postfix"', _PACE.get(name, ""), ""]
    for path, route in _routes(site).items():
        lines += [
            f"[companies.{name}.paths.{path}]",
            f'to = "{site.company.address}"',
            f"route = {route}",
            f"mailbox = {_mailbox(lab, site)}",
            "",
        ]
    return "\n".join(lines)


def _routes(site: Site) -> dict[str, str]:
    host = site.namespace.address
    if not site.company.gateway:
        return {"hq": '{ via = "direct" }'}
    return {
        "xclient": f'{{ via = "xclient", host = "{host}" }}',
        "proxy": f'{{ via = "proxy", host = "{host}", port = {PROXY_PORT} }}',
        "proxy1": f'{{ via = "proxy", host = "{host}", port = {PROXY_PORT}, version = 1 }}',
    }


def _mailbox(lab: Lab, site: Site) -> str:
    tls = _TLS.get(site.company.name, "none")
    port = site.dovecot.ports.imaps if tls == "implicit" else site.dovecot.ports.imap
    trusted = f', ca_file = "{site.dovecot.certificate}"' if tls != "none" else ""
    return (
        f'{{ via = "imap", host = "{site.namespace.address}", port = {port}, tls = "{tls}"{trusted}, '
        f'user = "{site.company.address}", password = {{ file = "{lab.password}" }} }}'
    )
