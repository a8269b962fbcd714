"""Mail systems: the products that receive a company's mail, as one closed table.

- `table`      all of them, and what the rest of the code asks; read this first
- `system`     the form of a row: names, who runs it, recognition marks, remedies
- `microsoft`, `google`, `mimecast`, `proofpoint`, `gateways`, `servers`, `providers`   the rows
- `words`      what a configuration may write: keys, aliases, `other:NAME`; a company's chain of systems
- `family`     causes that have one remedy, and so one runbook
"""
