"""Standing over time: what is remembered of the facts about the sender, and when they are read again. All of it is
pure: no I/O, no clock. The questions themselves are in `probes.standing`; `monitor.sources.standing` asks and stores.

- `record`     a fact over a stretch of equal readings; when a reading is settled. Start here
- `timetable`  what is due when, by the times in the store
- `arrivals`   names in the headers of real mail that standing asks about as well
- `measured`   figures for metrics
- `spans`      states day by day; since when something has been so
- `company_mx` who receives the companies' mail, and since when
- `drift`      changes of what is published, which two readings agree on
"""
