"""The SMTP listener that receives bounces of probes, forwarded copies, and reports.

- `settings`  the `[inbound]` table
- `listener`  the open port: limits of clients, conversations and memory. Read this first
- `smtp`      one conversation, bounded in time and size
- `router`    accepted addresses, and the processing of a message
- `reports`   reports by receivers: read by `probes.reading.report_reader`, stored, and only then taken
- `turned_away`  periods in which we refused mail that may have been ours

It relays nothing: accepted mail is read, passed to the pipeline and dropped. A message is accepted only when its
content is stored, so that the sending server keeps it until then.
"""
