"""The table of remedies: each is complete, safe and sourced, and its scripts are well-formed."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from probes.mailsystems.general import GENERAL
from probes.mailsystems.remedy import (
    Certainty,
    Guard,
    Language,
    NotPossible,
    ProofKind,
    Remedy,
    RemedyNames,
    Rung,
    Script,
    Step,
    fill,
)
from probes.mailsystems.shown import parts_of
from probes.mailsystems.table import MAIL_SYSTEMS
from tests.support.powershell import balanced, commands_of

OWN = {remedy.key: remedy for row in MAIL_SYSTEMS.values() for remedy in row.remedies}
ALL = (*OWN.values(), *GENERAL)
NAMES = RemedyNames("login.example", "203.0.113.9", "codes@login.example", "Some System")
CMDLETS = frozenset((Path(__file__).parent / "cmdlets.txt").read_text().split())
OLDEST = timedelta(days=548)  # 18 months

each_remedy = pytest.mark.parametrize("remedy", ALL, ids=lambda remedy: remedy.key)


def steps_of(remedy: Remedy) -> list[Step]:
    renew = [remedy.expires.renew] if remedy.expires else []
    return [*remedy.look_first, *remedy.steps, *remedy.undo, *renew]


def scripts_of(remedy: Remedy) -> list[Script]:
    return [step for step in steps_of(remedy) if isinstance(step, Script)]


def texts_of(remedy: Remedy) -> list[str]:
    said = [step for step in steps_of(remedy) if isinstance(step, str)]
    facts = [remedy.title, remedy.never, remedy.risk, remedy.audit, remedy.skips, remedy.needs]
    return said + [script.does for script in scripts_of(remedy)] + [text for text in facts if text]


SCRIPTS = [(remedy.key, script) for remedy in ALL for script in scripts_of(remedy)]
each_script = pytest.mark.parametrize("script", [each for _, each in SCRIPTS], ids=[key for key, _ in SCRIPTS])


def test_a_key_is_one_remedys() -> None:
    keys = [remedy.key for remedy in ALL]
    assert len(keys) == len(set(keys))
    assert all(re.fullmatch(r"[a-z0-9-]+", key) for key in keys)


@each_remedy
def test_a_remedy_is_of_a_mail_system_that_exists(remedy: Remedy) -> None:
    assert remedy.general or remedy.system in MAIL_SYSTEMS
    assert remedy.general is (remedy in GENERAL)


@each_remedy
def test_a_remedy_is_complete(remedy: Remedy) -> None:
    assert remedy.causes
    assert remedy.factors
    assert remedy.steps
    assert remedy.undo
    assert remedy.never
    assert remedy.sources
    assert {Guard.VIRUS, Guard.RELAY_CLOSED} <= remedy.keeps
    assert any(proof.kind is ProofKind.PROBE for proof in remedy.verify)


# ---- Safety ---------------------------------------------------------------------------------------------------------


@each_remedy
def test_no_remedy_lets_a_bare_domain_past_a_filter(remedy: Remedy) -> None:
    assert remedy.rung is not Rung.BARE_DOMAIN


@each_remedy
def test_a_remedy_that_skips_nothing_keeps_every_guard(remedy: Remedy) -> None:
    if remedy.rung is Rung.NOTHING_SKIPPED:
        assert remedy.keeps == frozenset(Guard)


@each_remedy
def test_an_entry_says_what_it_skips(remedy: Remedy) -> None:
    assert remedy.skips or remedy.rung is Rung.NOTHING_SKIPPED


@each_remedy
def test_an_entry_is_proved_with_the_forged_twin(remedy: Remedy) -> None:
    if remedy.rung is not Rung.NOTHING_SKIPPED:
        assert any(proof.kind is ProofKind.FORGED_TWIN for proof in remedy.verify)


@each_remedy
def test_an_entry_without_authentication_names_the_risk(remedy: Remedy) -> None:
    if remedy.rung is Rung.IP_ALONE:
        assert "Other customers" in remedy.risk


@each_remedy
def test_an_authentication_check_is_only_given_up_for_what_is_bound_otherwise(remedy: Remedy) -> None:
    if Guard.AUTHENTICATION not in remedy.keeps:
        assert remedy.rung in (Rung.DKIM, Rung.SPF, Rung.DOMAIN_AND_IP, Rung.IP_ALONE)


FORBIDDEN = re.compile(  # what relays, trusts, skips everything, or asks for the domain alone
    r"(?<!permit_)mynetworks|relay_from|RELAYLIST|trusted_networks|internal_networks|local_addrs|trustedsmtp|"
    r"want_spam|prefilter|BypassedSender|(?:white|welcome)list_from\s|global_mime_from|"
    r"-AllowedSender|/(?:2[0-9]|1[0-9]|[0-9])\b(?!-)",
    re.IGNORECASE,
)


@pytest.mark.parametrize(
    "hole",
    [
        "postconf -e 'mynetworks = {ip}'",
        "welcomelist_from *@{domain}",
        "trusted_networks {ip}",
        "Set-HostedContentFilterPolicy Default -AllowedSenderDomains @{Add=1}",
        "hosts = 104.130.122.0/24",
    ],
)
def test_what_a_hole_looks_like(hole: str) -> None:
    assert FORBIDDEN.search(hole)


@each_script
def test_no_script_opens_a_door(script: Script) -> None:
    assert not FORBIDDEN.search(script.text + script.then)


def test_a_rule_that_skips_the_spam_filter_asks_for_dmarc() -> None:
    skipping = [each.text for _, each in SCRIPTS if "-SetSCL -1" in each.text]
    assert skipping
    assert all('-HeaderContainsWords "dmarc=pass"' in text for text in skipping)


@pytest.mark.parametrize(("key", "condition"), [
    ("postfix-restriction-class", "reject_unauth_destination, check_client_access"),
    ("exim-accept", "domains        = +local_domains"),
    ("rspamd-multimap-dmarc", 'require_symbols = "DMARC_POLICY_ALLOW"'),
    ("dovecot-sieve-keep", '"authentication-results" "dmarc=pass"'),
    ("cloudflare-allow-policy", '"verify_sender": true'),
])  # fmt: skip
def test_the_condition_that_makes_it_safe_is_in_the_script(key: str, condition: str) -> None:
    assert any(condition in script.text for script in OWN[key].scripts)


# ---- Sources --------------------------------------------------------------------------------------------------------


@each_remedy
def test_a_source_is_recent(remedy: Remedy) -> None:
    for source in remedy.sources:
        assert source.title
        assert datetime.now(UTC).date() - source.on <= OLDEST, (
            f"read {source.title} again, and correct what has changed"
        )


@each_remedy
def test_what_nobody_has_read_is_marked(remedy: Remedy) -> None:
    for source in remedy.sources:
        assert not (source.certainty is Certainty.MEMORY and not source.unsure)
        assert source.address or source.certainty in (Certainty.MEMORY, Certainty.SECONDARY)


def test_what_was_only_remembered_is_shown_as_such() -> None:
    for remedy in ALL:
        if any(source.certainty is Certainty.MEMORY for source in remedy.sources):
            sources = next(part for part in parts_of(remedy) if part.label == "Sources")
            assert any("not read anywhere" in str(step) for step in sources.steps)


# ---- Scripts --------------------------------------------------------------------------------------------------------


@each_script
def test_a_script_knows_only_names_that_are_filled_in(script: Script) -> None:
    filled = fill(script.text + script.file + script.then + script.does, NAMES)
    assert not re.search(r"\{(?:domain|ip|address|system)\}", filled)
    assert not re.findall(r"(?<![@$\"'])\{[a-z]+\}", filled)
    assert "trimble" not in filled.lower()


@pytest.mark.parametrize("broken", ['Get-X @{Remove="a"', "Get-X 'a", "foreach { (a }", "a)"])
def test_what_is_not_balanced(broken: str) -> None:
    assert not balanced(broken)


@each_script
def test_powershell_is_balanced_and_knows_only_commands_that_exist(script: Script) -> None:
    if script.language is not Language.POWERSHELL:
        return
    text = fill(script.text, NAMES)
    assert balanced(text)
    assert commands_of(text) <= CMDLETS
    assert all(line.endswith("`") for line in text.splitlines()[:-1]), "a line that goes on ends with a backtick"


def test_every_command_of_the_list_is_used() -> None:
    used = " ".join(script.text for _, script in SCRIPTS)
    assert {command for command in CMDLETS if command not in used} == set()


@each_script
def test_the_body_of_a_request_is_json(script: Script) -> None:
    if script.language is not Language.HTTP:
        return
    line, _, body = fill(script.text, NAMES).partition("\n\n")
    assert re.fullmatch(r"(GET|POST|PATCH|DELETE) https://[a-z0-9.-]+/\S+", line)
    assert bool(body) is line.startswith(("POST", "PATCH"))
    if body:
        assert isinstance(json.loads(body), dict)


@each_script
def test_lines_of_a_configuration_say_where_they_go(script: Script) -> None:
    assert bool(script.file) is (script.language is Language.CONFIG)


# ---- Texts ----------------------------------------------------------------------------------------------------------


@each_remedy
def test_a_text_is_one_line_and_names_no_installation(remedy: Remedy) -> None:
    for text in texts_of(remedy):
        assert "\n" not in text
        assert text == text.strip()
        assert "trimble" not in text.lower()
        assert set(re.findall(r"\{(\w+)\}", text)) <= {"domain", "ip", "address", "system"}


@each_remedy
def test_an_address_to_enter_is_written_out(remedy: Remedy) -> None:
    """Whoever is asked to enter the exact address must not have to guess it."""
    said = [fill(step if isinstance(step, str) else step.does, NAMES) for step in steps_of(remedy)]
    assert [text for text in said if "exact address of" in text] == []


@each_remedy
def test_a_step_is_a_sentence_and_what_a_script_does_is_not_ended(remedy: Remedy) -> None:
    for step in steps_of(remedy):
        if isinstance(step, str):
            assert step.endswith(".") or re.search(r": .*[a-z0-9]", step), step
        else:
            assert not step.does.endswith((".", ":")), step.does


def test_why_nothing_helps_is_said_in_sentences() -> None:
    for row in MAIL_SYSTEMS.values():
        for reason in row.not_possible:
            assert isinstance(reason, NotPossible)
            assert reason.why.endswith((".", ".)"))
            assert reason.who_can.endswith((".", ".)"))
