"""Simulated mail systems inside the process, for companies that do not exist.

With them `make run` shows every verdict within a minute, without a mail server, DNS or network: each simulated company
gets a small mail system on a loopback port and a Maildir next to the configuration file. The rest of the service does
not know that they are simulated: they are probed over the ordinary routes and mailboxes.

Like a real gateway, a simulated mail system judges the client address asserted by XCLIENT or PROXY and the envelope
sender, so the control gets through wherever the refusal is about the sender. It has no TLS, asks no DNS, has no real
content filters, and no queue on disk (a message that SLOW holds back is lost when the service stops).

- `settings`    behaviours of a mail system, and the `[sandbox]` table
- `rules`       which client is refused, at which stage, with which reply: pure tables
- `maildir`     the mailbox: prepares it and delivers messages as a mail server does
- `smtp`        the SMTP conversation, with XCLIENT or PROXY, bounded
- `mailsystem`  one company: rules and mailbox behind a conversation
- `internet`    runs all of them while a block lasts. Start here
- `zones`       what the simulated DNS says of the sender and the companies; `nameserver` answers from it
"""
