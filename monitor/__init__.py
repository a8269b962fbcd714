"""The service: when to probe, what to remember, whom to show it.

From the top floor down; imports go down only, and `probes`, the library, lies below all of it:

- `cli`       the commands
- `app`       the composition root: builds everything and puts it together
- `web`, `metrics`   what is shown by HTTP
- `pipeline`  one probe's way, from launch to verdict; `watcher`, one for each mailbox
- `casebook`  from stored verdicts to stored incidents and notices; `delivery` takes the notices to people
- `schedule`  when to probe; `clock` only says that time has passed
- `board`     the present state of every path
- `config`    what the configuration may say, and every error in it
- `store`     what is remembered: all SQL is in there
- `people`    who may see and do what; `access` makes and ends people and tokens
- `channels`  the ways to people
- `incidents` when a problem is an incident, how wide it is, whom to tell what: pure
- `sandbox`   make-believe companies for `make run`
- `events`, `signs`, `logs`, `trouble`   small words that several of these share

Read `pipeline`, then `casebook`, then `app`.
"""
