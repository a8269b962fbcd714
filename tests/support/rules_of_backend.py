"""The incident rules of a process, for tests that apply them by hand."""

from monitor.app import Service
from monitor.app.rules import Rules
from monitor.oncall.engine import IncidentEngine
from monitor.web.backend import Backend


def engine_of(backend: Backend) -> IncidentEngine:
    """Return them; only where this process applies any."""
    assert isinstance(backend.incident_engine, IncidentEngine)
    return backend.incident_engine


def rules_in(at_work: Service) -> Rules:
    """Return the part of the rules of a process."""
    [part] = [part for part in at_work.parts if isinstance(part, Rules)]
    return part
