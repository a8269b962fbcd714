"""`mailpath` whose lease expires soon, so that tests of suspended leaders are short."""

import sys

from monitor import leader
from monitor.cli import main

TTL = 4.0  # seconds; not less, as a busy machine may keep a leader from renewing for a moment
SHORT_LEASE = (sys.executable, "-m", "tests.support.short_lease")

if __name__ == "__main__":
    leader.EXPIRES, leader.RENEW, leader.LOOK, leader.SETTLED = TTL, 0.3, 0.2, 1.0
    main()
