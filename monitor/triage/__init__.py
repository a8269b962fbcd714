"""Triage for the help desk: from an address to the most likely place of a problem. All of it is pure: no I/O, no clock.

- `address`    the address as typed: what is wrong with it, what was probably meant. Start here
- `alike`      domains that look like another one; `public_domains`: those of mail providers for the public
- `directory`  from a domain to the companies that have it
- `facts`      what is known about a company, a domain and the sender: the input
- `decide`     the most likely place; `words`: the answer as people read it, with `place_words`: the sentences for each
               place
- `labels`     the words for all these values, one row for each

An address is somebody's personal data: it is never part of a value that is stored, logged or counted. `actions.triage`
gathers the facts.
"""
