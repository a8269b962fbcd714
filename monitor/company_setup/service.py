"""The set-up of companies inside the service, as the pages use it."""

import asyncio
import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from monitor.company_setup.adding import CompanyWriter
from monitor.company_setup.checking import DraftErrors, errors_alone, errors_within
from monitor.company_setup.destination import Destination, destination
from monitor.company_setup.form import CompanyForm, form_of
from monitor.company_setup.relays import relay_in_use
from monitor.company_setup.trying import SetupTests
from monitor.config import Config
from monitor.doctor.observation import Observation
from monitor.people.caller import Caller
from monitor.store import Store
from probes.outside import Outside
from probes.route_traits import traits_of


@dataclass(frozen=True, slots=True)
class SecretState:
    """A secret that the draft refers to. `name`: the full path of the file, or the variable; `is_file`, and whether it
    is `there`, for the running service."""

    name: str
    is_file: bool
    there: bool

    @property
    def commands(self) -> str:
        """The commands that place it, for a shell; the secret itself is typed when they run."""
        folder = shlex.quote(os.path.dirname(self.name))
        return f"install -d -m 700 {folder}\ninstall -m 600 /dev/stdin {shlex.quote(self.name)}\n"


class LoadedService(Protocol):
    """The service. `reload` loads its configuration again, and keeps the one it has if that has errors."""

    @property
    def file(self) -> Path: ...
    @property
    def config(self) -> Config: ...
    @property
    def outside(self) -> Outside: ...
    @property
    def store(self) -> Store: ...
    async def reload(self) -> None: ...


class CompanySetup:
    """Checks, tries and adds companies."""

    def __init__(self, service: LoadedService) -> None:
        self.file, self._service = service.file.absolute(), service
        self._writer = CompanyWriter(self._config, service.store, service.reload, service.outside.now)
        self._tests = SetupTests(self.file, service.outside, service.store, service.outside.now)

    def _config(self) -> Config:
        return self._service.config

    async def form(self, typed: Mapping[str, object]) -> CompanyForm:
        """Return the form as it was sent."""
        form = form_of(typed)
        if not traits_of(form.via).relayed:
            return form
        return CompanyForm(form.said, await asyncio.to_thread(relay_in_use, self.file, self._config()))

    async def place(self, form: CompanyForm) -> Destination:
        """Return where its file belongs."""
        return await asyncio.to_thread(destination, self.file, self._config().include, form.key)

    async def errors_alone(self, form: CompanyForm, place: Destination) -> DraftErrors:
        """Return what is wrong with it by itself."""
        return await asyncio.to_thread(errors_alone, form, place, self._config().companies)

    async def within(
        self, form: CompanyForm, place: Destination, *, secrets_later: bool = False
    ) -> tuple[Config | None, DraftErrors]:
        """Return the configuration with it, or the errors."""
        return await asyncio.to_thread(errors_within, form, place, secrets_later=secrets_later)

    async def run_tests(self, form: CompanyForm, config: Config, caller: Caller) -> Sequence[Observation]:
        """Try its route and mailbox. Raises TooManyError, StoreError."""
        return await self._tests.run(form, config, caller)

    async def add(self, form: CompanyForm, place: Destination, caller: Caller) -> DraftErrors:
        """Write and load it, or return why not. Raises StoreError."""
        return await self._writer.add(form, place, caller)

    async def secret(self, form: CompanyForm, place: Destination, purpose: str) -> SecretState:
        """Return the state of its secret for this purpose: route or mailbox."""
        return await asyncio.to_thread(_secret, form.secret_of(purpose), place.path.parent)


def _secret(reference: Mapping[str, str], folder: Path) -> SecretState:
    if name := reference.get("env"):
        return SecretState(name, False, bool(os.environ.get(name)))
    file = folder / reference["file"]
    try:
        there = file.is_file() and os.access(file, os.R_OK)
    except (OSError, ValueError):  # of a key that cannot be one
        there = False
    return SecretState(str(file), True, there)
