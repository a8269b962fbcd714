"""Content filters that a company runs beside its server: rspamd and mailcow, SpamAssassin, Amavis, Zimbra.

Sources: rspamd.com (multimap, greylist, whitelist), SpamAssassin's Conf.pm, amavisd-new's release notes, the Zimbra
wiki. The scripts of rspamd, SpamAssassin and Amavis are run against the real programs by the lab's tests.
"""

from probes.mailsystems.parts import (
    ALL_GUARDS,
    ANY_FACTOR,
    DOMAIN,
    DOMAIN_BLOCKED,
    GREYLISTED,
    LAB,
    NO_BARE_DOMAIN,
    NO_SPAM_FILTER,
    NOTHING_TO_UNDO,
    NOVEMBER,
    SHARED_ADDRESS,
    SPAM,
    TEXT,
    TRIED,
    UNCLEAR,
    lines,
    shell,
)
from probes.mailsystems.remedy import (
    ARRIVES,
    TWIN_STOPPED,
    Certainty,
    FactSource,
    ProofKind,
    Remedy,
    RemedyProof,
    Rung,
)
from probes.mailsystems.system import ChainPlace, MailSystem, RunBy

_ROOT = "root on the server"
_RSPAMD_PAGES = FactSource("rspamd: greylist, multimap, web interface", LAB, "rspamd.com")
_RSPAMD_GREYLIST = FactSource("rspamd: greylist; rspamd 3.4", TRIED, "rspamd.com", Certainty.TESTED)
_RSPAMD = FactSource("rspamd: multimap; rspamd 3.4", LAB, "rspamd.com", Certainty.TESTED)
_SPAMASSASSIN = FactSource("Mail::SpamAssassin::Conf; version 4.0", LAB, "spamassassin.apache.org", Certainty.TESTED)
_AMAVIS = FactSource(
    "amavisd-new release notes, author_to_policy_bank_maps; amavis 2.13", TRIED, "www.ijs.si", Certainty.TESTED
)
_AMAVIS_RELEASE = FactSource("amavisd-release; amavis 2.13", TRIED, "www.ijs.si", Certainty.TESTED)
_ZIMBRA = FactSource(
    "Zimbra wiki and administration guide",
    NOVEMBER,
    "wiki.zimbra.com",
    Certainty.SECONDARY,
    "The name of the local file, and whether it survives upgrades, varies between versions.",
)
_NO_FULL_BYPASS = "Do not use a prefilter with accept or settings with want_spam in place of it: they skip everything."
_MAP = "/etc/rspamd/local.d/maps.d/expected_sender.map"
_IP_MAP = "/etc/rspamd/local.d/maps.d/expected_sender_ip.map"
_RELOAD_RSPAMD = "systemctl restart rspamd"
_RELOAD_SPAMD = "systemctl restart spamd"
_LOCAL_CF = "/etc/spamassassin/local.cf"

