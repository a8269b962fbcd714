"""The words for roles, one row for each. Pure."""

from monitor.people.person import Rights
from probes.labels import Label

ROLES: dict[Rights, Label] = {  # sentence: what the role allows
    Rights.VIEWER: Label(
        "viewer",
        "Can look; if bound to companies, can also say what became of a remedy there.",
        "Nothing else can be changed.",
    ),
    Rights.OPERATOR: Label(
        "operator", "Can also send probes, and work on incidents, mutes and remedies.", "For on-call engineers."
    ),
    Rights.ADMIN: Label(
        "admin",
        "Can also manage people and tokens, and see the audit log and the configuration.",
        "For whoever operates Mailpath.",
    ),
}
