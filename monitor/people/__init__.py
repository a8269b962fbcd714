"""Who may see and do what. Values and decisions; what is stored of them is `store`'s affair, HTTP is `web`'s.

- `person`    roles, people, API tokens, sessions, the audit log's entries: the values
- `caller`    whoever asks for something, and what they may: all rights are in here
- `secrets`   passwords hashed by Argon2, random secrets and the hashes under which they are stored
- `throttle`  how often somebody may try
- `refusals`  which refused sign-ins the audit log tells
- `settings`  what the configuration may say: [web.sign_in], [web.manual]
"""
