"""A content filter between two ports of Postfix: Debian's Amavis with SpamAssassin, which thinks ill of the sender."""

import shutil
from pathlib import Path

from tests.lab.companies import SENDER_DOMAIN
from tests.lab.mounts import mounted
from tests.lab.network import Namespace
from tests.lab.processes import Daemon, listens

PORT = 10024
BACK_PORT = 10025  # where it hands on what may pass

_USER = """\
use strict;
$myhostname = 'mx.{domain}';
$mydomain = '{domain}';
@local_domains_acl = ('.{domain}');
@bypass_spam_checks_maps = (0);
$final_spam_destiny = D_REJECT;
$enable_dkim_verification = 1;
$sa_configpath = '/etc/amavis/rules';
$sa_siteconfigpath = '/etc/amavis/site';
$max_servers = 1;
$DO_SYSLOG = 0;
$LOGFILE = '/var/lib/amavis/amavis.log';
1;  # ensure a defined return
"""


def amavis(namespace: Namespace, folder: Path, domain: str) -> Daemon:
    """Refuses spam, and holds it in quarantine. Its configuration is Debian's, in `folder`/etc, with `50-user` of ours;
    its log is `folder`/home/amavis.log."""
    shutil.copytree("/etc/amavis", folder / "etc")
    (folder / "etc" / "conf.d" / "50-user").write_text(_USER.format(domain=domain))
    (folder / "etc" / "rules").mkdir()
    (folder / "etc" / "site").mkdir()
    (folder / "etc" / "site" / "init.pre").write_text("loadplugin Mail::SpamAssassin::Plugin::Check\n")
    (folder / "etc" / "rules" / "lab.cf").write_text(
        f"util_rb_tld com test\nuse_bayes 0\nheader LAB_DOMAIN From =~ /{SENDER_DOMAIN}/\nscore LAB_DOMAIN 50\n"
    )
    for name in ("home/tmp", "home/virusmails", "home/db", "run"):
        (folder / name).mkdir(parents=True)
    for path in (folder / "run", *(folder / "home").rglob("*"), folder / "home"):
        shutil.chown(path, "amavis", "amavis")
    (folder / "run" / "amavis").mkdir()
    shutil.chown(folder / "run" / "amavis", "amavis", "amavis")
    places = {"/etc/amavis": folder / "etc", "/var/lib/amavis": folder / "home", "/run": folder / "run"}
    command = mounted(namespace, places, ("/usr/sbin/amavisd", "foreground"))
    return Daemon("amavis", command, folder / "amavis.out", listens(namespace.inode, PORT), seconds=60)
