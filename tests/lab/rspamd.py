"""A content filter: rspamd as a milter, with a rule of its own against the sender."""

from pathlib import Path
from shutil import chown

from tests.lab.network import Namespace
from tests.lab.processes import Daemon, listens

PORT = 11332
REDIS_PORT = 6379
START_SECONDS = 60.0  # it compiles its patterns first

_OFF = """
antivirus arc asn chartable clickhouse dcc dkim_signing elastic external_services fuzzy_check greylist hfilter
regexp history_redis maillist metadata_exporter mx_check neural once_received p0f phishing ratelimit rbl redis replies
reputation rspamd_update spamtrap surbl url_redirector whitelist bimi aws_s3 metric_exporter http_headers
"""

_LOCAL = {
    "options.inc": 'map_watch_interval = 1s;\ndns {{ nameserver = ["{dns}:53:1"]; }}\nlocal_addrs = ["127.0.0.0/8"];\n'
    'url_tld = "{folder}/suffixes";\n',
    "logging.inc": 'level = "notice";\n',
    "worker-normal.inc": "count = 0;\n",
    "worker-controller.inc": "count = 0;\n",
    "worker-proxy.inc": 'bind_socket = "{ip}:{port}";\ncount = 1;\nmilter = yes;\ntimeout = 20s;\n'
    'upstream "local" {{ default = yes; self_scan = yes; }}\n',
    "actions.conf": "reject = 30;\nadd_header = 6;\ngreylist = {greylist};\n",
    "milter_headers.conf": "extended_spam_headers = true;\n"
    'use = ["x-spamd-result", "x-spam-level", "x-spam-status", "authentication-results"];\n',
    "multimap.conf": 'LAB_SENDER_IP {{ type = "ip"; map = "{folder}/addresses"; score = 5; }}\n'
    'LAB_SENDER_DOMAIN {{ type = "from"; filter = "email:domain"; map = "{folder}/conf/local.d/domains"; '
    "score = {score}; }}\n",
}


def modules_off() -> list[str]:
    """Modules of rspamd that need what is not in the lab."""
    return _OFF.split()


def rspamd(
    namespace: Namespace, folder: Path, *, dns: str, address: str, domain: str, score: int = 5, greylists: bool = False
) -> Daemon:
    """A milter that marks mail from `address`, and mail from `domain`, as spam (`X-Spam: Yes`): the first by five
    points, the second by `score`. `greylists`: it puts off what has at least four; Redis must run beside it."""
    local = folder / "conf" / "local.d"
    local.mkdir(parents=True)
    for name, text in _LOCAL.items():
        (local / name).write_text(
            text.format(
                dns=dns,
                ip=namespace.address,
                port=PORT,
                folder=folder,
                score=score,
                greylist=4 if greylists else "null",
            )
        )
    off = set(modules_off()) - ({"greylist", "redis"} if greylists else set())
    for module in off:
        (local / f"{module}.conf").write_text("enabled = false;\n")
    if greylists:
        (local / "redis.conf").write_text(f'servers = "127.0.0.1:{REDIS_PORT}";\n')
    (folder / "suffixes").write_text("com\ntest\nexample\n")  # to compile all 9,000 takes 15 s and 90 MB
    (folder / "addresses").write_text(address + "\n")
    (local / "domains").write_text(domain + "\n")
    chown(folder, "_rspamd", "_rspamd")
    places = {"LOCAL_CONFDIR": folder / "conf", "DBDIR": folder, "RUNDIR": folder, "LOGDIR": folder}
    command = [*namespace.command, "/usr/bin/rspamd", "-f", "-u", "_rspamd", "-g", "_rspamd"]
    command += ["-c", "/etc/rspamd/rspamd.conf", *(f"--var={key}={value}" for key, value in places.items())]
    log = folder / "rspamd.out"
    return Daemon("rspamd", command, log, listens(namespace.inode, PORT), START_SECONDS)


def redis(namespace: Namespace, folder: Path) -> Daemon:
    """Where rspamd remembers whom it has put off; it forgets all when it ends."""
    folder.mkdir(parents=True)
    command = [*namespace.command, "/usr/bin/redis-server", "--bind", "127.0.0.1", "--port", str(REDIS_PORT)]
    command += ["--save", "", "--dir", str(folder)]
    return Daemon("redis", command, folder / "redis.log", listens(namespace.inode, REDIS_PORT))
