"""The life of a remedy at a company: carried out, tested, proven, in force, lapsed, undone. Pure.

A company says "we have changed it". After the time that the mail system needs, the sender's mail is sent again, and
with it, where the route can vary the IP address, its forged twin: an entry that lets forged mail in is worse than the
block that it replaced.

- `applied`   a remedy as a company carried it out, with its states
- `proof`     the next probe of its test, or the result, from the answers so far
- `lapse`     when it lapses by itself, and its state at a time
- `findings`  those that somebody has to act on, for the incident rules
- `following` the remedy to try next
- `words`     the sentences for people, rendered last

Nothing here has a clock, or sends: `monitor.proving` does.
"""
