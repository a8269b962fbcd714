"""`mailpath serve` on real mail servers through what befalls a service: killed with probes out, mailboxes in trouble.

The probes of the first life wait while the other tests run; when the second life begins, their codes are long dead.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest

from monitor.clock import utc_now
from monitor.store import ProbeRecord
from probes.evidence import Arrival, Attempt, Dialogue, FailedLook, Handover, Look
from probes.verdict import Grade, Outcome, Verdict
from tests.lab import config
from tests.lab.companies import OTHER_USER, USER
from tests.lab.imap_proxy import meddling
from tests.lab.lab import Lab, Site
from tests.lab.network import SENDER_IP, US
from tests.lab.processes import title, until
from tests.lab.service import SECONDS, Service
from tests.lab.strangers_mail import Letter, probes_in, put_strangers, strangers

pytestmark = pytest.mark.usefixtures("inside")

HEAD = config.head(every="1s", cap=1)  # at once, and one on each path
LONG = 'code_life = "25s"\ngive_up = "26s"'  # the way into a mailbox that comes back takes three
SHORT = 'code_life = "7s"\ngive_up = "8s"'
RETRY = timedelta(seconds=8)  # postgrey wants four
PUT_OFF = f'code_life = "60s"\ngive_up = "60s"\nretry = ["{RETRY.seconds}s"]'

E = TypeVar("E")
Seen = Callable[[ProbeRecord], object]


def of(kind: type[E], record: ProbeRecord) -> list[E]:
    """The evidence of one kind."""
    return [each for each in record.evidence if isinstance(each, kind)]


def accepted(record: ProbeRecord) -> bool:
    """The receiver's server has taken it."""
    return any(dialogue.handover is Handover.ACCEPTED for dialogue in of(Dialogue, record))


def accepted_and_could_not_look(record: ProbeRecord) -> bool:
    """And we know that we could not look."""
    return accepted(record) and bool(of(FailedLook, record))


def answered(record: ProbeRecord) -> bool:
    """The receiver's server has said yes or no."""
    return bool(of(Dialogue, record))


def over(record: ProbeRecord) -> bool:
    """Nothing more is waited for."""
    return record.closed_at is not None


def verdict(record: ProbeRecord) -> Verdict:
    """The one it has."""
    assert record.verdict
    return record.verdict


def comes(condition: Callable[[], object]) -> bool:
    """Whether it becomes true in time."""
    return any(condition() for _ in until(SECONDS, step=0.05))


def taken(site: Site) -> tuple[int, int]:
    """How often the sender came to this company's server, and how many of his messages it took."""
    log = site.postfix.log.read_text()
    return log.count(f" connect from unknown[{SENDER_IP}]"), log.count("message-id=<mp") + log.count(": discard: ")


def forget_the_sender(site: Site) -> None:
    """Make postgrey put him off again."""
    assert site.postgrey
    site.postgrey.forget()


def at_hq(lab: Lab, name: str, pace: str, mailbox: str = "") -> str:
    """A company with one path, "hq", for the configuration."""
    return config.company(lab[name], pace, {"hq": config.path(lab, lab[name], mailbox=mailbox)})


@contextmanager
def serving(folder: Path, *companies: str) -> Iterator[Service]:
    """The service at work on these companies."""
    service = Service(folder, HEAD + "".join(companies))
    try:
        service.start()
        yield service
    finally:
        service.kill9()


@dataclass(frozen=True, slots=True)
class Life:
    """One life of the service: what was known at its end, and when it began."""

    service: Service
    born: datetime
    records: dict[str, ProbeRecord]


STRUCK: dict[str, Seen] = {  # the companies, and what is waited for before the blow
    "clean": accepted_and_could_not_look,
    "unreadable": accepted_and_could_not_look,
    "lost": accepted,
}


@pytest.fixture(scope="module")
def others(lab: Lab) -> dict[str, list[Letter]]:
    """Other people's mail, by company, as it lay in the probes' mailboxes before any probe."""
    return {name: put_strangers(lab[name]) for name in ("clean", "greylisted")}


