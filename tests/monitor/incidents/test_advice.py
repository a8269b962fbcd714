"""What people are advised to do: something for each case, and nothing that makes a hole."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.incidents.advice import advice_of_failure, failure_advice, incident_advice, incident_runbook
from monitor.incidents.attribution import Attribution
from monitor.incidents.incident import Incident, Nature, Reason, Scope
from probes.display import one_line
from probes.mailsystems.advice import Actor, Advice
from probes.mailsystems.advise import advise, at_one_company, exact_steps
from probes.mailsystems.causes import BY_CAUSE, BY_FAMILY, BY_OUTCOME, FOR_USERS
from probes.mailsystems.choose import steps_for
from probes.mailsystems.compared import (
    CONTRADICTED,
    CONTRADICTED_WIDELY,
    DELAYS_ALL,
    LOST_EVERYWHERE,
    NARROWED,
    NO_WAY_OUT,
    ONE_LIST,
    RELAY_REFUSES_US,
    SOME_MUST_PHONE,
    THEIR_SYSTEM,
    UNREACHED,
)
from probes.mailsystems.family import FAMILIES, CauseFamily, family_of, runbook_of
from probes.mailsystems.table import MAIL_SYSTEMS
from probes.mailsystems.widespread import LATE_WIDELY, RATE_LIMITED_WIDELY, WIDESPREAD
from probes.verdict import Cause, Concern, Grade, Outcome, Verdict
from tests.support.notice_samples import failure, incident

RUNBOOKS = Path(__file__).parents[3] / "dashboards" / "runbooks"
REMEDIES: list[Advice] = [
    *BY_FAMILY.values(),
    *BY_CAUSE.values(),
    *BY_OUTCOME.values(),
    *WIDESPREAD.values(),
    RELAY_REFUSES_US,
    *THEIR_SYSTEM.values(),
    *UNREACHED.values(),
    DELAYS_ALL,
    LOST_EVERYWHERE,
    NO_WAY_OUT,
    ONE_LIST,
    CONTRADICTED_WIDELY,
    LATE_WIDELY,
    *CONTRADICTED.values(),
    *NARROWED.values(),
    RATE_LIMITED_WIDELY,
]
TOLD_TO_DO = sorted(
    {
        *(" ".join(each.steps) for each in REMEDIES),
        *(" ".join(each.workaround) for each in REMEDIES if each.workaround),
        *(" ".join(each.at_a_service) for each in REMEDIES if each.at_a_service),
        *(" ".join(steps_for(key, cause, family_of(cause))) for key in MAIL_SYSTEMS for cause in Cause),
    }
    - {""}
)
A_COMMAND = re.compile(r": \S")  # a step may end with one
BAD_OUTCOMES = [outcome for outcome in Outcome if outcome is not Outcome.INBOX]

UNSAFE = re.compile(  # ways in for everybody: what is relayed, trusted, or a whole range
    r"mynetworks|relay_from|RELAYLIST|relay list|trusted_networks|internal_networks|Trusted SMTP|local_addrs|"
    r"/(?:2[0-9]|1[0-9]|[0-9])\b|SCL -1|want_spam|ALLOWED_LIST|whitelist_from\b|welcomelist_from\b|BypassedSender|"
    r"global_mime_from",
    re.IGNORECASE,
)
LETS_IN = re.compile(r"\b(?:allow|except|exempt|permit|pair|bypass|accept|safe|whitelist|welcomelist)", re.IGNORECASE)
BOUND = re.compile(  # what an entry for the domain must be bound to
    r"DMARC|DKIM|SPF|authenti|\{ip\}|verify_sender|the exact address|greylist|grey_listing", re.IGNORECASE
)
HARMLESS_BY_ADDRESS = re.compile(r"greylist|greylist\.conf|Postgrey|TCP port 25|greylisting", re.IGNORECASE)


@pytest.mark.parametrize("outcome", BAD_OUTCOMES)
@pytest.mark.parametrize("cause", [*Cause, None])
def test_there_is_advice_for_every_cause_and_outcome(cause: Cause | None, outcome: Outcome) -> None:
    found = incident_advice(incident(failure(cause=cause, outcome=outcome)), "postfix")
    for said in (found.explanation, *found.steps, *found.workaround, found.do_not, found.for_users, found.verify):
        assert said == one_line(said, 300)
        assert said.endswith((".", "?", "!")) or A_COMMAND.search(said), said


@pytest.mark.parametrize("table", [BY_FAMILY, WIDESPREAD])
def test_no_family_is_left_out(table: dict[CauseFamily, Advice]) -> None:
    assert set(table) == set(CauseFamily) == set(FAMILIES.values())


def test_there_is_a_word_for_people_who_wait_whatever_became_of_the_mail() -> None:
    assert set(FOR_USERS) == set(Outcome)


@pytest.mark.parametrize("family", CauseFamily)
def test_every_family_has_its_runbook(family: CauseFamily) -> None:
    assert (RUNBOOKS / f"cause-{family}.md").is_file()


@pytest.mark.parametrize(
    "hole",
    [
        "Add {ip} to mynetworks.",
        "Allow 104.130.122.0/24.",
        "hosts = 104.130.122.0/23",
        "Set-ContentFilterConfig -BypassedSenderDomains",
        "welcomelist_from *@{domain}",
        "Put it into the RELAYLIST.",
    ],
)
def test_what_a_hole_looks_like(hole: str) -> None:
    assert UNSAFE.search(hole)


@pytest.mark.parametrize("fix", TOLD_TO_DO)
def test_no_fix_opens_a_door_to_others(fix: str) -> None:
    assert not UNSAFE.search(fix)


@pytest.mark.parametrize("fix", [fix for fix in TOLD_TO_DO if LETS_IN.search(fix) and "{domain}" in fix])
def test_a_domain_is_let_in_only_bound_to_something_that_cannot_be_forged(fix: str) -> None:
    assert BOUND.search(fix)


@pytest.mark.parametrize("fix", [fix for fix in TOLD_TO_DO if LETS_IN.search(fix) and "{ip}" in fix])
def test_an_address_is_let_in_only_for_the_domain_or_where_all_checks_follow(fix: str) -> None:
    assert "{domain}" in fix or HARMLESS_BY_ADDRESS.search(fix) or fix.startswith(("No entry", "Look {ip} up"))


@pytest.mark.parametrize("fix", TOLD_TO_DO)
def test_a_fix_is_one_line_and_knows_only_names_that_are_filled_in(fix: str) -> None:
    assert fix == one_line(fix, 600)
    assert set(re.findall(r"\{(\w+)\}", fix)) <= {"domain", "ip", "address", "company", "system"}
    assert "account.trimble.com" not in fix


@pytest.mark.parametrize(
    ("cause", "actor"),
    [
        (Cause.IP_BLOCKED, Actor.COMPANY_IT),  # a list of its own
        (Cause.IP_LISTED, Actor.SENDER),  # a public list
        (Cause.REPUTATION, Actor.SENDER),
        (Cause.RATE_LIMITED, Actor.SENDER),
        (Cause.DOMAIN_BLOCKED, Actor.COMPANY_IT),
        (Cause.AUTHENTICATION, Actor.SENDER),
        (Cause.RDNS, Actor.SENDER),
        (Cause.CONTENT, Actor.COMPANY_IT),
        (Cause.POLICY, Actor.COMPANY_IT),
        (Cause.GREYLISTED, Actor.COMPANY_IT),
        (Cause.FIREWALL, Actor.COMPANY_IT),
        (Cause.SUPPRESSED, Actor.SENDER),
        (Cause.MAILBOX_FULL, Actor.MAILBOX_OWNER),
        (Cause.MOVED, Actor.MAILBOX_OWNER),
        (Cause.CASE_SENSITIVE_USER, Actor.COMPANY_IT),  # others there may have it too
        (Cause.SERVER_FAULT, Actor.COMPANY_IT),
        (Cause.NETWORK, Actor.OURSELVES),
        (None, Actor.OURSELVES),
    ],
)
def test_who_must_act(cause: Cause | None, actor: Actor) -> None:
    found = at_one_company(cause, Outcome.BLOCKED)
    assert found.actor is actor
    assert found.by_company_alone is (actor is Actor.COMPANY_IT)


@pytest.mark.parametrize("cause", Cause)
def test_nobody_is_sent_who_is_not_concerned(cause: Cause) -> None:
    found = at_one_company(cause, Outcome.BLOCKED)
    match cause.concerns:
        case Concern.OURSELVES:
            assert found.actor is Actor.OURSELVES
        case Concern.RECIPIENT | Concern.PATH:
            assert found.actor in (Actor.COMPANY_IT, Actor.MAILBOX_OWNER)
        case Concern.SENDER | Concern.NOBODY_KNOWN:
            assert found.actor in (Actor.COMPANY_IT, Actor.SENDER)


@pytest.mark.parametrize(
    ("cause", "outcome", "mail_system", "begins"),
    [
        (Cause.IP_BLOCKED, Outcome.BLOCKED, "m365", "Look for {ip}: Get-HostedConnectionFilterPolicy"),
        (Cause.IP_BLOCKED, Outcome.BLOCKED, "postfix", "Remove {ip} from the access map"),
        (Cause.IP_LISTED, Outcome.BLOCKED, "postfix", "If all senders are refused, the resolver"),
        (Cause.CONTENT, Outcome.SPAM, "google", "In Spam, phishing and malware > Spam"),
        (Cause.UNCLEAR, Outcome.SPAM, "google", "In Spam, phishing and malware > Spam"),  # as if it were content
        (Cause.UNCLEAR, Outcome.MISSING, "google", "Search for the mail in Email Log Search"),
        (Cause.UNCLEAR, Outcome.LATE, "google", ""),  # a trace of where it lies is no help: it came
        (Cause.CONTENT, Outcome.SPAM, "homegrown", ""),
        (None, Outcome.UNKNOWN, "m365", ""),
    ],
)
def test_the_fix_in_the_mail_systems_own_words(
    cause: Cause | None, outcome: Outcome, mail_system: str, begins: str
) -> None:
    fix = " ".join(exact_steps(cause, outcome, mail_system))
    assert fix.startswith(begins)
    assert bool(fix) is bool(begins)


def test_what_the_company_can_do_is_a_bridge_where_the_sender_must_act() -> None:
    found = incident_advice(incident(failure(cause=Cause.REPUTATION)), "mimecast")
    assert found.steps == BY_FAMILY[CauseFamily.REPUTATION].steps
    assert "{domain} with source IP range {ip}/32: both must match" in " ".join(found.workaround)


@pytest.mark.parametrize(
    ("mail_system", "takes_effect_within"),
    [("google", timedelta(hours=24)), ("m365", timedelta(minutes=5)), ("exim", timedelta(0))],
)
def test_how_long_a_companys_change_takes_to_act(mail_system: str, takes_effect_within: timedelta) -> None:
    found = incident_advice(incident(failure(cause=Cause.CONTENT)), mail_system)
    assert found.takes_effect_within == takes_effect_within


@pytest.mark.parametrize("scope", [Scope.MAIL_SYSTEM, Scope.EVERYBODY])
@pytest.mark.parametrize("cause", [cause for cause in Cause if FAMILIES[cause] is not CauseFamily.OURS])
def test_what_many_companies_have_at_once_no_company_is_sent_to_mend(cause: Cause, scope: Scope) -> None:
    found = incident_advice(incident(failure(cause=cause), failure(company="birch", cause=cause), scope=scope), "")
    assert found.actor in (Actor.SENDER, Actor.OURSELVES)
    assert not found.by_company_alone


@pytest.mark.parametrize(
    ("cause", "outcome", "meaning"),
    [
        (None, Outcome.UNKNOWN, "Mailpath cannot send, or cannot look"),
        (Cause.NETWORK, Outcome.UNKNOWN, "Mailpath's own network or name server"),
        (Cause.RELAY_DENIED, Outcome.UNKNOWN, "The mail service that Mailpath sends through"),
        (Cause.MALFORMED, Outcome.BLOCKED, "The server rejects Mailpath's own message"),
    ],
)
def test_why_we_cannot_tell(cause: Cause | None, outcome: Outcome, meaning: str) -> None:
    ours = incident(failure(nature=Nature.OURS, cause=cause, outcome=outcome), scope=Scope.OURSELVES)
    found = incident_advice(ours, "postfix")
    assert found.explanation.startswith(meaning)
    assert found.actor is Actor.OURSELVES
    assert incident_runbook(ours) == "cause-ours"


@pytest.mark.parametrize(
    ("reason", "meaning"),
    [
        (Reason.NO_WAY_OUT, "Could not connect to any company that has been tried since"),
        (Reason.CONTROL_FAILS, "At nearly all companies, mail is accepted and then not found"),
        (Reason.NOTHING_REACHED, "Could not connect to the server, and no other"),
    ],
)
def test_why_it_is_ours_though_companies_seem_to_stop_the_mail(reason: Reason, meaning: str) -> None:
    about = failure(nature=Nature.OURS, cause=Cause.FIREWALL, reason=reason)
    found = incident_advice(incident(about, scope=Scope.OURSELVES), "postfix")
    assert found.explanation.startswith(meaning)
    assert found.actor is Actor.OURSELVES


@pytest.mark.parametrize("reason", [Reason.SAME_ANSWER, Reason.CONTROL_FAILS, Reason.GATEWAY_DOWN, Reason.LOOKUP])
@pytest.mark.parametrize("cause", [*Cause, None])
def test_where_nobodys_mail_is_taken_the_company_acts_and_the_sender_is_let_in_nowhere(
    cause: Cause | None, reason: Reason
) -> None:
    theirs = incident(failure(nature=Nature.THEIR_SYSTEM, cause=cause, reason=reason), scope=Scope.THEIR_SYSTEM)
    found = incident_advice(theirs, "postfix")
    assert found.actor is Actor.COMPANY_IT
    assert cause is Cause.GREYLISTED or "{ip}" not in " ".join(found.steps + found.workaround)
    assert incident_runbook(theirs) == "mailpath-their-system"
    assert (RUNBOOKS / "mailpath-their-system.md").exists()


def test_one_probe_does_not_show_that_no_mail_reaches_the_company() -> None:
    theirs = Attribution(Nature.THEIR_SYSTEM, Reason.SAME_ANSWER, Cause.SERVER_FAULT)
    verdict = Verdict(Outcome.BLOCKED, Cause.SERVER_FAULT, Grade.REAL, "")
    assert failure_advice(theirs, verdict, ("postfix",)).for_users == SOME_MUST_PHONE
    facts = {"nature": theirs.nature, "reason": theirs.reason}
    beside = failure(path="north", cause=Cause.TLS, **facts)
    of_all = incident(failure(cause=theirs.cause, **facts), beside)
    assert advice_of_failure(of_all, beside, "postfix").for_users == SOME_MUST_PHONE


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason is not Reason.CONTROL_THROUGH])
def test_nobody_is_told_of_geo_blocking_before_a_comparison(reason: Reason) -> None:
    about = incident(failure(cause=Cause.FIREWALL, reason=reason))
    assert "geo" not in " ".join(incident_advice(about, "postfix").steps)


def test_a_firewall_that_a_comparison_proved_is_looked_at_for_geo_blocking() -> None:
    about = incident(failure(cause=Cause.FIREWALL, reason=Reason.CONTROL_THROUGH))
    assert "geo-blocking" in " ".join(incident_advice(about, "postfix").steps)


def advice(about: Incident, mail_system: str) -> str:
    found = incident_advice(about, mail_system)
    return " ".join((found.explanation, *found.steps, *found.workaround, found.do_not))


OF_ONES_OWN_SERVER = re.compile(r"disk|milter|port 25|firewall's log|MX hosts|server's log|STARTTLS")


@pytest.mark.parametrize(
    ("nature", "reason", "cause"),
    [
        (Nature.MAIL, Reason.NOT_COMPARED, Cause.SERVER_FAULT),
        (Nature.MAIL, Reason.NOT_COMPARED, Cause.TLS),
        (Nature.MAIL, Reason.NOT_COMPARED, Cause.TOO_LARGE),
        (Nature.MAIL, Reason.NOT_COMPARED, Cause.FIREWALL),
        (Nature.MAIL, Reason.ONLY_HERE, Cause.FIREWALL),
        (Nature.MAIL, Reason.CONTROL_THROUGH, Cause.FIREWALL),
        (Nature.THEIR_SYSTEM, Reason.SAME_ANSWER, Cause.SERVER_FAULT),
        (Nature.THEIR_SYSTEM, Reason.SAME_ANSWER, Cause.GREYLISTED),
        (Nature.THEIR_SYSTEM, Reason.CONTROL_FAILS, Cause.SERVER_FAULT),
        (Nature.THEIR_SYSTEM, Reason.SAME_LIST, Cause.SERVER_FAULT),
    ],
)
def test_nobody_is_sent_to_look_into_a_server_that_a_vendor_runs(nature: Nature, reason: Reason, cause: Cause) -> None:
    about = incident(failure(nature=nature, reason=reason, cause=cause))
    assert Actor.VENDOR in incident_advice(about, "m365").helpers
    assert not OF_ONES_OWN_SERVER.search(" ".join(incident_advice(about, "m365").steps))
    assert "{system}" not in " ".join(incident_advice(about, "exchange").steps), "the company runs it: no vendor acts"


def test_steps_and_caution_do_not_contradict_each_other_where_a_server_greylists() -> None:
    about = failure(nature=Nature.THEIR_SYSTEM, reason=Reason.SAME_ANSWER, cause=Cause.GREYLISTED)
    said = advice(incident(about), "")
    assert "except {ip} from greylisting" in said
    assert "Do not change filters or allow lists" not in said


@pytest.mark.parametrize(
    ("cause", "reason", "never"),
    [
        (Cause.SERVER_FAULT, Reason.CONTROL_THROUGH, "The servers of several companies fail"),
        (Cause.DOMAIN_BLOCKED, Reason.NEIGHBOUR_STOPPED, "reject the sender's domain"),
        (Cause.IP_BLOCKED, Reason.NEIGHBOUR_THROUGH, "reject the sender's IP address"),
    ],
)
def test_a_comparison_holds_at_several_companies_too(cause: Cause, reason: Reason, never: str) -> None:
    said = advice(incident(failure(cause=cause, reason=reason), scope=Scope.EVERYBODY), "")
    assert never not in said
    assert "a comparison does not confirm the reason" in said


def test_what_is_late_at_several_companies_is_not_called_lost() -> None:
    about = incident(failure(cause=Cause.UNCLEAR, outcome=Outcome.LATE), scope=Scope.EVERYBODY)
    assert "stop or lose" not in advice(about, "")
    assert "arrives late at several companies" in advice(about, "")


def test_no_vendor_is_asked_about_mail_that_was_never_sent_there() -> None:
    about = incident(failure(cause=Cause.SUPPRESSED), scope=Scope.MAIL_SYSTEM, mail_system="m365")
    assert Actor.VENDOR not in incident_advice(about, "m365").helpers


def test_no_connection_to_several_companies_is_first_looked_for_at_mailpath() -> None:
    about = incident(failure(cause=Cause.FIREWALL, reason=Reason.ONLY_HERE), scope=Scope.EVERYBODY)
    assert incident_advice(about, "").actor is Actor.OURSELVES
    assert "Could not connect to the servers of several companies." in advice(about, "")


def test_domains_that_seem_to_accept_no_mail_at_once_are_no_vendors_fault() -> None:
    about = failure(nature=Nature.THEIR_SYSTEM, reason=Reason.LOOKUP, cause=Cause.DOMAIN_UNKNOWN)
    found = incident_advice(incident(about, scope=Scope.MAIL_SYSTEM, mail_system="m365"), "m365")
    assert found.actor is Actor.OURSELVES


@pytest.mark.parametrize(
    ("cause", "first"),
    [
        (Cause.IP_LISTED, "Look up {ip} in the blocklist"),  # the list may have it no more, or have everybody
        (Cause.RDNS, "Check the PTR record of {ip}"),  # the server's own resolver may fail
    ],
)
def test_what_only_the_reply_says_is_checked_before_it_is_repaired(cause: Cause, first: str) -> None:
    found = at_one_company(cause, Outcome.BLOCKED)
    assert found.steps[0].startswith(first)
    assert "resolver" in found.workaround[0]


@pytest.mark.parametrize("cause", [*Cause, None])
def test_the_runbook_of_an_incident_is_that_of_its_cause(cause: Cause | None) -> None:
    assert incident_runbook(incident(failure(cause=cause))) == runbook_of(cause)


def test_spam_without_a_reason_is_told_with_the_runbook_of_spam() -> None:
    assert incident_runbook(incident(failure(cause=Cause.UNCLEAR, outcome=Outcome.SPAM))) == "cause-content"


def test_where_another_domain_came_through_from_the_same_address_nobody_is_sent_to_mend_the_address() -> None:
    """The opposite case, the same answer without that comparison, names both: it may be either."""
    compared = advise(Cause.REPUTATION, Outcome.BLOCKED, "m365", reason=Reason.NEIGHBOUR_THROUGH)
    alone = advise(Cause.REPUTATION, Outcome.BLOCKED, "m365", reason=Reason.NOT_COMPARED)
    assert not any("{ip}" in step for step in compared.steps)
    assert any("{ip}" in step for step in alone.steps)
