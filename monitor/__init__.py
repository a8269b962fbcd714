"""The service: when to probe, what to remember, whom to notify.

From the top floor down; imports go down only, and `probes`, the library, lies below all of it:

- `cli`       the commands
- `app`       the composition root: builds everything and puts it together
- `web`       the pages and the API
- `actions`   what people do: mutes, probes by hand, people and tokens
- `output`    how facts leave the service: JSON, text, symbols, metrics
- `probing`   one probe's way, from the schedule to the verdict; the present verdicts
- `oncall`    the engine, from stored verdicts to stored incidents and notices, and their delivery
- `config`    what the configuration may say, and every error in it
- `store`     what is remembered: all SQL is in there
- `sources`   where evidence comes from: mailboxes, and the listener for copies and bounces
- `channels`  the services that notices are sent to
- `people`    who may see and do what
- `notices`   what a notice says, and to whom it goes: pure
- `incidents` when a problem is an incident, how wide it is, what to do about it: pure
- `sandbox`   simulated companies for `make run`

Read `probing.pipeline`, then `oncall.engine`, then `app`.
"""
