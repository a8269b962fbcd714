"""The library: makes, sends, finds and interprets probes. It never imports the service in `monitor`.

What is here, from the ground up (imports go down only):

- values      `kinds`, `sender`, `outcome`, `evidence`, `details`, `verdict`, `probe`: plain frozen values, no I/O
- decisions   `token` (the signed marker), `reading` (text -> facts), `judge` (evidence -> verdict): pure
- words       `labels` (a row for each value that people read), `sentences`, `describe`, `display`; rendered last
- bytes       `message` (composes a probe mail and finds its markers again), `dkim`
- sending     `routes` (one file per route into a company's mail system), `resolver`
- receiving   `mailboxes` (one file per kind of mailbox)
- around it   `outside` (time, DNS, HTTP, threads: handed to every route, mailbox and channel), `http`

Read `evidence`, then `verdict`, then `judge`: everything else produces evidence.
"""
