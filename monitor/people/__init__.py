"""People and their rights: values and decisions. Storage is in `store`, HTTP in `web`.

- `person`    roles, people, API tokens, sessions, entries of the audit log: the values
- `caller`    the caller of a request and all decisions about rights
- `secrets`   random secrets and the digests under which they are stored; `passwords`: Argon2
- `action_links` signed links in notices: one action, no sign-in
- `share_links` links to the status page of a company, without sign-in
- `throttle`  limits of sign-in attempts
- `refusals`  selects the refused sign-ins that go into the audit log
- `names`     names of people and tokens; `addresses`: of clients; `labels`: the words for roles
- `settings`  [web.sign_in] and [web.manual]
"""
