"""The errors of a company's draft, each at the field that it is about. By the same code as `check-config`."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from monitor.company_setup.destination import Destination
from monitor.company_setup.draft import draft_text
from monitor.company_setup.form import FIELDS, PATH, CompanyForm
from monitor.config import Config, ConfigError, ConfigErrors, DraftFile, company_errors, read_config
from monitor.config.errors import dotted

_FIELD_OF_KEY = {
    "": "key",
    "name": "name",
    "mail_systems": "system",
    "domains": "domain",
    "contact.it": "it",
    f"paths.{PATH}.to": "to",
}
"""The field that an error is shown at, by the key below [companies.KEY]; those of route and mailbox follow from it."""

_SECRETS = {f"{kind}_{key}": "secret" for kind in ("route", "mailbox") for key in ("password", "token")}


@dataclass(frozen=True, slots=True)
class DraftErrors:
    """The errors of a draft. `others`: those that are not about what was typed, with file and line."""

    fields: Mapping[str, str] = field(default_factory=dict)
    others: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.fields or self.others)

    def only(self, fields: Iterable[str]) -> "DraftErrors":
        """Return the errors of these fields alone."""
        return DraftErrors({name: self.fields[name] for name in fields if name in self.fields})


def draft_of(form: CompanyForm, place: Destination) -> DraftFile:
    """Return the draft as a file of the configuration."""
    return DraftFile(place.pattern, place.name, draft_text(form))


def errors_alone(form: CompanyForm, place: Destination, taken: Iterable[str]) -> DraftErrors:
    """Return what is wrong with a draft by itself, its secrets left out, where the keys of `taken` are used already.
    What was not typed yet is wrong too."""
    if form.key in set(taken):
        return DraftErrors({"key": f"{form.key} is already the key of a company; choose another"})
    return _by_field(company_errors(draft_of(form, place), place.main.parent), form, place)


def errors_within(
    form: CompanyForm, place: Destination, *, secrets_later: bool = False
) -> tuple[Config | None, DraftErrors]:
    """Return the whole configuration with the draft in it, or its errors. Blocks while it reads the files."""
    if os.path.lexists(place.path):
        return None, DraftErrors({"key": f"the file {place.name} exists already; choose another key"})
    try:
        return read_config(place.main, secrets_later=secrets_later, draft=draft_of(form, place)), DraftErrors()
    except ConfigErrors as errors:
        return None, _by_field(errors.errors, form, place)


def _by_field(errors: Iterable[ConfigError], form: CompanyForm, place: Destination) -> DraftErrors:
    fields: dict[str, str] = {}
    others: list[str] = []
    for error in errors:
        name = field_of_key(error.key, form.key) if error.file == place.name else ""
        if name == "to" and "to" not in form.said:  # it was made of the domain
            name = "domain"
        if name:
            fields.setdefault(name, error.problem)
        else:
            others.append(str(error))
    return DraftErrors(fields, tuple(others))


def field_of_key(key: str, company: str) -> str:
    """Return the field for a key of the file, dotted; "" if it is not below this company."""
    home = dotted(("companies", company))
    if key != home and not key.startswith(f"{home}."):
        return ""
    below = key[len(home) :].lstrip(".")
    if below in _FIELD_OF_KEY:
        return _FIELD_OF_KEY[below]
    for kind in ("route", "mailbox"):
        rest = below.removeprefix(f"paths.{PATH}.{kind}")
        if rest != below:
            name = f"{kind}_{rest.lstrip('.').partition('.')[0]}"
            return _SECRETS.get(name, name if name in FIELDS else kind)
    return "key"
