"""The store, one SQL database: probes, their evidence and verdicts; incidents, their history and notices; mutes;
people, and the audit log. All SQL of the service is in here.

- `store`      what the rest of the service sees: `Store`, with a port for each subject:
               `probes`, `incidents`, `people`, `requests`, `reports`, `standing`, `real_mail`, `share_links`; all of
               them write and ask by `access`
- `records`    what they give back
- `writer`     one thread commits what many callers want written at the same moment
- `writes`     how many writes become a few statements; `statements`: which those are, and their order;
               `prepared`: compiled once for the driver
- `rows`       what each of them is given, for each value that is to be remembered
- `reads`      every question that is asked of probes; `list_reads`: of many of them, page by page;
               `incident_reads`: of incidents, notices and mutes; `work_reads`: of what people did about them;
               `people_reads`: of people, tokens and the audit log, with `people_writes`;
               `standing_reads`: of standing, with its writes
- `diagnoses`  diagnoses and their arms
- `remedies`   remedies as companies carried them out, with `remedy_writes` and `remedy_tables`
- `share_links` links to the status pages of companies; `people_writes`: their writes, and those of tokens
- `refresh_tokens`  those that providers have replaced, sealed
- `result_counts`  counts of results by hour and day, which outlive the probes
- `result_series`  of one company over time, from these counts; `result_overview`: of all, by hour
                   and by day
- `real_mail`  the sender's real mail by hour, and its refusals; `real_hours`, `real_refusals`: tables and statements
- `report_tables`, `report_reads`  DMARC and TLS reports of receivers
- `delivery_counts`  histograms of delivery times beside them
- `packing`    evidence in fewer bytes; `retention`: how long things are kept, and what housekeeping deletes
- `tables`     and `columns`: the schema, the same for every database; `people_tables`: of people and what they did;
               `standing_tables`: of standing
- `database`   connects to it; `dialect`: the facts about a kind of database; `sqlite`: those of SQLite; `postgresql`,
               with `postgresql_guards`: those of PostgreSQL. `address`: what a configuration may say
- `ownership`  which worker owns which mailboxes; `ownership_tables`: its tables, and the claim of a turn
- `orders`     probes that one process wants, and the owner of the mailbox launches; `order_tables`: their table
- `lease`      leadership among several processes; `health`: whether the store accepts writes; `checkup`: whether it is
               whole
- `copying`    copies a store from SQLite to PostgreSQL
- `schema`     and `migrations`: upgrade the tables of older versions; `filling`: in parts, where that takes long

Read `tables`, then `store`. Nothing here knows what mail is, or what makes an incident: evidence is stored as encoded
by `probes.evidence.encode`, an incident by `monitor.incidents.incident.encode`.
"""

from monitor.store.delivery_counts import DeliveryTimes
from monitor.store.dialect import file_of, place_of
from monitor.store.real_hours import RealCount
from monitor.store.real_refusals import RealReply
from monitor.store.records import (
    Cursor,
    DeliveryState,
    LinkUse,
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
from monitor.store.result_counts import ResultCount, window_start
from monitor.store.result_overview import DayCount, HourCount
from monitor.store.result_series import CompanySeries, CompanyWindows, SlotCount, SlotTimes
from monitor.store.store import Store

__all__ = [
    "CompanySeries",
    "CompanyWindows",
    "Cursor",
    "DayCount",
    "DeliveryState",
    "DeliveryTimes",
    "HourCount",
    "LinkUse",
    "ListedProbe",
    "NoSuchProbeError",
    "NoticeRecord",
    "Present",
    "ProbeFilter",
    "ProbePage",
    "ProbeRecord",
    "ProbeRow",
    "RealCount",
    "RealReply",
    "Remembered",
    "ReplacedError",
    "ResultCount",
    "SlotCount",
    "SlotTimes",
    "Store",
    "StoreDownError",
    "StoreError",
    "file_of",
    "place_of",
    "window_start",
]
