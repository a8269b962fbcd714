"""What is remembered: probes, their evidence and verdicts, in one SQL database. All SQL of the service is in here.

- `store`      what the rest of the service sees: `Store`
- `records`    what it gives back
- `writer`     one thread commits what many callers want written at the same moment
- `writes`     which statements that is, and their order
- `reads`      every question that is asked
- `tables`     and `columns`: the schema, the same for every database; `database`: what is not the same
- `schema`     and `migrations`: how the tables of an older version become ours

Read `tables`, then `store`. Nothing here knows what mail is: evidence is stored as `probes.evidence.encode` gives it.
"""

from monitor.store.records import Listed, NoSuchProbeError, Present, Record, StoreError
from monitor.store.store import Store

__all__ = ["Listed", "NoSuchProbeError", "Present", "Record", "Store", "StoreError"]
