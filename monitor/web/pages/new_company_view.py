"""The set-up of a company as its page shows it: plain values. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from monitor.company_setup.checking import DraftErrors
from monitor.company_setup.fields import MAILBOX_FORMS, ROUTE_FORMS, FormField, KindForm
from monitor.company_setup.form import CompanyForm
from monitor.config import Config
from probes.mailsystems.signs import sign_sentence, signs_of_mx
from probes.mailsystems.table import MAIL_SYSTEMS, UNKNOWN, system_label
from probes.resolver import MailHosts, Unresolved
from probes.routes.gateway_setup import FitRank, GatewayNames, GatewaySetup, RouteFit, setups_for

MAX_HOSTS = 6  # of an MX, on the page


@dataclass(frozen=True, slots=True)
class SetupStage:
    """One step of the set-up. `fields`: of the form, asked there."""

    name: str
    title: str
    fields: tuple[str, ...]


def _fields(prefix: str, forms: Mapping[str, KindForm]) -> tuple[str, ...]:
    return tuple(f"{prefix}_{each.name}" for form in forms.values() for each in form.fields)


STAGES = (
    SetupStage("company", "Company", ("name", "domain", "to", "key", "it")),
    SetupStage("system", "Mail system", ("system", "behind")),
    SetupStage("route", "Way in", ("route", *_fields("route", ROUTE_FORMS))),
    SetupStage("mailbox", "Mailbox", ("mailbox", *_fields("mailbox", MAILBOX_FORMS), "secret")),
    SetupStage("review", "Test and add", ()),
)


def stages_of(form: CompanyForm) -> tuple[SetupStage, ...]:
    """Return the steps for this company: a route that delivers nothing needs no mailbox."""
    return tuple(each for each in STAGES if each.name != "mailbox" or form.needs_mailbox)


def reached(form: CompanyForm, wanted: str, errors: DraftErrors) -> SetupStage:
    """Return the wanted step, or the first before it whose fields have errors."""
    stages = stages_of(form)
    names = [each.name for each in stages]
    last = names.index(wanted) if wanted in names else 0
    return next((each for each in stages[:last] if errors.only(each.fields).fields), stages[last])


def shown_errors(form: CompanyForm, stage: SetupStage, errors: DraftErrors, submitted: Iterable[str]) -> DraftErrors:
    """Return the errors to show at this step: of what was submitted. A field that was not on any page yet is not
    wrong."""
    sent = {*submitted, "key"} if form.said else {*submitted}
    return errors.only(name for name in stage.fields if name in sent)


@dataclass(frozen=True, slots=True)
class MxView:
    """The answer of DNS about a domain: a sentence, the hosts, what they show, and the system to choose. `bad`: mail to
    it cannot arrive, or DNS did not answer."""

    says: str
    hosts: tuple[str, ...] = ()
    signs: tuple[str, ...] = ()
    system: str = UNKNOWN
    bad: bool = False


def mx_view(domain: str, found: MailHosts | Unresolved | None) -> MxView:
    """Return it for the answer; None where DNS is simulated."""
    if found is None:
        return MxView("DNS is simulated here, so the MX is not known. Choose the mail system yourself.")
    if isinstance(found, Unresolved):
        return MxView(f"The MX of {domain} is not known: {found.text}.", bad=True)
    names = tuple(host.name for host in found)
    signs = signs_of_mx(names)
    if not signs:
        says = "No known mail system is recognised by these names: the company may run its own server."
        return MxView(says, names[:MAX_HOSTS])
    says = f"Recognised: {system_label(signs[0].system)}."
    return MxView(says, names[:MAX_HOSTS], tuple(map(sign_sentence, signs)), signs[0].system)


def system_options() -> list[tuple[str, str]]:
    """Return the mail systems to choose from, by key and name."""
    known = [(key, row.label) for key, row in MAIL_SYSTEMS.items() if row.receives]
    return [(UNKNOWN, "Not known"), *sorted(known, key=lambda each: each[1].lower())]


@dataclass(frozen=True, slots=True)
class KindChoice:
    """A kind of route or mailbox to choose. `why`: whether it suits this company; `unlikely`: rather not."""

    via: str
    form: KindForm
    why: str = ""
    unlikely: bool = False


def route_choices(fits: Iterable[RouteFit]) -> list[KindChoice]:
    """Return the kinds of routes, the best first."""
    return [KindChoice(fit.via, ROUTE_FORMS[fit.via], fit.why, fit.rank is FitRank.UNLIKELY) for fit in fits]


MAILBOX_OF_SYSTEM = {"m365": "graph", "exchange": "imap", "google": "gmail", "fastmail": "jmap"}
"""The kind of mailbox that a mail system has, where it is not IMAP."""


def mailbox_choices(chain: Sequence[str], config: Config) -> list[KindChoice]:
    """Return the kinds of mailboxes, that of the last known mail system first."""
    own = next((MAILBOX_OF_SYSTEM[key] for key in reversed(chain) if key in MAILBOX_OF_SYSTEM), "imap")
    first_own = {own: MAILBOX_FORMS[own], **MAILBOX_FORMS}
    return [KindChoice(via, form, _mailbox_why(form, config)) for via, form in first_own.items()]


def _mailbox_why(form: KindForm, config: Config) -> str:
    for each in form.fields:
        if each.account_of and not accounts_at(each.account_of, config):
            return "There is no account at this provider in the configuration yet: add one first, as the guide says."
    return ""


def accounts_at(provider: str, config: Config) -> list[str]:
    """Return the accounts at a provider."""
    return [name for name, account in config.accounts.items() if account.provider == provider]


@dataclass(frozen=True, slots=True)
class FieldView:
    """A field of the chosen kind. `options`: what is offered; free text without any."""

    name: str
    field: FormField
    value: str
    options: tuple[tuple[str, str], ...] = ()


def field_views(prefix: str, form: KindForm | None, typed: CompanyForm, config: Config) -> list[FieldView]:
    """Return the fields of a kind, with what was typed or what is usual."""
    views = []
    for each in form.fields if form else ():
        name = f"{prefix}_{each.name}"
        words = (*accounts_at(each.account_of, config),) if each.account_of else each.choices
        options = (*(() if each.required else (("", "Usual"),)), *((word, word) for word in words))
        usual = typed.to if each.is_address else each.default
        views.append(FieldView(name, each, typed.said.get(name, usual), options))
    return views


@dataclass(frozen=True, slots=True)
class LinesView:
    """Lines for the company's side, filled in."""

    product: str
    does: str
    text: str
    file: str
    then: str
    never: str
    source: str
    address: str


def lines_of_route(form: CompanyForm, errors: DraftErrors, us: str) -> list[LinesView]:
    """Return what the company has to set up for the chosen route. What is wrong is not filled in: the lines are for a
    server's configuration."""
    said = {name: form.said.get(f"route_{name}", "") for name in ("host", "port")}
    good = {name: value for name, value in said.items() if value and f"route_{name}" not in errors.fields}
    names = GatewayNames(us=us or "MAILPATH_IP", **good)
    return [_lines(row, names) for row in setups_for(form.via, form.chain)]


def _lines(row: GatewaySetup, names: GatewayNames) -> LinesView:
    script, fill = row.script, names.filled
    return LinesView(
        row.product,
        script.does,
        fill(script.text),
        script.file,
        script.then,
        fill(row.never),
        row.source.title,
        row.source.address,
    )
