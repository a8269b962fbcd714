"""SQLite: all that is special about it, from the address of a store to the meaning of its errors."""

import os
import re
import sqlite3
from pathlib import Path
from time import monotonic, sleep

from sqlalchemy import URL
from sqlalchemy.dialects import sqlite

from monitor.file_access import exposure
from monitor.store.dialect import Dialect, place
from monitor.store.records import StoreError

LOCK_SECONDS = 10.0  # that one process waits for another that writes
CHECK_RIGHTS = "check the owner and the rights of the file and its folder"
STEPS = 10_000  # of SQLite's machine between two looks at the time: some milliseconds
COMPANIONS = ("", "-wal", "-shm", "-journal")  # what SQLite calls the files of one database

SETTINGS = (  # said on each new connection
    "PRAGMA journal_mode = WAL",  # readers and the writer do not wait for each other
    "PRAGMA synchronous = NORMAL",  # in WAL: whole after a power cut, which may cost the last moments
    "PRAGMA foreign_keys = ON",
)

MEANINGS = (  # how SQLite's name of an error of the whole store begins, https://sqlite.org/rescode.html; what it means
    ("SQLITE_BUSY", "another process keeps it locked; end that process, or try again"),
    ("SQLITE_LOCKED", "another process keeps it locked; end that process, or try again"),
    ("SQLITE_FULL", "the disk is full; make room on it, or set store.keep to less"),
    ("SQLITE_READONLY", f"it may not be written; {CHECK_RIGHTS}"),
    ("SQLITE_CANTOPEN", f"it cannot be opened; {CHECK_RIGHTS}"),
    ("SQLITE_PERM", f"it cannot be opened; {CHECK_RIGHTS}"),
    ("SQLITE_NOTADB", "it is not an SQLite database; move that file away, or change store.url"),
    ("SQLITE_CORRUPT", "it is damaged; put a backup in its place, or move it away to begin anew"),
    ("SQLITE_IOERR", "the disk does not read or write; check it and the room on it"),
)

