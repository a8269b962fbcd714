"""Probing: from the schedule to the verdict.

- `schedule`     which check is due; `caps`: how much may be sent
- `pipeline`     launches a probe and attends to it until nothing more is expected
- `learning`     the one door by which evidence enters: stored, then known, then published
- `arrivals`     which messages of a mailbox are probes
- `flights`      a probe in flight; `flight_book`: all of them, and `alarms`: when each wants attention
- `presence`     whether we were there to see what happened; `network`: whether our own way out works
- `current`      the current verdicts and what was counted

Read `pipeline` first: a probe's whole way goes through it.
"""
