"""A make-believe internet inside our own process, for companies that do not exist.

It is there so that `make run` shows every verdict within a minute, with no mail server, no DNS and no network: each
make-believe company gets a small mail system on a loopback port and a Maildir beside the configuration file. Nothing in
the rest of the service knows that they are not real: they are probed by the ordinary routes and mailboxes.

Like a real gateway, such a mail system judges the client address that XCLIENT or PROXY asserts and the envelope sender;
so the control identity gets through wherever the refusal is about the sender. What it does not have: TLS, DNS, real
content filters, and a queue on disk (a message that SLOW holds back is gone when the service stops).

- `settings`    the words: what a mail system can do, and the `[sandbox]` table
- `rules`       who is refused, at which stage, in which words: pure tables
- `maildir`     the mailbox: made ready, and a message put into it the way a mail server does
- `smtp`        the conversation: SMTP with XCLIENT or PROXY in front, bounded
- `mailsystem`  one company: rules + mailbox behind one conversation
- `internet`    all of them, for as long as a block lasts. Start here
"""
