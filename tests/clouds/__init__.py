"""Vendors' clouds for tests: fakes on loopback, each held to its vendor's own schema, and the check that holds them.

- `schema`      the check: does an exchange, request and answer, keep to the schema? Read this first
- `documents`   reads a vendor's OpenAPI or discovery document into the operations of the check
- `narrowings`  what the documents get wrong or leave out: a table, each row with its source
- `watch`       middleware that checks every exchange of a fake
- `fake_*`      one fake each

The documents lie beside the repository and are never copied into it. Without them the fakes run unchecked.
"""
