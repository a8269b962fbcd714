"""A look at a store as it is: nothing is made, changed or migrated."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection

from monitor.remedying.applied import AppliedRemedy
from monitor.store import lease, list_reads, real_hours, remedies
from monitor.store.database import connect, dialect_of, explained
from monitor.store.dialect import file_of
from monitor.store.lease import Lease
from monitor.store.real_hours import RealCount
from monitor.store.records import ProbeRow, StoreError
from monitor.store.schema import is_current

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class StoreCheckup:
    """The state of a store. `size` counts octets; `damage` is "" for none and None if time ended first; `current`: its
    tables are those of this release; `lease`: None if nobody ever led."""

    size: int
    damage: str | None
    current: bool
    lease: Lease | None


def remedies_in(url: str) -> list[AppliedRemedy] | None:
    """Return the remedies in the store at this address, which exists; None if its tables are of an older release.
    Blocking. Raises StoreError."""
    return _asked(url, lambda connection: remedies.records(connection, remedies.EVERY))


def real_mail_in(
    url: str, companies: Iterable[str], since: datetime
) -> dict[str, tuple[list[RealCount], list[ProbeRow]]] | None:
    """Return the real mail to these companies and the sender's probes since a full hour, as `remedies_in` does."""
    return _asked(
        url,
        lambda connection: {
            company: (
                real_hours.real_mail(connection, company, since),
                list_reads.history_of_company(connection, company, since),
            )
            for company in companies
        },
    )


def _asked(url: str, ask: Callable[[Connection], T]) -> T | None:
    engine = connect(url)
    try:
        with engine.connect() as connection:
            return ask(connection) if is_current(connection) else None
    except StoreError:
        raise
    except Exception as error:
        raise explained(engine, error) from error
    finally:
        engine.dispose()


def is_up_to_date(url: str) -> bool:
    """Test if there is a store at this address, and of this release: opening it changes nothing. Blocking."""
    file = file_of(url)
    if file is not None and not file.exists():
        return False
    engine = connect(url)
    try:
        with engine.connect() as connection:
            return is_current(connection)
    except Exception:  # whatever is wrong with it: an examination of its own says so
        return False
    finally:
        engine.dispose()


def check_up(url: str, seconds: float) -> StoreCheckup:
    """Look at the store at this address, which exists; `seconds` for its integrity. Blocking. Raises StoreError."""
    engine = connect(url)
    try:
        with engine.connect() as connection:
            dialect, driver = dialect_of(engine), connection.connection.driver_connection
            damage, size = dialect.damage(driver, seconds), dialect.size(driver)
            current = is_current(connection)
            led = lease.read(connection) if current else None
        return StoreCheckup(size, damage, current, led)
    except StoreError:
        raise
    except Exception as error:
        raise explained(engine, error) from error
    finally:
        engine.dispose()
