"""The SMTP listener: bounces of probes, copies of what arrived, and reports come back through it.

- `settings`  what `[inbound]` may say
- `listener`  the open port: who may talk to us, how much, for how long. Read this first
- `smtp`      one conversation, bounded in time and size
- `router`    which addresses we take mail for, and what becomes of a mail; reports go to `probes.reading.report_reader`
- `turned_away`  when we refused mail that may have been ours
- `rate_limit` how many mails a client may send in a minute

It relays nothing: mail that is taken is read, told to the pipeline and forgotten. A mail is accepted only when what it
tells is stored, so that the server that sent it keeps it until then.
"""