GUARDS = {  # by revision of the tables: what the database itself refuses. Released ones are never changed
    "0001": (
        """CREATE TRIGGER evidence_stays BEFORE UPDATE ON evidence
           BEGIN SELECT RAISE(ABORT, 'evidence is never changed'); END""",
        """CREATE TRIGGER verdicts_stay BEFORE UPDATE ON verdicts
           BEGIN SELECT RAISE(ABORT, 'a verdict is never changed; a later one amends it'); END""",
        """CREATE TRIGGER evidence_leaves_with_its_probe BEFORE DELETE ON evidence
           WHEN EXISTS (SELECT 1 FROM probes WHERE id = OLD.probe_id)
           BEGIN SELECT RAISE(ABORT, 'evidence is deleted only with its probe'); END""",
        """CREATE TRIGGER verdicts_leave_with_their_probe BEFORE DELETE ON verdicts
           WHEN EXISTS (SELECT 1 FROM probes WHERE id = OLD.probe_id)
           BEGIN SELECT RAISE(ABORT, 'a verdict is deleted only with its probe'); END""",
        """CREATE TRIGGER probes_leave_when_closed BEFORE DELETE ON probes WHEN OLD.closed_at IS NULL
           BEGIN SELECT RAISE(ABORT, 'a probe in flight is never deleted'); END""",
    ),
    "0002": (
        # those of revision 0001 on verdicts, which went with the table that is made anew
        """CREATE TRIGGER verdicts_stay BEFORE UPDATE ON verdicts
           BEGIN SELECT RAISE(ABORT, 'a verdict is never changed; a later one amends it'); END""",
        """CREATE TRIGGER verdicts_leave_with_their_probe BEFORE DELETE ON verdicts
           WHEN EXISTS (SELECT 1 FROM probes WHERE id = OLD.probe_id)
           BEGIN SELECT RAISE(ABORT, 'a verdict is deleted only with its probe'); END""",
        """CREATE TRIGGER history_stays BEFORE UPDATE ON history
           BEGIN SELECT RAISE(ABORT, 'history is never changed'); END""",
        """CREATE TRIGGER history_leaves_with_its_incident BEFORE DELETE ON history
           WHEN EXISTS (SELECT 1 FROM incidents WHERE id = OLD.incident)
           BEGIN SELECT RAISE(ABORT, 'history is deleted only with its incident'); END""",
        """CREATE TRIGGER notices_stay BEFORE UPDATE
           OF id, incident, channel, number, news, at, title, text, labels, facts, replaces ON notices
           BEGIN SELECT RAISE(ABORT, 'what a notice says is never changed'); END""",
        """CREATE TRIGGER notices_stay_delivered BEFORE UPDATE OF delivered_at ON notices
           WHEN OLD.delivered_at IS NOT NULL
           BEGIN SELECT RAISE(ABORT, 'what is delivered stays delivered'); END""",
        """CREATE TRIGGER notices_leave_with_their_incident BEFORE DELETE ON notices
           WHEN EXISTS (SELECT 1 FROM incidents WHERE id = OLD.incident)
           BEGIN SELECT RAISE(ABORT, 'a notice is deleted only with its incident'); END""",
        """CREATE TRIGGER incidents_leave_when_told BEFORE DELETE ON incidents
           WHEN OLD.closed_at IS NULL
             OR EXISTS (SELECT 1 FROM notices WHERE incident = OLD.id AND delivered_at IS NULL)
           BEGIN SELECT RAISE(ABORT, 'an incident is never deleted while it is open or a notice of it waits'); END""",
        """CREATE TRIGGER mutes_stay BEFORE UPDATE
           OF id, company, path, mail_system, cause, begins_at, ends_at, weekly, "by", why, created_at ON mutes
           BEGIN SELECT RAISE(ABORT, 'a mute is never changed; end it and make another one'); END""",
        """CREATE TRIGGER mutes_end_once BEFORE UPDATE OF ended_at, ended_by ON mutes WHEN OLD.ended_at IS NOT NULL
           BEGIN SELECT RAISE(ABORT, 'a mute ends once'); END""",
        """CREATE TRIGGER mutes_are_kept BEFORE DELETE ON mutes
           BEGIN SELECT RAISE(ABORT, 'a mute is never deleted, only ended'); END""",
    ),
    "0003": (
        """CREATE TRIGGER deeds_stay BEFORE UPDATE ON deeds
           BEGIN SELECT RAISE(ABORT, 'the audit log is never changed'); END""",
        """CREATE TRIGGER deeds_are_kept BEFORE DELETE ON deeds
           BEGIN SELECT RAISE(ABORT, 'nothing of the audit log is ever deleted'); END""",
    ),
    "0006": (
        "DROP TRIGGER deeds_are_kept",
        """CREATE TRIGGER deeds_are_kept BEFORE DELETE ON deeds
           WHEN NOT (OLD.what = 'sign-in refused' AND OLD.way = 'session')
           BEGIN SELECT RAISE(ABORT, 'nothing that people did is ever deleted from the audit log'); END""",
    ),
    "0008": (
        "DROP TRIGGER deeds_stay",
        "DROP TRIGGER deeds_are_kept",
        """CREATE TRIGGER audit_log_stays BEFORE UPDATE ON audit_log
           BEGIN SELECT RAISE(ABORT, 'the audit log is never changed'); END""",
        """CREATE TRIGGER audit_log_is_kept BEFORE DELETE ON audit_log
           WHEN NOT (OLD.what = 'sign-in refused' AND OLD.way = 'session')
           BEGIN SELECT RAISE(ABORT, 'nothing that people did is ever deleted from the audit log'); END""",
        """CREATE TRIGGER signals_stay BEFORE UPDATE ON signals
           BEGIN SELECT RAISE(ABORT, 'a signal is never changed'); END""",
        """CREATE TRIGGER signals_leave_with_their_verdict BEFORE DELETE ON signals
           WHEN EXISTS (SELECT 1 FROM verdicts WHERE id = OLD.verdict)
           BEGIN SELECT RAISE(ABORT, 'a signal is deleted only with its verdict'); END""",
        # the numbers go on where those of verdicts stood, by which all followed until then
        """INSERT INTO sqlite_sequence (name, seq)
           SELECT 'signals', 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'signals')""",
        """UPDATE sqlite_sequence SET seq = max(seq, coalesce(
               (SELECT seq FROM sqlite_sequence WHERE name = 'verdicts'), 0)) WHERE name = 'signals'""",
    ),
    "0011": (
        "DROP TRIGGER notices_stay",
        """CREATE TRIGGER notices_stay BEFORE UPDATE OF id, incident, channel, number, at, basis ON notices
           BEGIN SELECT RAISE(ABORT, 'what a notice is about is never changed'); END""",
        """CREATE TRIGGER notices_say_what_was_delivered BEFORE UPDATE
           OF news, title, text, labels, facts, replaces, handle, sent_as ON notices WHEN OLD.delivered_at IS NOT NULL
           BEGIN SELECT RAISE(ABORT, 'what a delivered notice says is never changed'); END""",
    ),
    "0012": (
        """CREATE TRIGGER incident_actions_stay BEFORE UPDATE ON incident_actions
           BEGIN SELECT RAISE(ABORT, 'what somebody did about an incident is never changed'); END""",
        """CREATE TRIGGER incident_actions_leave_with_their_incident BEFORE DELETE ON incident_actions
           WHEN EXISTS (SELECT 1 FROM incidents WHERE id = OLD.incident)
           BEGIN SELECT RAISE(ABORT, 'what somebody did about an incident is deleted only with it'); END""",
        """CREATE TRIGGER used_links_stay BEFORE UPDATE ON used_links
           BEGIN SELECT RAISE(ABORT, 'a link is used once'); END""",
        """CREATE TRIGGER used_links_leave_with_their_incident BEFORE DELETE ON used_links
           WHEN EXISTS (SELECT 1 FROM incidents WHERE id = OLD.incident)
           BEGIN SELECT RAISE(ABORT, 'the use of a link is deleted only with its incident'); END""",
    ),
    "0015": (
        "DROP TRIGGER evidence_leaves_with_its_probe",
        # the first attempt stays: its number is the order of launch
        """CREATE TRIGGER evidence_leaves_when_its_probe_says_so BEFORE DELETE ON evidence
           WHEN EXISTS (SELECT 1 FROM probes WHERE id = OLD.probe_id
                        AND (evidence_deleted_at IS NULL OR OLD.once = 'attempt:1'))
           BEGIN SELECT RAISE(ABORT, 'evidence is deleted only with its probe, or once that says so'); END""",
        """CREATE TRIGGER probes_lose_evidence_when_closed BEFORE UPDATE OF evidence_deleted_at ON probes
           WHEN OLD.closed_at IS NULL OR OLD.evidence_deleted_at IS NOT NULL
           BEGIN SELECT RAISE(ABORT, 'evidence of a probe is deleted once, when it is closed'); END""",
        """CREATE TRIGGER evidence_dictionaries_stay BEFORE UPDATE ON evidence_dictionaries
           BEGIN SELECT RAISE(ABORT, 'a dictionary is never changed: evidence is packed with it'); END""",
        """CREATE TRIGGER evidence_dictionaries_are_kept BEFORE DELETE ON evidence_dictionaries
           BEGIN SELECT RAISE(ABORT, 'a dictionary is never deleted: evidence is packed with it'); END""",
    ),
    "0023": (),  # writers take turns
}


