"""Which remedies fit a failure: the safest first, nothing that cannot help, and always an answer."""

from itertools import product

import pytest

from probes.answer import Stage
from probes.diagnosis.factors import Factor
from probes.mailsystems.choose import choose
from probes.mailsystems.remedy import Rung
from probes.mailsystems.table import MAIL_SYSTEMS
from probes.outcome import Cause, Grade


def keys(*args: object) -> list[str]:
    return [remedy.key for remedy in choose(*args).remedies]  # type: ignore[arg-type]


@pytest.mark.parametrize("system", [*MAIL_SYSTEMS, "unknown", "other:Acme Mail"])
def test_there_is_an_answer_for_every_system_cause_and_stage(system: str) -> None:
    for cause, stage in product(Cause, (None, Stage.RCPT, Stage.END_OF_DATA)):
        found, asked = choose((system,), stage, cause), (cause, stage)
        assert found.remedies or found.not_possible, asked
        rungs = [remedy.rung for remedy in found.remedies]
        assert rungs == sorted(rungs), asked
        assert all(cause in remedy.causes for remedy in found.remedies), asked


def test_the_safest_comes_first() -> None:
    found = choose(("m365",), None, Cause.CONTENT)
    assert found.remedies[0].key == "m365-submit"
    assert found.remedies[-1].rung is Rung.IP_ALONE
    assert "CIS" in found.remedies[-1].audit


@pytest.mark.parametrize(
    ("chain", "stage", "first"),
    [
        (("mimecast", "m365"), Stage.END_OF_DATA, "mimecast-permitted-sender"),  # refused by what is asked first
        (("m365",), Stage.END_OF_DATA, "m365-submit"),
        (("mimecast", "m365"), None, "m365-submit"),  # accepted: by any of them, the safest first
    ],
)
def test_a_refusal_in_a_dialogue_is_the_first_systems(chain: tuple[str, ...], stage: Stage | None, first: str) -> None:
    assert keys(chain, stage, Cause.CONTENT)[0] == first


def test_what_was_accepted_may_be_stopped_anywhere_in_the_chain() -> None:
    assert {remedy.system for remedy in choose(("mimecast", "m365"), None, Cause.CONTENT).remedies} == {
        "mimecast",
        "m365",
    }


def test_a_remedy_for_what_the_server_did_not_know_yet_cannot_help() -> None:
    at_the_end = keys(("m365",), Stage.END_OF_DATA, Cause.CONTENT)
    at_connection = choose(("m365",), Stage.CONNECT, Cause.CONTENT)
    assert "m365-allow-domain" in at_the_end
    assert "m365-allow-domain" not in [remedy.key for remedy in at_connection.remedies]


def test_a_diagnosis_rules_out_what_is_for_another_property() -> None:
    assert "postfix-postscreen-permit" in keys(("postfix",), Stage.RCPT, Cause.POLICY)
    assert "postfix-postscreen-permit" not in keys(("postfix",), Stage.RCPT, Cause.POLICY, Factor.ENVELOPE)


def test_without_a_cause_those_of_the_factor_count() -> None:
    assert keys(("m365",), None, None, Factor.CONTENT)[0] == "m365-submit"
    assert keys(("m365",)) == ["m365-trace"]


def test_what_is_bound_to_an_address_needs_proof_that_the_mail_came_from_it() -> None:
    proven = keys(("mimecast",), Stage.END_OF_DATA, Cause.CONTENT, None, Grade.REAL)
    unproven = choose(("mimecast",), Stage.END_OF_DATA, Cause.CONTENT, None, Grade.UNPROVEN)
    assert proven == ["mimecast-permitted-sender"]
    assert unproven.general
    assert all(remedy.rung not in (Rung.DOMAIN_AND_IP, Rung.IP_ALONE) for remedy in unproven.remedies)


def test_a_code_that_says_what_is_closed_has_its_remedy_first_and_any_other_code_has_it_not() -> None:
    def keys(enhanced: str | None) -> list[str]:
        found = choose(("m365",), Stage.END_OF_DATA, Cause.POLICY, enhanced=enhanced)
        return [remedy.key for remedy in found.remedies]

    assert keys("5.7.133")[0] == "m365-open-group"
    assert "m365-open-group" not in keys("5.7.1")
    assert "m365-open-group" in keys(None)  # its first step says for which replies it is
    assert len(keys("5.7.1")) == len(keys(None)) - 1


def test_a_general_remedy_is_marked() -> None:
    assert choose(("forcepoint",), Stage.END_OF_DATA, Cause.CONTENT).general
    assert not choose(("m365",), Stage.END_OF_DATA, Cause.CONTENT).general


@pytest.mark.parametrize(
    ("system", "cause", "why", "who"),
    [
        ("m365", Cause.IP_LISTED, "No entry of the tenant", "sender.office.com"),
        ("outlook", Cause.CONTENT, "there is no administrator", "Each person"),
        ("google", Cause.REPUTATION, "No setting is known", "Google Workspace support"),
        ("trellix", Cause.CONTENT, "skips the scan", "support"),
        ("postfix", Cause.SUPPRESSED, "no longer sends", "The sender"),
        ("m365", Cause.MAILBOX_FULL, "mailbox is full", "The owner"),
        ("m365", Cause.NETWORK, "Mailpath's own network", "The operator of Mailpath"),
    ],
)
def test_where_nothing_helps_it_says_why_and_who_can(system: str, cause: Cause, why: str, who: str) -> None:
    found = choose((system,), None, cause)
    assert not found.remedies
    assert why in found.not_possible[0].why
    assert who in found.not_possible[0].who_can
