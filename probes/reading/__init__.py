"""Readers of mail systems' texts: pure functions over tables of sourced rows that return facts.

- `replies`   a refusal's code, enhanced code and text -> its cause
- `received`  the Received lines of an arrived message -> hops, and the address that connected at the receiver's border
- `filters`   headers of the receiver's filter and authentication checks
- `bounces`   messages about other messages -> their fate
- `about_a_mail`  detects messages that report on, or answer, another one
- `reports`   DMARC and TLS reports -> the part about our sender; `report_reader` reads them in a separate process
- `mime`      splits a message into parts, for bounces and reports
"""
