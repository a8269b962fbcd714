"""Sources of evidence besides our own SMTP dialogues: `mailboxes` that are watched (`searches`: when all
folders are searched), and the `inbound` listener for copies and bounces."""
