"""Mail systems: the products that receive a company's mail, as one closed table.

- `table`      all of them, and the queries of the rest of the code; read this first
- `system`     the form of a row: names, operator, recognition marks, remedies
- `microsoft`, `google`, `mimecast`, `proofpoint`, `gateways`, `servers`, `providers`   the rows
- `words`      words accepted in a configuration: keys, aliases, `other:NAME`; a company's chain of systems
- `family`     causes that share a remedy, and so a runbook
"""
