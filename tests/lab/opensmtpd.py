"""OpenSMTPD, with filters against the sender; what it accepts goes to LMTP on the same machine."""

from pathlib import Path

from tests.lab.companies import SENDER_DOMAIN, USER
from tests.lab.mounts import mounted
from tests.lab.network import SENDER_IP, Namespace
from tests.lab.processes import Daemon, listens

UNPACKED = Path("/opt/mailpath-lab/usr")  # as a package it would replace Postfix
TABLES_PORT, NAMES_PORT, LISTED_PORT = 2611, 2612, 2613

_CONFIG = """\
table addresses file:{folder}/addresses
table unwanted file:{folder}/unwanted
table boxes {{ "{user}" = "65534:65534:/" }}
filter "blocked" phase connect match src <addresses> disconnect "550 5.7.1 your address is blocked"
filter "nameless" phase connect match !rdns disconnect "550 5.7.25 no reverse name"
filter "listed" proc-exec "{folder}/judge connect disconnect {folder}/addresses"
filter "content" proc-exec "{folder}/judge commit reject {folder}/strict"
filter "domains" phase mail-from match mail-from regex <unwanted> reject "550 5.7.1 your domain is blocked"
filter "by_table" chain {{ "blocked", "domains", "content" }}
filter "by_name" chain {{ "nameless", "domains", "content" }}
filter "by_list" chain {{ "listed", "domains", "content" }}
listen on {address} port {tables} filter "by_table" hostname mx.{domain}
listen on {address} port {names} filter "by_name" hostname mx.{domain}
listen on {address} port {listed} filter "by_list" hostname mx.{domain}
action "in" lmtp "{address}:24" rcpt-to userbase <boxes>
match from any for domain "{domain}" action "in"
"""
_JUDGE = """\
#!/bin/sh
# A filter that is a program, as those that ask a blocklist or scan the content: smtpd-filters(7).
# It gives the answer $2 in the phase $1 as long as there is a file $3.
while read -r line; do [ "$line" != "config|ready" ] || break; done
echo "register|filter|smtp-in|$1"
echo "register|ready"
while IFS="|" read -r kind version time direction phase session token rest; do
  if [ -e "$3" ]; then answer="$2|550 5.7.1 no"; else answer=proceed; fi
  echo "filter-result|$session|$token|$answer"
done
"""


def opensmtpd(namespace: Namespace, folder: Path, domain: str, twin: str) -> Daemon:
    """Port 2611 refuses the addresses of the sender and its forged twin, 2612 clients without a reverse name, 2613
    everybody, by a program. All refuse the domains in the table `unwanted`, where the sender is not, and all content as
    long as there is the file `strict`. Tables are files of `folder`."""
    for name in ("spool", "run"):
        (folder / name).mkdir(parents=True)
    (folder / "addresses").write_text(f"{SENDER_IP}\n{twin}\n")
    (folder / "unwanted").write_text(f"@nobody[.]{SENDER_DOMAIN}$\n")
    (folder / "judge").write_text(_JUDGE)
    (folder / "judge").chmod(0o755)
    config = folder / "smtpd.conf"
    config.write_text(_CONFIG.format(
        folder=folder, address=namespace.address, domain=domain, user=USER,
        tables=TABLES_PORT, names=NAMES_PORT, listed=LISTED_PORT,
    ))  # fmt: skip
    places = {"/var/spool": folder / "spool", "/usr/libexec": UNPACKED / "libexec", "/run": folder / "run"}
    command = mounted(namespace, places, (str(UNPACKED / "sbin" / "smtpd"), "-dF", "-f", str(config)))
    ready = listens(namespace.inode, TABLES_PORT, NAMES_PORT, LISTED_PORT)
    return Daemon("opensmtpd", command, folder / "smtpd.log", ready)
