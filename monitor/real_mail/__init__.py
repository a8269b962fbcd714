"""The sender's real mail, by company, as the log of its own service has it. Pure: no I/O, no clock.

- `mails`     a row of the log as a mail to a company, and which refusals name the sender
- `counts`    how many, by what became of them; each row once
- `refusals`  when refusals of real mail are a problem, and when it is over
- `replies`   what servers said, without what is of one mail or one person
- `findings`  the problems, for the incident rules

`monitor.sources.real_mail` reads the log and stores all this; nothing of it has an address or a subject.
"""
