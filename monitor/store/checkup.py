"""A look at a store as it is: nothing is made, changed or migrated."""

from dataclasses import dataclass

from monitor.remedying.applied import AppliedRemedy
from monitor.store import lease, remedies
from monitor.store.database import connect, dialect_of, explained
from monitor.store.dialect import file_of
from monitor.store.lease import Lease
from monitor.store.records import StoreError
from monitor.store.schema import is_current


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
    engine = connect(url)
    try:
        with engine.connect() as connection:
            return remedies.records(connection, remedies.EVERY) if is_current(connection) else None
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
