"""`mailpath` whose buckets of mailboxes are free soon after their worker is gone, so that tests of that are short."""

import sys
from datetime import timedelta

from monitor.cli import main
from monitor.probing import ownership

TTL = 4.0  # seconds
SHORT_OWNERSHIP = (sys.executable, "-m", "tests.support.short_ownership")

if __name__ == "__main__":
    ownership.TTL = timedelta(seconds=TTL)
    main()
