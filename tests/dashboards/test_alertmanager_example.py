"""The example for Alertmanager: who hears of what, and what is told only at its widest. By amtool and the real one."""

import subprocess
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from tests.lab.processes import until
from tests.support.alert_rules import ALERTS
from tests.support.dashboard_examples import ALERTMANAGER, alertmanager_example
from tests.support.http_receiver import PATIENCE, Receiver, receiving
from tests.support.prometheus_servers import alertmanager

pytestmark = pytest.mark.usefixtures("able")

ALERTNAMES = {"ourselves": "MailpathOurselves", "mailbox": "MailpathProbeMailbox"}


def labels(words: str) -> dict[str, str]:
    """The labels of an alert, spelt "severity scope company mail_system", "-" for none; "#id" for an incident that
    Mailpath itself posted; a name in CamelCase for a rule's alert."""
    found: dict[str, str] = {}
    plain = []
    for word in words.split():
        if word.startswith("#"):
            found["incident"] = word[1:]
        elif word.startswith("Mailpath"):
            found["alertname"] = word
        else:
            plain.append(word)
    found |= {
        name: word
        for name, word in zip(("severity", "scope", "company", "mail_system"), plain, strict=False)
        if word != "-"
    }
    return {"alertname": ALERTNAMES.get(found.get("scope", ""), "MailpathMailStopped"), **found}


