"""The form of the set-up of a company. Pure: nothing in it is believed before it was checked."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

from monitor.company_setup.fields import MAILBOX_FORMS, ROUTE_FORMS, KindForm, SecretPlace, secret_reference
from monitor.company_setup.toml_text import TomlValue
from probes.mailsystems.table import UNKNOWN
from probes.route_traits import traits_of

PATH = "main"
"""The key of the first path."""

MAX_CHARS = 400  # characters of a field; longer ones are cut, and wrong then: no key may be that long
MAX_KEY_CHARS = 64
OWN_FIELDS = ("name", "domain", "to", "key", "it", "system", "behind", "route", "mailbox", "secret")


def _kind_fields(prefix: str, forms: Mapping[str, KindForm]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f"{prefix}_{each.name}" for form in forms.values() for each in form.fields))


FIELDS = (*OWN_FIELDS, *_kind_fields("route", ROUTE_FORMS), *_kind_fields("mailbox", MAILBOX_FORMS))
"""Every field of the form, by name."""


@dataclass(frozen=True, slots=True)
class CompanyForm:
    """The form as typed, by field. `relay` is the route of another path through the sender's mail service, as it is in
    the file: it is taken as it is if nothing else is typed for a relay."""

    said: Mapping[str, str] = field(default_factory=dict)
    relay: Mapping[str, TomlValue] | None = None

    @property
    def key(self) -> str:
        """The company's key: typed, or made of its name or domain."""
        return self.said.get("key", "") or suggested_key(self.said.get("name", ""), self.said.get("domain", ""))

    @property
    def chain(self) -> tuple[str, ...]:
        """Its mail systems as chosen, the first of them in front."""
        return tuple(self.said[name] for name in ("system", "behind") if name in self.said) or (UNKNOWN,)

    @property
    def to(self) -> str:
        """The address of its probes: typed, or one in its domain."""
        return self.said.get("to", "") or (f"probe@{self.said['domain']}" if "domain" in self.said else "")

    @property
    def via(self) -> str:
        """The kind of its route, as typed."""
        return self.said.get("route", "")

    @property
    def needs_mailbox(self) -> bool:
        """True if what the route delivers must be looked for; so for no route or one that does not exist."""
        via = self.via
        return via not in ROUTE_FORMS or traits_of(via).needs_mailbox

    @property
    def reuses_relay(self) -> bool:
        """True if the probes go by the same relay as those of another path."""
        return self.relay is not None and not any(self.said.get(f"route_{each}") for each in ("host", "user"))

    def secret_of(self, purpose: str) -> dict[str, str]:
        """Return the reference to its secret for this purpose: route or mailbox."""
        return secret_reference(self.key, purpose, self.said.get("secret", SecretPlace.FILE))

    def company(self) -> dict[str, TomlValue]:
        """Return the keys of [companies.KEY]."""
        said = self.said
        found: dict[str, TomlValue] = {"name": said["name"]} if said.get("name") else {}
        found["mail_systems"] = list(self.chain)
        if said.get("domain"):
            found["domains"] = [said["domain"]]
        if said.get("it"):
            found["contact"] = {"it": said["it"]}
        return found

    def path(self) -> dict[str, TomlValue]:
        """Return the keys of its path; what was not chosen yet is left out."""
        found: dict[str, TomlValue] = {"to": self.to} if self.to else {}
        if self.via:
            found["route"] = self._route()
        if self.needs_mailbox and (mailbox := self.said.get("mailbox", "")):
            found["mailbox"] = self._kind("mailbox", mailbox, MAILBOX_FORMS)
        return found

    def _route(self) -> TomlValue:
        if traits_of(self.via).relayed and self.relay and self.reuses_relay:
            return self.relay
        return self._kind("route", self.via, ROUTE_FORMS)

    def _kind(self, prefix: str, via: str, forms: Mapping[str, KindForm]) -> dict[str, TomlValue]:
        found: dict[str, TomlValue] = {"via": via}
        if (form := forms.get(via)) is None:
            return found
        for each in form.fields:
            if typed := self.said.get(f"{prefix}_{each.name}", ""):
                found[each.name] = _number(typed) if each.number else typed
        if form.secret:
            found[form.secret] = self.secret_of(prefix)
        return found


def form_of(typed: Mapping[str, object], relay: Mapping[str, TomlValue] | None = None) -> CompanyForm:
    """Return the form as it was sent: fields that exist, cut to size, without what is around them."""
    said = {
        name: value.strip()[:MAX_CHARS].encode("utf-8", "replace").decode()
        for name in FIELDS
        if isinstance(value := typed.get(name, ""), str) and value.strip()
    }
    for name in ("domain", "to", "key"):
        if name in said:
            said[name] = said[name].lower()
    return CompanyForm(said, relay)


def suggested_key(name: str, domain: str) -> str:
    """Return a key for a company of this name: lower case, letters, digits and hyphens; "" if nothing is left."""
    plain = unicodedata.normalize("NFKD", name or domain.rpartition(".")[0]).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:MAX_KEY_CHARS].strip("-")


def _number(typed: str) -> TomlValue:
    """Return the number; as text what is none, which the schema then refuses in its own words."""
    return int(typed) if re.fullmatch(r"[0-9]{1,9}", typed, re.ASCII) else typed
