"""How fast, how much memory, how late: measured on the real service, beside a yardstick in the same run (`make bench`).

- `round_trip`   one probe's whole way over SMTP and a Maildir, beside the SMTP part alone
- `many_paths`   5,000 paths on schedule: memory, lag, scrapes
- `detection`    from the server's 250 to our verdict, over IMAP IDLE on a real Dovecot
- `peers`        one probe after the other, beside swaks, check_email_delivery and blackbox_exporter
- `cloud_mailboxes`   a thousand mailboxes of fifty tenants by Microsoft Graph
- `start_up`     `mailpath --help`, imports, and `serve` until it is ready
- `monitoring`   Prometheus, Alertmanager and the boards with a thousand companies

`sink` is the receiving server, a process of its own, so that its work is not counted as ours; `floor` does the SMTP
part and no more; `loopback_service` puts the parts of the service together; `load` keeps them busy; `figures` is what
comes out; `history` keeps it and says what has changed since.

Read `round_trip` first. Only ratios of figures from one run tell something: machines differ, and a shared one differs
by the hour.
"""
