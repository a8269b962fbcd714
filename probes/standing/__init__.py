"""Standing: what the world publishes about the sender, and how good that is. One file for each question.

- `fact`      the answer to one question: state, value, reason, age. Read this first
- `words`     the sentence of every reason, rendered last
- `lists`     the table of DNS lists; `blocklists` tests each against itself, then asks it about the sender
- `profile`   drift: what is published, in comparable form, and what changed

A DNS failure is never "missing": a fact that could not be read is unknown, and a fact is bad only after two readings.
"""