@pytest.fixture(scope="module")
def first_life(lab: Lab, others: object, tmp_path_factory: pytest.TempPathFactory) -> Life:
    """Killed with three probes on their way; then the mailbox that was down comes back, and gets its mail."""
    companies = [at_hq(lab, name, LONG) for name in STRUCK]
    clean, born = lab["clean"], utc_now()
    clean.dovecot.stop()
    try:
        with US.entered(), serving(tmp_path_factory.mktemp("struck"), *companies) as service:
            records = {name: service.wait_for(f"{name}/hq", ready) for name, ready in STRUCK.items()}
    finally:
        clean.dovecot.start()
    assert comes(lambda: probes_in(clean))
    return Life(service, born, records)


def test_the_service_was_killed_with_probes_that_had_no_verdict(first_life: Life) -> None:
    assert not first_life.service.running
    assert {name: record.verdict for name, record in first_life.records.items()} == dict.fromkeys(STRUCK)


def test_a_probe_that_was_put_off_is_tried_again_once_when_it_is_time(lab: Lab, tmp_path: Path) -> None:
    site = lab["greylisted"]
    forget_the_sender(site)
    connects, messages = taken(site)
    with serving(tmp_path, at_hq(lab, "greylisted", PUT_OFF)) as service:
        first = of(Dialogue, service.wait_for("greylisted/hq", answered))[0]
        service.kill9()
        service.start()
        record = service.wait_for("greylisted/hq", over)
    attempts = of(Attempt, record)
    assert first.handover is Handover.DEFERRED
    assert [each.number for each in attempts] == [1, 2]
    assert attempts[1].at >= first.at + RETRY
    assert (verdict(record).outcome, verdict(record).grade) == (Outcome.INBOX, Grade.REAL), verdict(record).because
    assert taken(site) == (connects + 2, messages + 1)


@dataclass(frozen=True, slots=True)
class Troubled:
    """What became of the probes; what /metrics had to say of their paths; how many of them were deleted under us."""

    records: dict[str, ProbeRecord]
    errors: dict[str, float]
    outcomes: dict[str, str]
    vanished: Counter[str]


TROUBLED = ("greylisted/hq", "junk/hq", "gateway/unread", "gateway/read")
VANISHING = {"unread": (USER, b"FETCH"), "read": (OTHER_USER, b"STORE")}  # at which word of the watcher's


@pytest.fixture(scope="module")
def troubled(lab: Lab, others: object, tmp_path_factory: pytest.TempPathFactory) -> Troubled:
    """A life in which one mailbox restarts, one has another password, and two lose our message under our eyes."""
    folder, vanished = tmp_path_factory.mktemp("troubled"), Counter[str]()
    greylisted, junk, gateway = lab["greylisted"], lab["junk"], lab["gateway"]
    (folder / "password").write_text("mistyped")

    def vanish(path: str, user: str) -> None:
        for file in probes_in(gateway, user):
            file.unlink()
            vanished[path] += 1

    with US.entered(), ExitStack() as stack:
        paths = {}
        for path, (user, word) in VANISHING.items():
            server = (gateway.namespace.address, gateway.dovecot.ports.imap)
            place = stack.enter_context(meddling(server, word, partial(vanish, path, user)))
            mailbox = config.imap(gateway, user, lab.passwords[user], place)
            paths[path] = config.path(lab, gateway, user, mailbox=mailbox)
        companies = (
            at_hq(lab, "greylisted", PUT_OFF),
            at_hq(lab, "junk", SHORT, config.imap(junk, USER, folder / "password")),
            config.company(gateway, SHORT, paths),
        )
        forget_the_sender(greylisted)
        service = stack.enter_context(serving(folder, *companies))
        service.wait_for("greylisted/hq", answered)
        assert comes(lambda: idling(greylisted) == 2)
        greylisted.dovecot.restart()
        records = {path: service.wait_for(path, over) for path in TROUBLED}
        assert comes(lambda: vanished["read"])
        errors, outcomes = service.of_paths("mailpath_mailbox_errors_total"), service.outcomes()
        assert service.stop() == 0
    return Troubled(records, errors, outcomes, vanished)


def idling(site: Site) -> int:
    """How many IMAP connections wait for news here, by what Dovecot's processes call themselves."""
    return sum(" IDLE]" in title(pid) for pid in site.namespace.pids())


