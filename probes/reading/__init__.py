"""Readers of mail systems' texts: pure functions over tables of sourced rows that return facts.

- `replies`   a refusal's code, enhanced code and text -> its cause
- `facts`     the values that readers return
- `headers`   everything in the header of an arrived message; `authentication`: its Authentication-Results
- `received`  the Received lines of an arrived message -> hops, and the address that connected at the receiver's border
- `filters`   headers of the receiver's filter and authentication checks
- `bounces`   messages about other messages -> their fate
- `documents`  detects texts that are about mail and report nothing
- `about_a_mail`  detects messages that report on, or answer, another one
- `reports`   DMARC and TLS reports -> the part about our sender; `report_reader` reads them in a separate process;
  `report_summary`: what is kept of one
- `scans`       the answer of a content filter that was asked: rspamd, spamd
- `queue_ids`   the name that a server gave to a message that it accepted
- `who_refused`  the mail system of a company's chain that gave an answer; `seen_systems`: those that an arrival shows;
  `probe_systems`: those that a probe met
- `arrival_notes`  facts about an arrival that are no verdict; `body_digest`: is the text whole?
- `bounce_origin`  may the host that brought a bounce speak? `shared_providers`: those that send for many companies
- `header_fields`, `header_addresses`  fields of a header, and the addresses in one
- `report_files`, `report_limits`, `report_worker`  the archive, its bounds, and the process that reads a report
- `mime`      splits a message into parts, for bounces and reports
"""