def address(url: str, folder: Path) -> str:
    """The address of a store as it is configured, a relative file below `folder`. Raises ValueError."""
    name = url.removeprefix("sqlite:///")
    if name in (url, "", ":memory:") or re.search(r"[?#\x00-\x1f]", name):
        raise ValueError('must be a file like "sqlite:///mailpath.db"')
    return f"sqlite:///{folder / name}"


def _touch_file(url: URL) -> None:
    """Make the file, readable by its owner only: it holds the key of the tokens and people's addresses."""
    if not url.database or url.database == ":memory:":
        raise StoreError(f"{url}: a store in memory forgets everything; name a file: sqlite:///mailpath.db")
    if url.query:
        raise StoreError(f"{place(url)}: takes no options; leave away what follows the question mark")
    try:
        os.close(os.open(url.database, os.O_RDWR | os.O_CREAT, 0o600))
    except (OSError, ValueError) as error:
        remedy = "make its folder" if isinstance(error, FileNotFoundError) else CHECK_RIGHTS
        raise StoreError(f"{place(url)}: cannot be opened: {error}; {remedy}, or change store.url") from None
    _refuse_exposed(url, url.database)


def _refuse_exposed(url: URL, database: str) -> None:
    """Whoever reads it can forge tokens; whoever changes it can sign in. A restored backup often has other rights."""
    for companion in COMPANIONS:
        if reason := exposure(file := Path(database + companion).absolute()):
            raise StoreError(f"{place(url)}: {f'{file.name}: ' if companion else ''}{reason}")


