"""Human actions, one home each: `people` and their tokens, `mutes`, manual `probes`, `incident_work` (acknowledge,
own, comment, link a ticket), `diagnosis`, `incident_links` (acknowledge and mute by a link from a notice),
`remedies` (carried out, tested, prolonged, undone), `shares` (links to a company's status page), `channel_tests`,
`triage` for the help desk, with `lookups` (DNS, and by `sender_log` the sender's mail service).

Each module checks rights, limits and names, and writes the audit log. The command line, the pages and the API only
translate input; `ports` says what they supply. `rate_limit` counts manual probes, `names` finds what was named, `audit`
writes the log.
"""
