"""Mail suites, panels and appliances that a company runs by itself.

Sources: help.mdaemon.com (Approved List), plesk.com/kb/support/how-to-configure-greylisting, api.docs.cpanel.net
(create_cpgreylist_trusted_host), the Proxmox Mail Gateway guide.
"""

from probes.mailsystems.parts import (
    ALL_GUARDS,
    ANY_FACTOR,
    GREYLISTED,
    NO_SPAM_FILTER,
    NOVEMBER,
    SHARED_ADDRESS,
    SPAM,
    TEXT,
    shell,
)
from probes.mailsystems.remedy import FactSource, Guard, Remedy, Rung
from probes.mailsystems.system import ChainPlace, MailSystem, RunBy

_PMG = FactSource("Proxmox Mail Gateway guide, Mail Proxy", NOVEMBER, "pmg.proxmox.com/pmg-docs")
_MDAEMON = FactSource("MDaemon help, DKIM Approved List", NOVEMBER, "help.mdaemon.com")
_PLESK = FactSource("How to configure greylisting", NOVEMBER, "plesk.com/kb/support/how-to-configure-greylisting")
_CPANEL = FactSource("create_cpgreylist_trusted_host", NOVEMBER, "api.docs.cpanel.net")

PROXMOX = MailSystem(
    "proxmox",
    "Proxmox Mail Gateway",
    RunBy.COMPANY,
    aliases=("pmg",),
    headers=("x-proxmox-",),
    place=ChainPlace.GATEWAY,
    remedies=(
        Remedy(
            "proxmox-mail-proxy",
            "proxmox",
            "Add the address to the list of the mail proxy",
            GREYLISTED,
            ANY_FACTOR,
            Rung.IP_ALONE,
            ALL_GUARDS - {Guard.AUTHENTICATION},
            skips="greylisting, receiver verification, SPF and DNS blocklists; the rules still judge the mail",
            where=("Configuration", "Mail Proxy", "Whitelist"),
            needs="the role Administrator",
            steps=(
                "In Mail Proxy > Whitelist, add {ip}. It skips greylisting, SPF and DNS blocklists; the rules still "
                "judge the mail.",
            ),
            undo=("Delete the entry.",),
            never="Do not add the domain to the Who objects of the default rule Whitelist: it asks for the bare "
            "domain.",
            risk=SHARED_ADDRESS,
            sources=(_PMG,),
        ),
    ),
)
MDAEMON = MailSystem(
    "mdaemon",
    "MDaemon",
    RunBy.COMPANY,
    banners=("mdaemon",),
    headers=("x-mdaemon-", "x-mdav-", "x-mdremoteip"),
    remedies=(
        Remedy(
            "mdaemon-dkim-approved",
            "mdaemon",
            "Add the domain to the DKIM Approved List",
            SPAM,
            TEXT,
            Rung.DKIM,
            NO_SPAM_FILTER | {Guard.SPAM},
            skips="nothing: a valid signature improves the score",
            where=("Security", "Security Settings", "Sender Authentication", "DKIM", "Approved List"),
            needs="a global administrator",
            steps=(
                "In Security Settings > Sender Authentication > DKIM > Approved List, add {domain}: it counts "
                "only with "
                "a valid DKIM signature.",
            ),
            undo=("Delete {domain} from the list.",),
            never="Do not use Trusted Hosts, Trusted IPs or IP Shield: they bypass all security settings.",
            sources=(_MDAEMON,),
        ),
    ),
)
PLESK = MailSystem(
    "plesk",
    "Plesk",
    RunBy.COMPANY,
    headers=("x-ppp-",),
    remedies=(
        Remedy(
            "plesk-greylisting",
            "plesk",
            "Except the domain from greylisting",
            GREYLISTED,
            ANY_FACTOR,
            Rung.NOTHING_SKIPPED,
            ALL_GUARDS,
            skips="the delay, and no check",
            needs="root on the server",
            look_first=(shell("Look at what is set", "plesk bin grey_listing --info-server"),),
            steps=(
                shell(
                    "Except the domain from greylisting",
                    "plesk bin grey_listing --update-server -domains-whitelist add:*@{domain}",
                ),
            ),
            undo=(shell("Take it out", "plesk bin grey_listing --update-server -domains-whitelist del:*@{domain}"),),
            never="Do not use the White List of the mail server: addresses in it may relay.",
            sources=(_PLESK,),
        ),
    ),
)
CPANEL = MailSystem(
    "cpanel",
    "cPanel",
    RunBy.COMPANY,
    aliases=("whm",),
    headers=("x-cpanel-", "x-authenticated-sender", "x-antiabuse"),
    remedies=(
        Remedy(
            "cpanel-greylisting",
            "cpanel",
            "Except the address from greylisting",
            GREYLISTED,
            ANY_FACTOR,
            Rung.NOTHING_SKIPPED,
            ALL_GUARDS,
            skips="the delay, and no check",
            needs="root in WHM",
            look_first=(shell("Look at what is set", "whmapi1 read_cpgreylist_trusted_hosts"),),
            steps=(shell("Except the address from greylisting", "whmapi1 create_cpgreylist_trusted_host ip={ip}"),),
            undo=(shell("Take it out", "whmapi1 delete_cpgreylist_trusted_host ip={ip}"),),
            never="Do not use the list of trusted SMTP addresses: they skip the checks of recipient, sender and relay.",
            sources=(_CPANEL,),
        ),
    ),
)
DOMINO = MailSystem(
    "domino",
    "HCL Domino",
    RunBy.COMPANY,
    aliases=("lotus-domino", "lotus"),
    banners=("lotus domino", "hcl domino"),
    headers=("x-mimetrack",),
    reply_marks=("domino", "name & address book"),
)
KERIO = MailSystem("kerio", "Kerio Connect", RunBy.COMPANY, banners=("kerio",), headers=("x-kerio-",))
COMMUNIGATE = MailSystem("communigate", "CommuniGate Pro", RunBy.COMPANY, banners=("communigate",))
