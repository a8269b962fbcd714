"""What mail systems say, turned into facts: pure functions over tables of sourced rows.

- `replies`   a refusal's code, enhanced code and text -> its cause
- `received`  the Received lines of an arrived message -> hops, and the address that connected at the receiver's border
- `filters`   what the receiver's filter and authentication checks wrote into the headers
- `bounces`   mails about other mails -> what became of them
- `about_a_mail`  whether a message reports on another one, or answers it
- `reports`   DMARC and TLS reports -> what concerns our sender; `report_reader` reads them in a process of its own
- `mime`      a mail cut into parts, for bounces and reports
"""
