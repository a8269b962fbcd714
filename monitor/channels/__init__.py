"""Ways to people: one file for each kind of channel, its settings and its adapter in one class; a table names them.

- `channel`       what a channel is
- `alertmanager`  Alertmanager's API v2: repeated while it lasts, ended by `endsAt`
- `webhook`       a signed JSON POST
- `services`      every service that Apprise knows, by URL
- `table`         the kinds, by their `via`
"""
