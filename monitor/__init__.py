"""The service: when to probe, what to remember, whom to notify.

From the top floor down; imports go down only, and `probes`, the library, lies below all of it:

- `cli`       the commands
- `app`       the composition root: builds and connects everything
- `web`       the pages and the API
- `company_setup` sets up a company in the browser: checks, tries and writes its file
- `actions`   human actions: mutes, manual probes, people and tokens
- `doctor`    tries every part that an installation needs
- `output`    formats of facts: JSON, text, symbols, metrics
- `proving`   tests of remedies that a company has carried out
- `diagnosing` diagnoses: which property of the mail is stopped
- `probing`   one probe, from the schedule to the verdict; the current verdicts
- `oncall`    the incident engine and the delivery of notices
- `config`    the configuration schema and its errors
- `store`     the database: all SQL is in there
- `sources`   sources of evidence: mailboxes, the listener for copies and bounces, standing
- `channels`  the services that notices are sent to
- `people`    accounts, rights, passwords
- `notices`   wording and routing of notices: pure
- `triage`    the most likely place of one person's problem: pure
- `analysis`  what a pasted bounce, reply or message says: pure
- `remedying` the life of a remedy at a company: pure
- `real_mail` counts and refusals of the sender's real mail: pure
- `incidents` rules that open, scope and close incidents: pure
- `standing`  the sender's standing over time, and when it is read: pure
- `measures`  histograms, the lag of the event loop
- `sandbox`   simulated companies for `make run`
- `reference` generates parts of the documentation

Single modules: `leader` (which process leads on a store), `logs`, `clock`
(ticks, and steps of the system clock); and below everything `supervised` (tasks that last, and what is kept open),
`events` (of probes, for listeners), `repeated` (one line for a repeated message), `errors`, `certificate`,
`file_access`, `process` (its file descriptors, threads and garbage), `first_admin`.

Read `probing.pipeline`, then `oncall.engine`, then `app`.
"""
