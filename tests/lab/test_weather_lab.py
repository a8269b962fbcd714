"""Bad weather on real mail servers: who is named, and that it is not the sender where everybody is hit."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from probes.answer import Fault, Stage
from probes.evidence import Handover, connected_at, fell_back
from probes.sender import Role
from tests.lab.companies import BAD_WEATHER
from tests.lab.lab import Lab
from tests.lab.lab import lab as lab_up
from tests.lab.network import CONTROL_IP, SENDER_IP, US
from tests.lab.processes import until
from tests.lab.service import SECONDS, Service
from tests.lab.weather import Seen, direct, firewall, line_cut, probe, stopped, text_of, through_gateway

pytestmark = pytest.mark.usefixtures("inside")


@pytest.fixture(scope="module")
def lab(able: None) -> Iterator[Lab]:
    """The companies of BAD_WEATHER and no others."""
    with lab_up(BAD_WEATHER) as built:
        yield built


@pytest.fixture(scope="module")
def seen(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """What is seen of all companies while our line is good; each as the sender, as the control and as the neighbour."""
    routes = direct(*(lab[company.name] for company in BAD_WEATHER if not company.gateway))
    with US.entered():
        return probe(lab, tmp_path_factory.mktemp("weather"), routes, list(Role))


@pytest.mark.parametrize("role", Role)
def test_a_tls_stack_that_fails_every_handshake_keeps_no_mail_from_the_inbox(seen: Seen, role: Role) -> None:
    assert seen.verdict("broken-tls/hq", role) == "inbox -"
    (dialogue,) = seen.dialogues("broken-tls/hq", role)
    failed = fell_back(dialogue)
    assert failed
    assert (failed.stage, failed.fault) == (Stage.STARTTLS, Fault.TLS)
    assert f"; TLS failed: {failed.text}; sent without TLS, as mail servers do" in seen.because("broken-tls/hq", role)
    stages = [step.stage for step in dialogue.steps]
    assert stages.count(Stage.CONNECT) == 2
    assert stages[stages.index(Stage.STARTTLS) + 1] is Stage.CONNECT
    assert dialogue.tls == ""


def test_where_tls_works_it_is_used(seen: Seen) -> None:
    (dialogue,) = seen.dialogues("fair/hq")
    assert (dialogue.tls, fell_back(dialogue)) == ("TLSv1.3", None)
    assert "TLS" not in seen.because("fair/hq")


@pytest.mark.parametrize(
    ("company", "says"),
    [
        ("broken-milter", "451 4.7.1 Service unavailable - try again later"),
        ("dead-resolver", "Sender address rejected: Domain not found"),
    ],
)
def test_what_is_broken_at_a_company_answers_everybody_alike(seen: Seen, company: str, says: str) -> None:
    path = f"{company}/hq"
    answers = {role: seen.dialogues(path, role)[0].last for role in Role}
    assert {seen.dialogues(path, role)[0].handover for role in Role} == {Handover.DEFERRED}
    assert {(step.stage, step.code, step.enhanced) for step in answers.values()} == {
        (answers[Role.SENDER].stage, answers[Role.SENDER].code, answers[Role.SENDER].enhanced)
    }
    assert all(says in seen.because(path, role) for role in Role)
    assert {seen.verdict(path, role).partition(" ")[0] for role in Role} == {"deferred"}


@pytest.mark.parametrize("role", Role)
def test_one_mx_of_two_that_resets_is_no_matter(seen: Seen, role: Role) -> None:
    assert seen.verdict("two-mx/hq", role) == "inbox -"
    (dialogue,) = seen.dialogues("two-mx/hq", role)
    connects = [step for step in dialogue.steps if step.stage is Stage.CONNECT]
    assert [(step.host.partition("[")[0], step.fault) for step in connects] == [
        ("mx0.two-mx.test", Fault.REFUSED),
        ("mx.two-mx.test", None),
    ]


def test_each_role_leaves_from_its_own_address(seen: Seen) -> None:
    addresses = {role: seen.dialogues("fair/hq", role)[0].local_ip for role in Role}
    assert addresses == {Role.SENDER: SENDER_IP, Role.CONTROL: CONTROL_IP, Role.NEIGHBOUR: SENDER_IP}
    assert {seen.verdict("fair/hq", role) for role in Role} == {"inbox -"}


def test_while_connections_come_about_no_reference_is_asked(seen: Seen) -> None:
    assert (seen.reachable, seen.network.reference_up) == (True, None)


def test_our_own_line_that_is_cut_is_told_by_the_reference(lab: Lab, tmp_path: Path) -> None:
    companies = [lab["broken-milter"], lab["dead-resolver"], lab["two-mx"]]
    with line_cut():
        cut = probe(lab, tmp_path, direct(*companies), references=[lab["fair"]])
    for site in companies:
        for role in (Role.SENDER, Role.CONTROL):
            attempts = cut.dialogues(f"{site.company.name}/hq", role)
            assert [connected_at(each) for each in attempts] == [None] * len(attempts)
            assert {each.local_ip for each in attempts} == {""}
            assert {each.last.fault for each in attempts} == {Fault.TIMED_OUT}
    assert (cut.reachable, cut.network.reference_up) == (False, False)
    assert cut.network.uplink.reference == "mx.fair.test:25"
    mended = probe(lab, tmp_path, direct(lab["fair"]), [Role.SENDER])
    assert (mended.verdict("fair/hq"), mended.reachable) == ("inbox -", True)


def test_the_service_shows_whether_our_line_is_up_and_only_once_it_had_to_ask(lab: Lab, tmp_path: Path) -> None:
    service = Service(tmp_path, text_of(lab, direct(lab["fair"]), [lab["broken-milter"]], every="2s"))
    try:
        service.start()
        service.wait_for("fair/hq", lambda record: record.verdict)
        assert service.gauge("mailpath_reference_up") is None
        with line_cut():
            wait_for(lambda: service.gauge("mailpath_reference_up") == 0)
        wait_for(lambda: service.gauge("mailpath_reference_up") == 1)
        assert service.stop() == 0
    finally:
        service.kill9()


def wait_for(true: Callable[[], bool]) -> None:
    for _ in until(SECONDS, step=0.2):
        if true():
            return
    pytest.fail("it did not become so")


def test_without_references_our_own_mx_is_asked_and_one_that_is_not_there_tells_nothing(
    lab: Lab, tmp_path: Path
) -> None:
    """The lab's DNS names an MX for the sender's domain, at an address that nobody has."""
    with line_cut():
        cut = probe(lab, tmp_path, direct(lab["fair"]), [Role.SENDER])
    assert cut.reachable is False
    assert cut.network.uplink.reference == "mail.account.trimble.com:25"


@pytest.mark.parametrize("how", ["reset by a firewall", "nobody listens"])
def test_a_company_that_resets_everybody_resets_the_control_too(lab: Lab, tmp_path: Path, how: str) -> None:
    site = lab["two-mx"]
    fault = firewall(site, "tcp dport 25 reject with tcp reset") if how == "reset by a firewall" else stopped(site)
    with fault:
        seen = probe(lab, tmp_path, direct(site), references=[lab["fair"]])
    for role in (Role.SENDER, Role.CONTROL):
        attempts = seen.dialogues("two-mx/hq", role)
        assert {(each.last.stage, each.last.fault) for each in attempts} == {(Stage.CONNECT, Fault.REFUSED)}
    assert (seen.reachable, seen.network.reference_up) == (True, True)


def test_a_firewall_against_the_sender_alone_lets_the_control_and_the_reference_tell(lab: Lab, tmp_path: Path) -> None:
    """The opposite of all the above: here it is the sender."""
    site = lab["two-mx"]
    with firewall(site, f"ip saddr {SENDER_IP} tcp dport 25 drop"):
        seen = probe(lab, tmp_path, direct(site), references=[lab["fair"]])
    assert seen.verdict("two-mx/hq").endswith(" firewall")
    assert seen.verdict("two-mx/hq", Role.CONTROL) == "inbox -"
    assert seen.reachable is True


def test_a_gateway_that_is_stopped_stops_everybody_while_other_companies_answer(lab: Lab, tmp_path: Path) -> None:
    with stopped(lab["gate"]):
        seen = probe(lab, tmp_path, through_gateway(lab["gate"]) | direct(lab["fair"]))
    for role in (Role.SENDER, Role.CONTROL):
        for way in ("xclient", "proxy"):
            (last, *_) = reversed(seen.dialogues(f"gate/{way}", role))
            assert (last.last.stage, last.last.fault) == (Stage.CONNECT, Fault.REFUSED)
            assert seen.verdict(f"gate/{way}", role).startswith(("unknown", "deferred"))
    assert seen.verdict("fair/hq") == "inbox -"
    assert seen.network.reference_up is None  # a gateway is not our line