def test_a_mailbox_that_restarts_in_mid_probe_is_watched_again(troubled: Troubled) -> None:
    record = troubled.records["greylisted/hq"]
    (arrival,), (cut,) = of(Arrival, record), of(FailedLook, record)
    assert cut.reason.startswith("imap 192.0.2.16:143: ")
    assert (verdict(record).outcome, verdict(record).grade) == (Outcome.INBOX, Grade.REAL), verdict(record).because
    assert arrival.seen_at - arrival.at < timedelta(seconds=10), "by a push: the next look would have come later"
    assert troubled.errors["greylisted/hq"] >= 1


def test_a_wrong_password_is_ours_to_mend_and_no_word_against_the_sender(troubled: Troubled) -> None:
    said = verdict(troubled.records["junk/hq"])
    assert (said.outcome, said.cause) == (Outcome.UNKNOWN, None)
    assert "login: [AUTHENTICATIONFAILED] Authentication failed." in said.because
    assert "mistyped" not in said.because
    assert troubled.errors["junk/hq"] >= 2
    assert troubled.outcomes["junk/hq"] == "unknown", "it is neither well nor ill"


@pytest.mark.parametrize(
    ("path", "outcome", "ok", "words"),
    [
        ("gateway/unread", Outcome.MISSING, 0, "accepted by mx.gateway.test"),  # gone before we read it
        ("gateway/read", Outcome.INBOX, 1, "arrived in INBOX"),  # gone before we deleted it
    ],
)
def test_a_message_that_vanishes_under_us_is_judged_by_what_we_saw_of_it(
    troubled: Troubled, path: str, outcome: Outcome, ok: int, words: str
) -> None:
    record = troubled.records[path]
    assert troubled.vanished[path.partition("/")[2]] == 1
    assert verdict(record).outcome is outcome, verdict(record).because
    assert words in verdict(record).because
    assert len(of(Arrival, record)) == ok == (troubled.outcomes[path] == "inbox")
    assert (of(FailedLook, record), troubled.errors[path]) == ([], 0)


@pytest.fixture(scope="module")
def came(lab: Lab, first_life: Life) -> datetime:
    """When the mailbox took the probe that arrived while nobody looked, in its whole seconds."""
    (letter,) = probes_in(lab["clean"])
    return datetime.fromtimestamp(int(letter.stat().st_mtime), UTC)


@pytest.fixture(scope="module")
def second_life(first_life: Life, came: datetime) -> Life:
    """Begun when all probes of the first life had to be given up; ended in good order when all are judged."""
    end = max(record.probe.give_up_at for record in first_life.records.values())
    assert comes(lambda: utc_now() > end)
    born, service = utc_now(), first_life.service
    with US.entered():
        service.start()
        try:
            records = {name: service.wait_for(f"{name}/hq", over) for name in STRUCK}
        finally:
            service.stop()
    return Life(service, born, records)


def test_what_came_while_we_were_dead_came_when_the_mailbox_says(second_life: Life, came: datetime) -> None:
    record = second_life.records["clean"]
    (arrival,) = of(Arrival, record)
    assert arrival.at == came + timedelta(seconds=1)  # the end of INTERNALDATE's second
    assert came < record.probe.code_dead_at < record.probe.give_up_at < second_life.born < arrival.seen_at
    assert (verdict(record).outcome, verdict(record).grade) == (Outcome.INBOX, Grade.REAL), verdict(record).because


def test_what_could_not_be_looked_for_is_not_called_missing(second_life: Life) -> None:
    said = verdict(second_life.records["unreadable"])
    assert said.outcome is Outcome.UNKNOWN
    assert "we could not look: imap 192.0.2.20:143: connect: Connection refused" in said.because


def test_what_is_called_missing_was_looked_for(second_life: Life) -> None:
    record = second_life.records["lost"]
    assert verdict(record).outcome is Outcome.MISSING, verdict(record).because
    assert of(Look, record)[-1].at >= second_life.born


def test_nothing_is_sent_twice(lab: Lab, second_life: Life) -> None:
    assert {name: len(of(Attempt, record)) for name, record in second_life.records.items()} == dict.fromkeys(STRUCK, 1)
    assert {name: taken(lab[name]) for name in STRUCK} == dict.fromkeys(STRUCK, (1, 1))


def test_found_probes_are_removed_and_other_peoples_mail_is_as_it_was(
    lab: Lab, others: dict[str, list[Letter]], second_life: Life, troubled: Troubled
) -> None:
    assert {name: probes_in(lab[name]) for name in others} == {name: [] for name in others}
    assert {name: strangers(lab[name]) for name in others} == others
