"""Mail systems: the products that receive a company's mail, as one closed table.

- `table`      all of them, and the queries of the rest of the code; read this first
- `system`     the form of a row: names, operator, recognition marks, remedies
- `microsoft`, `google`, `mimecast`, `proofpoint`, `gateways`, `servers`, `providers`   the rows
- `words`      words accepted in a configuration: keys, aliases, `other:NAME`; a company's chain of systems
- `family`     causes that share a remedy, and so a runbook
- `remedy`     what to do, as a value: who acts, steps, what not to do, workaround, how to verify
- `causes`, `compared`, `widespread`   the general remedies: by cause, by what a comparison showed, of many companies
- `choose`     which remedy fits a failure: the one function that notices, pages and documentation ask

The rows hold the steps in one system's own terms; the general remedies hold the rest.
"""
