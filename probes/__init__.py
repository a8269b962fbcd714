"""The library: how a probe is made, sent, found and understood. It knows nothing of the service in `monitor`.

What is here, from the ground up (imports go down only):

- words       `kinds`, `sender`, `evidence`, `verdict`, `probe`: plain frozen values, no I/O
- decisions   `token` (the signed marker), `reading` (text -> facts), `judge` (evidence -> verdict): pure
- bytes       `message` (what a probe mail is made of, and how its markers are found again), `dkim`
- ways out    `routes` (one file per way into a company's mail system), `resolver`
- ways in     `mailboxes` (one file per way to look for the probe)

Read `evidence`, then `verdict`, then `judge`: the rest is how evidence is come by.
"""
