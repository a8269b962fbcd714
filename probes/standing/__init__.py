"""Standing: what the world publishes about the sender, and how good that is. One file for each question.

- `fact`      the answer to one question: state, value, reason, age. Read this first
- `words`     the sentence of every reason, rendered last

A DNS failure is never "missing": a fact that could not be read is unknown, and a fact is bad only after two readings.
"""
