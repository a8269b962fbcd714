"""Notification channels: one file per kind, with its settings and its adapter in one class, and a table of them.

- `channel`       the protocol of a channel
- `alertmanager`  Alertmanager's API v2: repeated while an incident lasts, ended by `endsAt`; `alerts`: the posted JSON
- `webhook`       a signed JSON POST
- `services`      every service that Apprise supports, by URL
- `table`         the kinds by their `via`
"""
