"""A sender's standing with all that a page has to show: good, weak, bad, unknown, refused, and a listing."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from monitor.standing.drift import Drift
from monitor.standing.record import FactRecord, follow
from monitor.store import Store
from probes.standing.blocklists import Flaw, ListAnswer, ListReading, ListState, fact_of
from probes.standing.fact import Fact, Question, State, Why
from probes.standing.lists import LISTS
from probes.standing.profile import Change, Profile, ProfileItem

DOMAIN, ADDRESS = "account.trimble.com", "104.130.122.50"
MAX_AGE = timedelta(hours=6)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
RECORD = "v=spf1 include:_spf.mailservice.example -all"
CHAIN = " > ".join((*(f"include:_spf{number}.mailservice.example" for number in range(6)), "ip4:104.130.122.50"))
EVIL = "v=DMARC1; p=<script>alert(1)</script>\u202egpj.exe; rua=mailto:dmarc@trimble.com"
LISTS_BY_ZONE = {row.public_zone: row for row in LISTS}


def fact(
    question: Question, state: State, why: Why, at: datetime, *named: str, subject: str = DOMAIN, value: str = ""
) -> Fact:
    """A reading, as if three name servers had answered."""
    return Fact(question, subject, state, why, at, value, named, 300, ("192.0.2.53", "192.0.2.54", "2001:db8::53"))


def listing(zone: str, state: ListState, at: datetime, subject: str = ADDRESS, flaw: Flaw | None = None) -> Fact:
    """What a list says of the sender."""
    meanings = ("listed",) if state is ListState.LISTED else ()
    text = "asked through a public resolver" if state is ListState.REFUSED else LISTS_BY_ZONE[zone].silence
    return fact_of(ListAnswer(LISTS_BY_ZONE[zone], subject, ListReading(state, (), meanings, flaw, text), at))


def history(readings: Sequence[Fact], zone: str = "", *, before: FactRecord | None = None) -> list[FactRecord]:
    """Return the rows that these readings of one fact leave, oldest first."""
    rows: list[FactRecord] = []
    for reading in readings:
        now = follow(before, reading, MAX_AGE, zone)
        if before and now.since == before.since:
            rows.pop()
        elif before and rows:
            rows[-1] = replace(before, current=False)
        rows.append(now)
        before = now
    return rows


def _hourly(reading: Fact, begins: datetime, ends: datetime) -> list[Fact]:
    """Return the same reading once in five hours."""
    step = timedelta(hours=5)
    return [replace(reading, at=begins + step * number) for number in range((ends - begins) // step + 1)] + [
        replace(reading, at=ends)
    ]


def facts_until(now: datetime) -> list[FactRecord]:
    """Return the rows of ninety days: SPF was weak once and bad once, the reverse name is gone since yesterday."""
    spf = fact(
        Question.SPF,
        State.GOOD,
        Why.SPF_PASSES,
        now,
        CHAIN,
        "3",
        value=RECORD,
    )
    wide = replace(spf, state=State.WEAK, why=Why.SPF_PASSES_ALL, named=("+all", "1"), value="v=spf1 +all")
    fails = replace(spf, state=State.BAD, why=Why.SPF_FAILS, named=("softfail", "~all"))
    turns = [(spf, 100, 40), (wide, 39.9, 36), (spf, 35.9, 20), (fails, 19.9, 18), (spf, 17.9, MINUTE / DAY)]
    rows = history(
        [each for reading, start, end in turns for each in _hourly(reading, now - start * DAY, now - end * DAY)]
    )
    ptr = fact(Question.PTR, State.GOOD, Why.PTR_CONFIRMED, now, "mail.account.trimble.com", subject=ADDRESS)
    gone = replace(ptr, state=State.BAD, why=Why.PTR_MISSING, named=())
    rows += history([*_hourly(ptr, now - 60 * DAY, now - DAY), *_hourly(gone, now - DAY + HOUR, now - MINUTE)])
    at = now - MINUTE
    key = f"k1._domainkey.{DOMAIN}"
    for single in (
        fact(
            Question.DKIM,
            State.WEAK,
            Why.KEY_SHORT,
            at,
            "rsa",
            "1024",
            subject=key,
            value="v=DKIM1; k=rsa; p=" + "MIGf" * 80,
        ),
        fact(Question.DMARC, State.GOOD, Why.DMARC_INHERITED, at, "quarantine", "trimble.com", value=EVIL),
        fact(Question.HELO, State.BAD, Why.HELO_UNRESOLVED, at, subject="mail.account.trimble.com"),
        fact(Question.MTA_STS, State.NONE, Why.NOT_PUBLISHED, at),
        fact(Question.DNSSEC, State.UNKNOWN, Why.AD_NOT_TRUSTED, at, "the answer is not marked as validated"),
        fact(Question.BOUNCES, State.UNKNOWN, Why.LOOKUP_FAILED, at, "SERVFAIL of 192.0.2.53"),
    ):
        rows += history(_hourly(single, now - 3 * HOUR, at) if single.question is not Question.HELO else [single])
    return rows + _lists(now)


def _lists(now: datetime) -> list[FactRecord]:
    readings = {
        "zen.spamhaus.org": listing("zen.spamhaus.org", ListState.LISTED, now),
        "psbl.surriel.com": listing("psbl.surriel.com", ListState.LISTED, now),
        "bl.spamcop.net": listing("bl.spamcop.net", ListState.CLEAR, now),
        "multi.uribl.com": listing("multi.uribl.com", ListState.REFUSED, now, DOMAIN),
        "all.s5h.net": listing("all.s5h.net", ListState.BROKEN, now, flaw=Flaw.TEST_MISSING),
        "bl.score.senderscore.com": listing("bl.score.senderscore.com", ListState.UNKNOWN, now),
    }
    return [
        row for zone, each in readings.items() for row in history(_hourly(each, now - 12 * DAY, now - MINUTE), zone)
    ]


def changes_until(now: datetime) -> list[Change]:
    """Return changes of the last weeks: one of what is published, one of the sender's own address."""
    return [
        Change(
            ProfileItem.SPF,
            DOMAIN,
            ("include:_old.mailservice.example",),
            ("include:_spf.mailservice.example", "<b>x</b>\u202e"),
            now - 20 * DAY,
        ),
        Change(ProfileItem.ADDRESSES, DOMAIN, ("104.130.122.49",), (ADDRESS,), now - 9 * DAY),
    ]


async def store_standing(store: Store, now: datetime) -> None:
    """Put all of it into a store. It was read a minute ago, so a service that starts on it asks nothing for a while."""
    await store.standing.begin(simulated=False)
    await store.standing.keep(facts_until(now))
    await store.standing.keep_drift(Drift(Profile(now - MINUTE, {}), {}), changes_until(now))
