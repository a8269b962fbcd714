"""What is remembered, in one SQL database: probes, their evidence and verdicts; incidents, their history and notices;
mutes; people, and what they did. All SQL of the service is in here.

- `store`      what the rest of the service sees: `Store`, with a port for each subject:
               `probes`, `incidents`, `people`, `requests`; all of them write and ask by `access`
- `records`    what they give back
- `writer`     one thread commits what many callers want written at the same moment
- `writes`     which statements that is, and their order
- `rows`       what each of them is given, for each value that is to be remembered
- `reads`      every question that is asked of probes; `list_reads`: of many of them, page by page;
               `incident_reads`: of incidents, notices and mutes; `people_reads`: of people, tokens and the audit log
- `tables`     and `columns`: the schema, the same for every database
- `database`   reaching it; `dialect`: what a kind of database must say of itself; `sqlite`: what SQLite says
- `lease`      which of several processes leads; `health`: whether the store takes what it is given
- `schema`     and `migrations`: how the tables of an older version become ours

Read `tables`, then `store`. Nothing here knows what mail is, or what makes an incident: evidence is stored as
`probes.evidence.encode` gives it, an incident as `monitor.incidents.incident.encode` does.
"""

from monitor.store.records import (
    Cursor,
    ListedProbe,
    NoSuchProbeError,
    NoticeRecord,
    Present,
    ProbeFilter,
    ProbePage,
    ProbeRecord,
    ProbeRow,
    Remembered,
    ReplacedError,
    StoreDownError,
    StoreError,
)
from monitor.store.store import Store

__all__ = [
    "Cursor",
    "ListedProbe",
    "NoSuchProbeError",
    "NoticeRecord",
    "Present",
    "ProbeFilter",
    "ProbePage",
    "ProbeRecord",
    "ProbeRow",
    "Remembered",
    "ReplacedError",
    "Store",
    "StoreDownError",
    "StoreError",
]