def amtool(*arguments: str) -> str:
    done = subprocess.run(["amtool", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


# ---- Who hears of it ------------------------------------------------------------------------------------------------


def test_alertmanager_takes_it() -> None:
    assert "SUCCESS" in amtool("check-config", str(ALERTMANAGER))


@pytest.mark.parametrize(
    ("alert", "receiver"),
    [
        ("page everybody", "on-call"),
        ("page mail_system - m365", "on-call"),
        ("page company acme postfix", "on-call"),
        ("page company acme postfix #1f", "on-call"),
        ("page kind acme postfix MailpathKindStopped", "on-call"),
        ("ticket company acme postfix MailpathMailInSpam", "tickets"),
        ("ticket everybody MailpathMailInSpam", "tickets"),
        ("ticket mailbox acme postfix #1f", "tickets"),
        ("note kind acme postfix #1f", "nobody"),
        ("page ourselves #1f", "mailpath-page"),
        ("ticket ourselves acme #1f", "mailpath"),
        ("note ourselves acme #1f", "mailpath"),
        ("page ourselves MailpathDown", "mailpath-page"),
        ("ticket ourselves acme MailpathNoVerdicts", "mailpath"),
        ("none MailpathDeadMansSwitch", "heartbeat"),
    ],
)
def test_who_hears_of_it(alert: str, receiver: str) -> None:
    pairs = [f"{name}={value}" for name, value in labels(alert).items()]
    told = amtool("config", "routes", "test", "--config.file", str(ALERTMANAGER), *pairs)
    assert told.split() == [receiver]


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: f"{alert.file.stem}:{alert.name}")
def test_every_alert_of_the_rules_goes_to_somebody_meant_for_it(alert: Any) -> None:
    severity = alert.labels["severity"].replace("{{ $labels.severity }}", "page")
    ours = alert.labels.get("scope") == "ourselves" or alert.name == "MailpathOwnTrouble"
    expected = {"page": "mailpath-page", "ticket": "mailpath"} if ours else {"page": "on-call", "ticket": "tickets"}
    scope = alert.labels.get("scope", "ourselves" if ours else "company")
    told = amtool(
        *("config", "routes", "test", "--config.file", str(ALERTMANAGER)),
        *(f"alertname={alert.name}", f"severity={severity}", *([f"scope={scope}"] if severity != "none" else [])),
    )
    assert told.split() == [expected.get(severity, "heartbeat")]


# ---- What is told only at its widest --------------------------------------------------------------------------------


class RunningAlertmanager:
    """An Alertmanager at work, and what it thinks of the alerts that it was given."""

    def __init__(self, url: str, http: ClientSession) -> None:
        self._url, self._http = url, http
        self._since = datetime.now(UTC)  # what began long ago does not wait for the others of its group

    async def post(self, *alerts: dict[str, str], over: bool = False) -> None:
        """Give it alerts with these labels."""
        now = datetime.now(UTC)
        ends = now if over else now + timedelta(hours=1)
        said = [
            {"labels": each, "startsAt": min(self._since, ends).isoformat(), "endsAt": ends.isoformat()}
            for each in alerts
        ]
        async with self._http.post(f"{self._url}/api/v2/alerts", json=said) as answer:
            assert answer.status == 200, await answer.text()

    async def inhibited_once(self, name: str) -> set[str]:
        """The same, once `name` is among them."""
        for _ in until(PATIENCE):
            if name in (found := await self.inhibited()):
                return found
        raise AssertionError(f"{name} is never held back: {found}")

    async def inhibited(self) -> set[str]:
        """The `n` of the alerts that are held back because of others."""
        async with self._http.get(f"{self._url}/api/v2/alerts") as answer:
            return {each["labels"]["n"] for each in await answer.json() if each["status"]["inhibitedBy"]}


@pytest.fixture
async def alertmanager_alone(able: None, tmp_path: Path) -> AsyncIterator[RunningAlertmanager]:
    config = alertmanager_example("http://127.0.0.1:1", wait="1h")
    with alertmanager(config, tmp_path) as url:
        async with ClientSession() as http:
            yield RunningAlertmanager(url, http)


@pytest.mark.parametrize(
    ("wide", "narrow", "held_back"),
    [
        ("page everybody", "page mail_system - m365", True),
        ("page everybody", "page company acme postfix", True),
        ("page everybody", "ticket kind acme postfix", True),
        ("page everybody #1", "page mailbox acme postfix #2", True),
        ("page everybody", "ticket ourselves acme", False),
        ("page everybody", "page everybody #2", False),  # the same, not a narrower one
        ("ticket everybody", "page company acme postfix", False),  # spam everywhere hides no blocking
        ("ticket everybody", "ticket company acme postfix", True),
        ("page mail_system - m365", "page company acme m365", True),
        ("page mail_system - m365", "ticket kind acme m365", True),
        ("page mail_system - m365", "page company acme postfix", False),
        ("page mail_system - m365", "page mail_system - google", False),
        ("page mail_system - m365", "page everybody", False),
        ("page mail_system", "page company acme", False),  # of no known mail system: no reason to hold back anything
        ("ticket mail_system - m365", "page company acme m365", False),
        ("ticket mail_system - m365", "ticket company acme m365", True),
        ("page company acme postfix", "page kind acme postfix", True),
        ("page company acme postfix", "ticket mailbox acme postfix", True),
        ("page company acme postfix", "page kind bolt postfix", False),
        ("page company acme postfix", "page mail_system - postfix", False),
        ("page company acme postfix", "ticket ourselves acme postfix", False),
        ("ticket company acme postfix", "page kind acme postfix", False),
        ("ticket company acme postfix", "ticket kind acme postfix", True),
        ("page kind acme postfix", "ticket company acme postfix", True),  # a page over a ticket of the same company
        ("page kind acme postfix", "ticket company bolt postfix", False),
        ("page kind acme postfix", "page company acme postfix", False),
        ("page kind acme postfix", "page mailbox acme postfix", False),
        ("page mail_system - m365", "ticket mail_system - google", False),
        ("page ourselves MailpathDown", "page ourselves MailpathBlind", True),
        ("page ourselves MailpathDown", "ticket ourselves acme MailpathNoVerdicts", True),
        ("page ourselves MailpathDown", "page company acme postfix", False),  # held by the rules, and still so
        ("page ourselves MailpathDown", "none MailpathDeadMansSwitch", False),
        ("page ourselves MailpathBlind", "page ourselves MailpathDown", False),
        ("page company acme postfix #1", "page company acme postfix MailpathCompanyStopped", True),
        ("page company acme postfix MailpathCompanyStopped", "page company acme postfix #1", False),
        ("page company acme postfix #1", "page company acme postfix #2", False),
        ("page company acme postfix #1", "page company bolt postfix MailpathCompanyStopped", False),
        ("ticket company acme postfix #1", "page company acme postfix MailpathCompanyStopped", False),
        ("page everybody #1", "page everybody MailpathEverybodyStopped", True),
        ("page mail_system - m365 #1", "page mail_system - m365 MailpathMailSystemStopped", True),
        ("page mail_system - m365 #1", "page mail_system - google MailpathMailSystemStopped", False),
        ("ticket ourselves acme #1", "ticket ourselves acme MailpathOwnTrouble", True),
        ("ticket ourselves acme #1", "ticket ourselves bolt MailpathOwnTrouble", False),
        ("ticket ourselves acme #1", "ticket ourselves acme MailpathMailboxFailing", True),
        ("ticket ourselves acme MailpathOwnTrouble", "ticket ourselves acme MailpathNoVerdicts", True),
        ("ticket ourselves acme #1", "ticket ourselves bolt MailpathMailboxFailing", False),
        ("page ourselves #1", "ticket ourselves acme MailpathMailboxFailing", False),  # that one is of no company
        ("page everybody #1", "page everybody MailpathCodesMissed", True),
        ("page mail_system - m365 #1", "page mail_system - m365 MailpathCodesMissed", True),
        ("page mail_system - m365 #1", "page everybody MailpathCodesMissed", False),
        ("page everybody MailpathCodesMissed", "page mail_system - m365 MailpathCodesMissed", True),
        ("page everybody MailpathCodesMissed", "page company acme m365", False),  # which says what to do
        ("page mail_system - m365 MailpathCodesMissed", "page company acme m365 #2", False),
    ],
)
async def test_the_wider_one_holds_back_the_narrower_one(
    alertmanager_alone: RunningAlertmanager, wide: str, narrow: str, held_back: bool
) -> None:
    """A pair of another company comes last: once that is held back, Alertmanager has taken note of all before it."""
    await alertmanager_alone.post({**labels(wide), "n": "wide"}, {**labels(narrow), "n": "narrow"})
    await alertmanager_alone.post(
        {**labels("page company zeta"), "n": "last"}, {**labels("page kind zeta"), "n": "seen"}
    )
    inhibited = await alertmanager_alone.inhibited_once("seen")
    assert ("narrow" in inhibited) == held_back


async def test_what_was_held_back_is_told_when_the_wider_one_is_over(alertmanager_alone: RunningAlertmanager) -> None:
    wide, narrow = {**labels("page everybody"), "n": "wide"}, {**labels("page company acme postfix"), "n": "narrow"}
    await alertmanager_alone.post(wide, narrow)
    assert await alertmanager_alone.inhibited_once("narrow") == {"narrow"}
    await alertmanager_alone.post(wide, over=True)
    for _ in until(PATIENCE):
        if not await alertmanager_alone.inhibited():
            return
    pytest.fail("still held back")


# ---- What people hear -----------------------------------------------------------------------------------------------


@pytest.fixture
async def people() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


@pytest.fixture
async def alertmanager_notifying(able: None, people: Receiver, tmp_path: Path) -> AsyncIterator[RunningAlertmanager]:
    """The example at work, with everybody listening."""
    with alertmanager(alertmanager_example(people.url), tmp_path) as url:
        async with ClientSession() as http:
            yield RunningAlertmanager(url, http)


def heard(people: Receiver) -> list[tuple[str, str, set[str]]]:
    """Who heard what: the receiver, whether it lasts or is over, and of which alerts."""
    return [
        (said.path.strip("/"), said.json["status"], {alert["labels"]["n"] for alert in said.json["alerts"]})
        for said in people.heard
    ]


async def test_all_that_one_company_has_is_one_message_and_its_end_another(
    alertmanager_notifying: RunningAlertmanager, people: Receiver
) -> None:
    kinds = [
        {**labels("page kind acme postfix MailpathKindStopped"), "n": "codes"},
        {**labels("page mailbox acme postfix MailpathMailboxStopped"), "n": "mailbox"},
    ]
    await alertmanager_notifying.post(*kinds)
    await people.told(1)
    await alertmanager_notifying.post(*kinds, over=True)
    await people.told(2)
    assert heard(people) == [("on-call", "firing", {"codes", "mailbox"}), ("on-call", "resolved", {"codes", "mailbox"})]


async def test_five_hundred_companies_and_everybody_are_one_page(
    alertmanager_notifying: RunningAlertmanager, people: Receiver
) -> None:
    hit = [{**labels(f"page company c{number} m365"), "n": f"c{number}"} for number in range(500)]
    await alertmanager_notifying.post(*hit, {**labels("page everybody"), "n": "everybody"})
    await people.told(1)
    await alertmanager_notifying.post({**labels("ticket ourselves MailpathDown"), "n": "later"})
    await people.told(2)
    assert heard(people) == [("on-call", "firing", {"everybody"}), ("mailpath", "firing", {"later"})]


async def test_two_incidents_of_a_company_are_told_apart_and_two_companies_are_too(
    alertmanager_notifying: RunningAlertmanager, people: Receiver
) -> None:
    await alertmanager_notifying.post(
        {**labels("page company acme postfix #1"), "n": "one"},
        {**labels("page company bolt postfix #2"), "n": "two"},
        {**labels("ticket mailbox cole postfix #3"), "n": "three"},
        {**labels("ticket mailbox cole postfix #4"), "n": "four"},
        {**labels("note kind dunn postfix #5"), "n": "five"},
    )
    await people.told(4)
    assert sorted((who, *alerts) for who, _, alerts in heard(people)) == [
        ("on-call", "one"),
        ("on-call", "two"),
        ("tickets", "four"),
        ("tickets", "three"),
    ]
