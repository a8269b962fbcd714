"""Sources of evidence besides our own SMTP dialogues: `mailboxes` that are watched, the `inbound` listener for copies
and bounces, and `network`, which tests our own connection with outside hosts."""