def _settle_in(connection: sqlite3.Connection) -> None:
    for setting in SETTINGS:
        _insist(connection, setting)


def _insist(connection: sqlite3.Connection, setting: str) -> None:
    """SQLite itself does not wait where two processes turn a new file to WAL in the same moment."""
    deadline = monotonic() + LOCK_SECONDS
    while True:
        try:
            connection.execute(setting).close()
        except sqlite3.OperationalError as error:
            if not error.sqlite_errorname.startswith("SQLITE_BUSY") or monotonic() > deadline:
                raise
            sleep(0.01)
        else:
            return


def _which_file(url: URL) -> tuple[int, int] | None:
    """Which file has that name now. An open one that was moved or deleted is written to as before, for nobody."""
    try:
        status = os.stat(url.database or "")
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _counts_added(before: str, more: str) -> str:
    number = f"coalesce(json_extract({before}, fullkey), 0) + value"
    added = f"SELECT json_set(coalesce({before}, '{{}}'), fullkey, {number}) FROM json_each({more})"  # noqa: S608
    return f"coalesce(({added}), {before})"


def _meaning(error: BaseException | None) -> str | None:
    return next((meaning for start, meaning in MEANINGS if _name(error).startswith(start)), None)


def _refers_to_nothing(error: BaseException | None) -> bool:
    return _name(error) == "SQLITE_CONSTRAINT_FOREIGNKEY"


def _name(error: BaseException | None) -> str:
    return getattr(error, "sqlite_errorname", "")


def _damage(connection: sqlite3.Connection, seconds: float) -> str | None:
    deadline = monotonic() + seconds
    connection.set_progress_handler(lambda: int(monotonic() > deadline), STEPS)
    try:
        said = [str(row[0]) for row in connection.execute("PRAGMA quick_check(3)")]
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorname == "SQLITE_INTERRUPT":
            return None
        said = [str(error)]
    finally:
        connection.set_progress_handler(None, 0)
    return "" if said == ["ok"] else "; ".join(" ".join(each.split()) for each in said)[:300]


def _size(connection: sqlite3.Connection) -> int:
    pages: int = connection.execute("PRAGMA page_count").fetchone()[0]
    octets: int = connection.execute("PRAGMA page_size").fetchone()[0]
    return pages * octets


SQLITE = Dialect(
    driver="sqlite+pysqlite",
    engine={},
    insert=sqlite.insert,
    connect_args={"timeout": LOCK_SECONDS, "isolation_level": None},
    settle_in=_settle_in,
    begin_to_read="BEGIN",
    begin_to_write="BEGIN IMMEDIATE",  # writers take turns, so that numbers are seen in their order
    begin_alone="BEGIN IMMEDIATE",
    now="CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)",  # the Julian day of 1970; to a millisecond
    lock_paths="",
    signal_number="",
    settled="",
    numbering=lambda _connection: "",
    gave_way=lambda _error: False,
    touch=_touch_file,
    identity=_which_file,
    meaning=_meaning,
    refers_to_nothing=_refers_to_nothing,
    guards=GUARDS,
    born_at="",
    counts_added=_counts_added,
    damage=_damage,
    size=_size,
)
