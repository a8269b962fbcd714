"""About what nobody is to be told now. Probing goes on, the incident is marked."""

from dataclasses import dataclass
from datetime import datetime

from probes.verdict import Cause


@dataclass(frozen=True, slots=True)
class Mute:
    """Who wants silence about what, when and why. Fields that are "" or None say nothing; all others must fit.

    `path` is only with a company. From `begins_at` to `ends_at`; or, with `weekly`, at the times of its calendar, for
    ever where `ends_at` is None. `ended_at`, `ended_by`: somebody ended it before its time.
    """

    id: str
    company: str
    path: str
    mail_system: str
    cause: Cause | None
    begins_at: datetime
    ends_at: datetime | None
    weekly: str  # "sat 22:00 - sun 04:00 Europe/Berlin", "" for none
    by: str
    why: str
    created_at: datetime
    ended_at: datetime | None = None
    ended_by: str = ""
