"""The library: makes, sends, finds and interprets probes. It never imports the service in `monitor`.

What is here, from the ground up (imports go down only):

- values      `kinds`, `sender`, `outcome`, `check`, `evidence`, `traced`, `answer`, `details`,
              `verdict`, `attribution`, `probe`, `uplink`: plain frozen values, no I/O
- decisions   `token` (the signed marker), `reading` (text -> facts), `judge` (evidence -> verdict)
              by `case`, `attempts`, `grading`, `scan_verdict`, `trace_verdict`, `tracing` and `possession`;
              `recognise` (message -> evidence): pure
- words       `labels` (a row for each value that people read), `sentences`, `trace_words`, `describe`, `display`;
              rendered last
- tables      `mailsystems` (marks and remedies of each), `route_traits`
- diagnosis   `diagnosis` (which property of the mail is stopped: factors, plan, conclusion): pure
- bytes       `message` (composes a probe mail and finds its markers again), `mail_text`, `dkim`
- sending     `routes` (one file per route into a company's mail system), `resolver`, `tls`,
              `reference` (is our own line up?)
- receiving   `mailboxes` (one file per kind of mailbox); `origin` (who brings a bounce)
- traces      `traces` (one file per kind of trace): who else can say what became of a message
- accounts    `accounts`: credentials at providers, and the requests that mailboxes and traces make with them
- standing    `standing`: what DNS and HTTP publish about the sender, one file per question
- around it   `outside` (time, DNS, HTTP, threads, accounts: handed to every route, mailbox and channel), `http`,
              `settings`, `ip_addresses`, `rate_limits`

Read `evidence`, then `verdict`, then `judge`: everything else produces evidence.
"""
