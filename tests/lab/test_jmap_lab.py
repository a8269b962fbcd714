"""The service on mailboxes that are read over JMAP: Postfix takes a probe, Cyrus puts it into inbox or junk.

The mailboxes are made by the first probe, as Cyrus does it: until then the login has none.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from monitor.store import ProbeRecord
from probes.evidence import Arrival, FailedLook, Folder
from probes.outcome import Outcome
from tests.lab import config
from tests.lab.companies import PASSWORDS, USER, Company, records_of
from tests.lab.cyrus import Cyrus, CyrusPorts, cyrus
from tests.lab.lab import FOLDER, Lab
from tests.lab.lab import lab as lab_up
from tests.lab.network import FILTER_IP
from tests.lab.processes import until
from tests.lab.rspamd import PORT as FILTER_PORT
from tests.lab.service import Service
from tests.support.jmap_world import JmapUser

PORTS = CyrusPorts(8080, 8443, 2424)  # beside those of Dovecot
FILTERED = {"smtpd_milters": f"inet:{FILTER_IP}:{FILTER_PORT}", "milter_default_action": "tempfail"}
SIEVE = 'require ["fileinto"];\nif header :is "X-Spam" "Yes" { fileinto "Junk"; stop; }\n'


def into_cyrus(number: int) -> dict[str, str]:
    """Settings of a Postfix that hands its mail to Cyrus."""
    return {"virtual_transport": f"lmtp:inet:192.0.2.{number}:{PORTS.lmtp}"}


COMPANIES = (Company("jmap", 41, into_cyrus(41)), Company("jmap-junk", 42, into_cyrus(42) | FILTERED))


@pytest.fixture(scope="module")
def lab(able: None) -> Iterator[Lab]:
    with lab_up(COMPANIES, [record for company in COMPANIES for record in records_of(company)]) as built:
        yield built


@pytest.fixture(scope="module")
def servers(lab: Lab) -> Iterator[dict[str, Cyrus]]:
    """A Cyrus for each company, on its machine."""
    with ExitStack() as stack:
        started = {}
        for company in COMPANIES:
            folder = FOLDER / company.name / "cyrus"
            folder.mkdir()
            script = folder / "junk.sieve"
            script.write_text(SIEVE)
            server = cyrus(
                folder,
                domain=company.domain,
                address=company.namespace.address,
                ports=PORTS,
                extra=f"autocreate_sieve_script: {script}\nautocreate_sieve_script_compile: yes",
                prefix=company.namespace.command,
            )
            started[company.name] = stack.enter_context(server)
            started[company.name].add_user(USER, PASSWORDS[USER])
        yield started


def mailbox(lab: Lab, server: Cyrus) -> str:
    """A mailbox for the configuration."""
    return (
        f'{{ via = "jmap", url = "{server.secure_url}", ca_file = "{server.certificate}", user = "{USER}", '
        f'password = {{ file = "{lab.passwords[USER]}" }}, poll = "500ms" }}'
    )


def judged(record: ProbeRecord) -> bool:
    """It has a verdict, and was found."""
    return record.verdict is not None and any(isinstance(each, Arrival) for each in record.evidence)


@pytest.mark.usefixtures("inside")
def test_a_probe_is_found_in_inbox_and_junk(lab: Lab, servers: dict[str, Cyrus], tmp_path: Path) -> None:
    companies = (
        config.company(
            lab[name],
            'code_life = "20s"\ngive_up = "25s"',
            {"hq": config.path(lab, lab[name], mailbox=mailbox(lab, server))},
        )
        for name, server in servers.items()
    )
    service = Service(tmp_path, config.head(every="1s", cap=1) + "".join(companies))
    try:
        service.start()
        clean, junk = (service.wait_for(f"{name}/hq", judged) for name in ("jmap", "jmap-junk"))
    finally:
        service.stop()
    outcomes = [record.verdict and record.verdict.outcome for record in (clean, junk)]
    assert outcomes == [Outcome.INBOX, Outcome.SPAM]
    for record, folder in ((clean, Folder.INBOX), (junk, Folder.JUNK)):
        (arrival,) = (each for each in record.evidence if isinstance(each, Arrival))
        assert arrival.folder is folder
        assert all("make the mailbox" in each.reason for each in record.evidence if isinstance(each, FailedLook))
    for server in servers.values():
        client = JmapUser(server, USER, PASSWORDS[USER])
        assert any(client.call("Email/query")["ids"] == [] for _ in until(5)), "our probe is still there"