RSPAMD_GREYLISTING = Remedy(
    "rspamd-greylisting",
    "rspamd",
    "Except the address from rspamd's greylisting",
    GREYLISTED,
    ANY_FACTOR,
    Rung.NOTHING_SKIPPED,
    ALL_GUARDS,
    skips="the delay, and no check",
    needs=_ROOT,
    look_first=(shell("See whether another list is set", "rspamadm configdump greylist | grep whitelisted_ip"),),
    steps=(
        lines("Add {ip}: it is excepted from greylisting, and everything else still judges the mail", _IP_MAP, "{ip}"),
        lines(
            "Name the file",
            "/etc/rspamd/local.d/greylist.conf",
            f'whitelisted_ip = "{_IP_MAP}";',
            then=_RELOAD_RSPAMD,
        ),
    ),
    undo=(
        shell(
            "Delete both lines",
            f"sed -i '\\|^{{ip}}$|d' {_IP_MAP}\n"
            f"sed -i '\\|expected_sender_ip.map|d' /etc/rspamd/local.d/greylist.conf\n{_RELOAD_RSPAMD}",
        ),
    ),
    never="Do not add {ip} to local_addrs: that list is for your own relays.",
    risk="If the sender's address changes, the delay returns.",
    sources=(_RSPAMD_GREYLIST,),
)
_MULTIMAP = Remedy(
    "rspamd-multimap-dmarc",
    "rspamd",
    "Add a score for the domain where DMARC passes",
    SPAM,
    TEXT,
    Rung.DMARC,
    ALL_GUARDS,
    skips="nothing: 7 points are taken off the score",
    needs=_ROOT,
    look_first=(shell("See which symbols stopped the mail", "grep '{domain}' /var/log/rspamd/rspamd.log | tail -n 5"),),
    steps=(
        lines("Name {domain} in a map", _MAP, "{domain}"),
        lines(
            "Add a multimap rule for its From domain that requires DMARC",
            "/etc/rspamd/local.d/multimap.conf",
            'EXPECTED_SENDER_DMARC {\n  type = "from";\n  extract_from = "mime";\n  filter = "email:domain";\n'
            f'  map = "{_MAP}";\n'
            '  require_symbols = "DMARC_POLICY_ALLOW";\n  score = -7.0;\n}',
            then=_RELOAD_RSPAMD,
        ),
    ),
    undo=(
        shell(
            "Delete the rule and the map",
            f"sed -i '/^EXPECTED_SENDER_DMARC {{$/,/^}}$/d' /etc/rspamd/local.d/multimap.conf\nrm -f {_MAP}\n"
            f"{_RELOAD_RSPAMD}",
        ),
    ),
    never=_NO_FULL_BYPASS + " Do not use valid_spf or valid_dkim of the whitelist module: they look only at the "
    "registrable domain.",
    verify=(ARRIVES, RemedyProof(ProofKind.MARK, "The symbol EXPECTED_SENDER_DMARC is in the log."), TWIN_STOPPED),
    sources=(_RSPAMD,),
)
_RSPAMD_TRACE = Remedy(
    "rspamd-history",
    "rspamd",
    "Find the mail in the history",
    UNCLEAR,
    ANY_FACTOR,
    Rung.NOTHING_SKIPPED,
    ALL_GUARDS,
    where=("rspamd web page", "History"),
    needs="the password of the web page",
    look_first=("Search the history, or the log line (default: F (action): [score/required] with its symbols.",),
    steps=("Change what the symbols name. rspamd itself keeps no mail.",),
    undo=NOTHING_TO_UNDO,
    never="Do not change scores of symbols for everybody because of one sender.",
    sources=(_RSPAMD_PAGES,),
)
_RSPAMD_UNBLOCK = Remedy(
    "rspamd-remove-entry",
    "rspamd",
    "Remove the domain from the multimap that refuses it",
    DOMAIN_BLOCKED,
    TEXT | DOMAIN,
    Rung.NOTHING_SKIPPED,
    ALL_GUARDS,
    needs=_ROOT,
    look_first=(shell("Find the map", "grep -rl '{domain}' /etc/rspamd/local.d /etc/rspamd/override.d"),),
    steps=("Remove {domain}, and every wider entry that covers it, from that map.",),
    undo=("Put the line back.",),
    never=_NO_FULL_BYPASS,
    sources=(_RSPAMD,),
)
RSPAMD = MailSystem(
    "rspamd",
    "rspamd",
    RunBy.COMPANY,
    banners=("rspamd",),
    headers=("x-spamd-result", "x-rspamd-", "x-spamd-bar"),
    place=ChainPlace.FILTER,
    remedies=(RSPAMD_GREYLISTING, _RSPAMD_UNBLOCK, _MULTIMAP, _RSPAMD_TRACE),
)
MAILCOW = MailSystem(
    "mailcow",
    "mailcow",
    RunBy.COMPANY,
    headers=("x-last-tls-session-version",),
    remedies=(
        RSPAMD_GREYLISTING,
        _RSPAMD_UNBLOCK,
        _MULTIMAP,
        _RSPAMD_TRACE,
    ),
)
_SPAMASSASSIN_UNBLOCK = Remedy(
    "spamassassin-remove-entry",
    "spamassassin",
    "Remove the domain from blocklist_from",
    DOMAIN_BLOCKED,
    TEXT | DOMAIN,
    Rung.NOTHING_SKIPPED,
    ALL_GUARDS,
    needs=_ROOT,
    look_first=(shell("Find the line", "grep -rnE '(blocklist|blacklist)_from' /etc/spamassassin"),),
    steps=("Remove the line that covers {domain} (blacklist_from before version 4.0), and restart spamd.",),
    undo=("Put the line back, and restart spamd.",),
    never=NO_BARE_DOMAIN,
    sources=(_SPAMASSASSIN,),
)
WELCOMELIST_AUTH = Remedy(
    "spamassassin-welcomelist-auth",
    "spamassassin",
    "Add the domain to welcomelist_auth; it counts only where SPF or DKIM passes",
    SPAM,
    TEXT,
    Rung.DKIM,
    NO_SPAM_FILTER,
    skips="the spam filter, by 100 points",
    needs=_ROOT,
    look_first=(
        "Network tests must be on (no -L), or the rule never counts.",
        shell("See which tests stopped the mail", "spamassassin -D -t <MESSAGE 2>&1 | grep 'rules: ran'"),
    ),
    steps=(
        lines(
            "Add the line (whitelist_auth before version 4.0). It counts only where SPF or DKIM passes",
            _LOCAL_CF,
            "welcomelist_auth *@{domain}",
            then=_RELOAD_SPAMD,
        ),
    ),
    undo=(shell("Delete the line", f"sed -i '\\|^welcomelist_auth \\*@{{domain}}$|d' {_LOCAL_CF}\n{_RELOAD_SPAMD}"),),
    never="Do not use the list that asks for the From alone, and do not add {ip} to the trusted or internal networks: "
    "those are for your own relays.",
    verify=(
        ARRIVES,
        RemedyProof(ProofKind.MARK, "X-Spam-Status has USER_IN_SPF_WELCOMELIST or USER_IN_DKIM_WELCOMELIST."),
        TWIN_STOPPED,
    ),
    sources=(_SPAMASSASSIN,),
)
WELCOMELIST_RCVD = Remedy(
    "spamassassin-welcomelist-rcvd",
    "spamassassin",
    "Add the domain from its address to welcomelist_from_rcvd",
    SPAM,
    TEXT,
    Rung.DOMAIN_AND_IP,
    NO_SPAM_FILTER,
    skips="the spam filter, by 100 points",
    needs=_ROOT,
    look_first=("SpamAssassin must know your own relays, or it takes a gateway's address for the sender's.",),
    steps=(
        lines(
            "Add the line: {domain} counts only from {ip}",
            _LOCAL_CF,
            "welcomelist_from_rcvd *@{domain} [{ip}]",
            then=_RELOAD_SPAMD,
        ),
    ),
    undo=(
        shell(
            "Delete the line",
            f"sed -i '\\|^welcomelist_from_rcvd \\*@{{domain}} \\[{{ip}}\\]$|d' {_LOCAL_CF}\n{_RELOAD_SPAMD}",
        ),
    ),
    never=NO_BARE_DOMAIN,
    risk=SHARED_ADDRESS + " Who writes {domain} into the From header there passes too.",
    verify=(ARRIVES, RemedyProof(ProofKind.MARK, "X-Spam-Status has USER_IN_WELCOMELIST."), TWIN_STOPPED),
    sources=(_SPAMASSASSIN,),
)
SPAMASSASSIN = MailSystem(
    "spamassassin",
    "SpamAssassin",
    RunBy.COMPANY,
    headers=("x-spam-checker-version", "x-spam-report", "x-spam-level"),
    reply_marks=("spamassassin",),
    place=ChainPlace.FILTER,
    remedies=(_SPAMASSASSIN_UNBLOCK, WELCOMELIST_AUTH, WELCOMELIST_RCVD),
)
AMAVIS_POLICY_BANK = Remedy(
    "amavis-author-policy-bank",
    "amavis",
    "Load a policy bank without the spam check where the author's signature is valid",
    SPAM,
    TEXT,
    Rung.DKIM,
    NO_SPAM_FILTER,
    skips="the spam filter",
    needs=_ROOT,
    look_first=(
        "DKIM verification must be on: $enable_dkim_verification = 1 in 50-user, because Debian's default is 0.",
    ),
    steps=(
        lines(
            "Define a policy bank that skips the spam check, and load it for {domain}: it counts only for a valid DKIM "
            "signature of the author",
            "/etc/amavis/conf.d/50-user",
            "$policy_bank{'EXPECTED_SENDER'} = { bypass_spam_checks_maps => [1], spam_lovers_maps => [1] };\n"
            "push(@author_to_policy_bank_maps, { '{domain}' => 'EXPECTED_SENDER' });",
            then="systemctl restart amavis",
        ),
    ),
    undo=(
        shell(
            "Delete both lines",
            "sed -i '/EXPECTED_SENDER/d' /etc/amavis/conf.d/50-user\nsystemctl restart amavis",
        ),
    ),
    never="Do not use @score_sender_maps or a whitelist of senders: they ask for the envelope alone.",
    verify=(ARRIVES, RemedyProof(ProofKind.MARK, "The log names the policy bank EXPECTED_SENDER."), TWIN_STOPPED),
    sources=(_AMAVIS,),
)
AMAVIS = MailSystem(
    "amavis",
    "Amavis",
    RunBy.COMPANY,
    aliases=("amavisd", "amavisd-new"),
    banners=("amavis", "amavisd-new"),  # the latter until version 2.11
    headers=("x-amavis-", "x-quarantine-id"),
    reply_marks=("amavis",),
    place=ChainPlace.FILTER,
    remedies=(
        AMAVIS_POLICY_BANK,
        Remedy(
            "amavis-release",
            "amavis",
            "Find the mail in the log, and release it",
            UNCLEAR,
            ANY_FACTOR,
            Rung.NOTHING_SKIPPED,
            ALL_GUARDS,
            needs=_ROOT,
            look_first=(shell("Look for it", "grep -E 'Blocked|Passed' /var/log/mail.log | grep '{domain}'"),),
            steps=(
                shell('Release it by the name that follows "quarantine" in that line', "amavisd-release QUARANTINED"),
            ),
            undo=NOTHING_TO_UNDO,
            never="Do not raise the kill level for everybody.",
            sources=(_AMAVIS_RELEASE,),
        ),
    ),
)
ZIMBRA = MailSystem(
    "zimbra",
    "Zimbra",
    RunBy.COMPANY,
    headers=("x-zimbra-",),
    reply_marks=("zimbra",),
    remedies=(
        Remedy(
            "zimbra-welcomelist-auth",
            "zimbra",
            "Add the domain to welcomelist_auth; it counts only where SPF or DKIM passes",
            SPAM,
            TEXT,
            Rung.DKIM,
            NO_SPAM_FILTER,
            skips="the spam filter, by 100 points",
            needs="the user zimbra on the server",
            steps=(
                lines(
                    "Add the line (whitelist_auth before version 4.0 of SpamAssassin). It counts only where SPF or "
                    "DKIM "
                    "passes",
                    "SpamAssassin's local file below /opt/zimbra/conf",
                    "welcomelist_auth *@{domain}",
                    then="zmamavisdctl restart",
                ),
            ),
            undo=("Delete the line, then: zmamavisdctl restart",),
            never="Do not add {ip} to zimbraMtaMyNetworks: it could then send mail to anybody through the server.",
            sources=(_ZIMBRA,),
        ),
        Remedy(
            "zimbra-trace",
            "zimbra",
            "Search the log for it",
            UNCLEAR,
            ANY_FACTOR,
            Rung.NOTHING_SKIPPED,
            ALL_GUARDS,
            needs=_ROOT,
            look_first=(shell("Look for it", "grep 'Blocked SPAM' /var/log/zimbra.log | grep '{domain}'"),),
            steps=("What is above the kill level is discarded, and cannot be released: fix what the line names.",),
            undo=NOTHING_TO_UNDO,
            never="Do not raise the kill level for everybody.",
            sources=(_ZIMBRA,),
        ),
    ),
)
