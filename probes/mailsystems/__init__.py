"""Mail systems: the products that receive a company's mail, as one closed table, with the remedies in each.

- `table`      all of them, and the queries of the rest of the code; read this first
- `system`     the form of a row: names, operator, recognition marks, remedies
- `remedy`     the form of a remedy: exact steps, what still guards, undo, proof, sources; `parts` are shared by tables
- `microsoft` (`microsoft_remedies`), `exchange`, `google`, `mimecast`, `proofpoint`, `gateways`, `cloud_filters`,
  `firewalls`, `postfix`, `servers`, `content_filters`, `suites`, `providers`   the rows
- `general`    remedies for systems without one of their own; why nothing helps against some causes
- `choose`     the remedies for a failure: the one function that commands, pages and texts to send ask:
      choose(chain, stage=None, cause=None, factor=None, grade=None, enhanced=None) -> Choice
      Choice.remedies: tuple[Remedy, ...], the safest first; `general` if none is in a system's own terms
      Choice.not_possible: tuple[NotPossible, ...], each with `why` and `who_can`
- `shown`      the parts of a remedy with their labels, for people: parts_of(remedy, RemedyNames(domain, ip, address,
  system)); `short_steps` of `remedy` is for a notice
- `signs`      how a system is recognised, and what that says of a configured chain
- `words`      words accepted in a configuration: keys, aliases, `other:NAME`; a company's chain of systems
- `family`     causes that share a fix, and so a runbook
- `advice`     what to do about a failure: who acts, steps, what not to do, workaround, how to verify
- `causes`, `compared`, `widespread`   the general advice: by cause, by what a comparison showed, of many companies
- `advise`     which advice fits a failure: notices, pages and the documentation ask it; in a system's own terms it
  gives the steps of the safest remedy
"""
