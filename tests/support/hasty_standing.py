"""`mailpath` that reads standing every second, confirms after a few, and whose lease expires soon: so that a test of a
takeover is short. Constants are set before the modules that copy them are imported."""

import sys
from datetime import timedelta

from probes.standing import fact

CONFIRMED = 4.0  # seconds between two readings that confirm each other
HASTY = (sys.executable, "-m", "tests.support.hasty_standing")
EVERY = '[standing]\nevery = "1s"\nlists = "1s"\nmax_age = "1h"\n'

if __name__ == "__main__":
    fact.CONFIRMED_AFTER = timedelta(seconds=CONFIRMED)
    from probes.standing import settings

    settings.LEAST_PAUSE = timedelta(seconds=1)
    from monitor import leader
    from monitor.cli import main
    from tests.support.short_lease import TTL

    leader.EXPIRES, leader.RENEW, leader.LOOK, leader.SETTLED = TTL, 0.3, 0.2, 1.0
    main()
