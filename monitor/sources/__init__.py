"""Where evidence comes from besides our own SMTP dialogues: `mailboxes` that are watched, the `inbound` listener for
copies and bounces, and `network`, which asks hosts outside whether our own line works."""
