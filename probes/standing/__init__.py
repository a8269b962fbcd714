"""Standing: what the world publishes about the sender, and how good that is. One file for each question.

- `survey`      asks the questions; the table of them. Start here
- `fact`        the answer to one question (state, value, reason, age) and what several readings amount to
- `asking`      DNS and HTTP for a question, and how its answer becomes a fact
- `spf`         by `spf_engine`, the home of the SPF library
- `dkim_keys`, `dmarc`, `bimi`            of the From domain; `tags`: the form of their records
- `dkim_names`  the names of DKIM keys
- `alignment`, `dmarc_reports`            whether the mail as it is passes DMARC, and who is sent reports
- `reverse`, `helo`, `helo_spf`           of the source IP
- `mail_hosts`, `mta_sts`, `tls_rpt`, `dane`  of the bounce domain: can bounces come back? `presented` reads the
  certificate of a mail host, `tlsa` compares it. `reach`: the same of a company's domain
- `dnssec`      is the domain signed?
- `lists`       the table of DNS lists; `blocklists` tests each against itself, then asks it about the sender
- `reports`     what receivers report of the sender's mail: no question to anybody, and no row of `survey`
- `profile`     drift: what is published, in comparable form, and what changed; `published` reads it
- `settings`    the table `[standing]`
- `words`       labels, and the sentence of every reason, rendered last

A DNS failure is never "missing": a fact that could not be read is unknown, and a fact is bad only after two readings.
"""
