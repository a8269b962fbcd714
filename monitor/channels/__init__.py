"""Ways to people: one file for each kind of channel, its settings and its adapter in one class; a table names them.

- `channel`       what a channel is
- `exchange`      one HTTP exchange, as all but Apprise make it
- `alertmanager`  Alertmanager's API v2: repeated while it lasts, ended by `endsAt`; `alerts`: what is posted to it
- `webhook`       a signed JSON POST
- `services`      every service that Apprise knows, by URL
- `table`         the kinds, by their `via`
"""
