"""The steps of an account's administrator: only those that a configuration needs, with the least rights, and safe to
run whatever stands in the configuration."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.accounts import AccountService, AccountUse
from probes.accounts.gateway_setup import CISCO_SETUP, CLOUDFLARE_SETUP, MIMECAST_SETUP
from probes.accounts.google import SCOPES
from probes.accounts.microsoft import CLOUDS
from probes.accounts.microsoft_setup import MICROSOFT_SETUP, SHELL_ENVIRONMENTS
from probes.accounts.other_setup import GOOGLE_RIGHTS, GOOGLE_SETUP, MAILGUN_SETUP, OAUTH_SETUP
from probes.accounts.setup import FilledStep, SetupScript, SetupStep, filled_steps, needs_of, quoted_text
from probes.mailsystems.remedy import Language
from probes.traces.graph import GraphTrace
from tests.support.powershell import balanced, commands_of

GATEWAYS = (CLOUDFLARE_SETUP, MIMECAST_SETUP, CISCO_SETUP)
TABLES = (MICROSOFT_SETUP, GOOGLE_SETUP, MAILGUN_SETUP, OAUTH_SETUP, *GATEWAYS)
STEPS = [step for table in TABLES for step in table]
CMDLETS = frozenset((Path(__file__).parent / "account_cmdlets.txt").read_text().split())
FACTS = {
    "tenant": "acme.example", "client": "11111111-2222-3333-4444-555555555555", "graph_environment": "Global",
    "exchange_environment": "O365Default", "token_url": "https://id.acme.example/token",
}  # fmt: skip
GRAPH, IMAP, TRACE = AccountService.GRAPH, AccountService.IMAP, AccountService.GRAPH_TRACE
APP = ("app", "exchange", "secret")
A, B = "a@acme.example", "b@acme.example"


def use(service: AccountService, user: str = A, deletes: bool = True) -> AccountUse:
    return AccountUse("acme", user, service=service, deletes=deletes)


def microsoft(*uses: AccountUse, tags: tuple[str, ...] = APP) -> list[FilledStep]:
    return filled_steps(MICROSOFT_SETUP, needs_of(uses, tags, FACTS))


def script_of(steps: list[FilledStep]) -> str:
    parts = [part for step in steps for part in step.parts if isinstance(part, SetupScript)]
    return "\n".join(part.text for part in parts if part.language is Language.POWERSHELL)


EVERYTHING = (use(GRAPH), use(GRAPH, B), use(IMAP), use(TRACE, ""))
ALL_TAGS = frozenset(tag for step in STEPS for tag in step.needs)


@pytest.mark.parametrize(
    ("uses", "has", "has_not"),
    [
        ((use(GRAPH),), ['"Application Mail.ReadWrite"', "CustomResourceScope"], ["Add-MailboxPermission", "8bd644d1"]),
        ((use(GRAPH, deletes=False),), ['"Application Mail.Read"'], ['ReadWrite"', "Add-MailboxPermission"]),
        ((use(IMAP),), ["Add-MailboxPermission", "FullAccess"], ["New-ManagementScope", "Mail.Read", "8bd644d1"]),
        ((use(TRACE, ""),), ["8bd644d1-64a1-4d4b-ae52-2e0cbf64e373"], ["New-ServicePrincipal", "Mailbox"]),
        ((use(GRAPH), use(IMAP, B)), [f"-Identity '{B}'", f"-Resource '{A}'"], [f"-Identity '{A}'"]),
    ],
)
def test_only_what_the_configuration_needs(uses: tuple[AccountUse, ...], has: list[str], has_not: list[str]) -> None:
    script = script_of(microsoft(*uses))
    assert [each for each in has if each not in script] == []
    assert [each for each in has_not if each in script] == []


@pytest.mark.parametrize("asked", [True, False])
def test_reasons_of_defender_need_a_right_of_their_own(asked: bool) -> None:
    trace = GraphTrace(via="graph", account="acme", defender=asked)
    text = " ".join(str(part) for step in microsoft(trace.account_use) for part in step.parts)
    assert ("SecurityAnalyzedMessage.Read.All" in text) is asked


def test_each_service_of_microsoft_has_a_step() -> None:
    named = {tag for step in MICROSOFT_SETUP for tag in step.needs}
    assert {each.value for each in AccountService if each.provider in ("", "microsoft")} <= named


def test_two_mailboxes_are_one_scope_and_two_proofs() -> None:
    script = script_of(microsoft(use(GRAPH), use(GRAPH, B)))
    assert script.count("New-ManagementScope") == 1
    assert f"'PrimarySmtpAddress -eq ''{A}'' -or PrimarySmtpAddress -eq ''{B}'''" in script
    assert f"-Resource '{A}'\nTest-ServicePrincipalAuthorization -Identity $ObjectId -Resource '{B}'" in script


@pytest.mark.parametrize(
    ("tags", "has", "has_not"),
    [
        (("app", "exchange", "certificate"), "openssl", "client secret"),
        (("app", "exchange", "secret"), "client secret", "openssl"),
        (("managed", "exchange"), "managed identity", "Under App registrations"),
        (("app", "refresh"), "offline_access", "Add-MailboxPermission"),
    ],
)
def test_how_it_proves_itself(tags: tuple[str, ...], has: str, has_not: str) -> None:
    steps = microsoft(use(IMAP), tags=tags)
    text = "\n".join(f"{part.does}\n{part.text}" if isinstance(part, SetupScript) else part
                     for step in steps for part in step.parts)  # fmt: skip
    assert has in text
    assert has_not not in text


def test_delegation_is_called_what_it_is() -> None:
    [step] = [
        each for each in filled_steps(GOOGLE_SETUP, needs_of([use(IMAP)], ["key"], {})) if "Delegate" in each.title
    ]
    assert "EVERY user of the domain" in step.right
    assert A in step.right


def test_no_mail_permission_of_entra_id_is_ever_asked_for() -> None:
    text = script_of(microsoft(*EVERYTHING))
    assert not re.search(r"Scopes[^\n]*Mail\.", text)
    assert any("no mail permission" in str(part) for step in microsoft(*EVERYTHING) for part in step.parts)


# ---- Scripts --------------------------------------------------------------------------------------------------------

SCRIPTS = [part for step in STEPS for part in step.parts if isinstance(part, SetupScript)]


@pytest.mark.parametrize("tags", [APP, ("managed", "exchange"), ("app", "refresh")])
def test_powershell_is_balanced_and_knows_only_commands_that_exist(tags: tuple[str, ...]) -> None:
    script = script_of(microsoft(*EVERYTHING, tags=tags))
    assert balanced(script)
    assert commands_of(script) <= CMDLETS
    assert not re.search(r"\{\w+\}", script)


def test_every_command_of_the_list_is_used() -> None:
    used = "\n".join(script.text for script in SCRIPTS)
    assert {command for command in CMDLETS if command not in used} == set()


HOSTILE = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30) | st.sampled_from(
    ["'; Remove-Mailbox x; '", "$(Remove-Mailbox x)", "`n", '"; x', "a’; Remove-Mailbox x; ’", "{user}", "{tenant}"]
)


@given(HOSTILE)
def test_a_name_is_a_string_and_nothing_else(name: str) -> None:
    """PowerShell: in single quotes nothing is evaluated, and a quote is written twice; five characters are quotes."""
    inner = quoted_text(name)[1:-1]
    assert re.fullmatch("(?:[^'‘’‚‛]|(['‘’‚‛])\\1)*", inner)
    assert re.sub("(['‘’‚‛])\\1", r"\1", inner) == name


@given(HOSTILE)
def test_a_name_of_the_configuration_never_becomes_a_command(name: str) -> None:
    script = script_of(microsoft(use(GRAPH, name), use(IMAP, name)))
    outside = re.sub(
        "'(?:[^'‘’‚‛]|(['‘’‚‛])\\1)*'", "''", re.sub(r'"[^"\n]*"', '""', script.replace("\"appId eq '$AppId'\"", '""'))
    )
    assert commands_of(outside) <= CMDLETS
    assert "Remove-Mailbox" not in outside


# ---- Texts and sources ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.title)
def test_a_step_is_complete(step: SetupStep) -> None:
    assert step.parts
    assert step.needs
    assert step.source.title
    assert step.source.address.startswith("https://")
    assert datetime.now(UTC).date() - step.source.on <= timedelta(days=548), (
        "read it again, and correct what has changed"
    )
    for part in step.parts:
        if isinstance(part, str):
            assert part.endswith(".")
            assert "\n" not in part
        else:
            assert not part.does.endswith((".", ":"))
    assert not step.right or step.right.endswith(".")


def test_what_opens_something_says_how_little_suffices() -> None:
    opening = (
        "New-ManagementRoleAssignment",
        "Add-MailboxPermission",
        "AppRoleAssignment",
        "grant admin consent",
        "scope",
    )
    for step in STEPS:
        text = " ".join(part if isinstance(part, str) else part.text for part in step.parts)
        if any(word in text for word in opening):
            assert step.right, step.title


def test_each_service_of_google_has_its_steps() -> None:
    assert GOOGLE_RIGHTS.keys() == SCOPES.keys()


def test_each_cloud_has_its_shells() -> None:
    assert SHELL_ENVIRONMENTS.keys() == CLOUDS.keys()


def test_each_tag_is_one_that_an_account_may_have() -> None:
    services = {each.value for each in AccountService}
    assert services | {
        "app", "managed", "exchange", "mailbox", "deletes", "reads_only", "own_server", "acts_for_itself",
        "secret", "certificate", "refresh", "key", "token", "password", "defender",
    } >= ALL_TAGS  # fmt: skip


def test_google_enables_each_api_that_is_used_before_its_right_is_given() -> None:
    for service, words in ((AccountService.GMAIL_TRASH, "the Gmail API"), (AccountService.GMAIL_REPORTS, "Admin SDK")):
        for credential in ("key", "refresh"):
            steps = filled_steps(
                GOOGLE_SETUP, needs_of([AccountUse("bolt", "a@b.example", "", service)], [credential], {})
            )
            (parts,) = (step.parts for step in steps if any("enable" in str(part) for part in step.parts))
            assert words in str(parts[0])
            assert "https://www.googleapis.com/auth/" in str(parts[-1])
