"""Sources of evidence besides our own SMTP dialogues: `mailboxes` that are watched (`searches`: when all
folders are searched), the `inbound` listener for copies and bounces, `standing`, which asks what the world
publishes about the sender, `company_mx`, which asks who receives the companies' mail, `traces`, which puts
questions about several probes in one request, and `real_mail`, which reads
what became of the sender's real mail."""
