"""Remedies for Microsoft Graph's errors about mail: rows, each with its source."""

MAIL_REMEDIES: tuple[tuple[str, str], ...] = (  # words of an error in lower case, the remedy; first hit wins
    # learn.microsoft.com/graph/auth-limit-mailbox-access, "Handling API errors"; learn.microsoft.com/exchange/
    # permissions-exo/application-rbac: changes take 30 minutes to 2 hours
    (
        "erroraccessdenied",
        "let an administrator of Exchange give the app this mailbox: New-ManagementRoleAssignment -App CLIENT -Role"
        ' "Application Mail.ReadWrite" (with remove = false: "Application Mail.Read") -CustomResourceScope SCOPE, and'
        " prove it with Test-ServicePrincipalAuthorization -Resource USER; within the first two hours it is merely not"
        " in effect yet",
    ),
    # learn.microsoft.com/graph/errors; "The requested user 'x' is invalid."
    ("errorinvaliduser", "check `user`: there is no such user in this tenant"),
    ("resourcenotfound", "check `user`: there is no such user in this tenant"),
    # microsoft-graph-docs: "The mailbox is either inactive, soft-deleted, or is hosted on-premise."
    (
        "mailboxnotenabledforrestapi",
        "use a mailbox in Exchange Online with a licence; this one is inactive, deleted or on a server of the company",
    ),
    # learn.microsoft.com/graph/outlook-immutable-id, and mailFolder: an id that is none
    ("errorinvalididmalformed", "check `inbox` and `junk`: a well-known name of Graph, or a folder's id"),
    ("erroritemnotfound", "check `inbox` and `junk`: there is no such folder in this mailbox"),
    # learn.microsoft.com/graph/resolve-auth-errors: the token is not for this service, or of another cloud or tenant
    (
        "http 401",
        "check `tenant` and `cloud` of the account; a right that the app was given within the last two hours may not"
        " be in effect yet",
    ),
    # learn.microsoft.com/graph/throttling-limits, Outlook service limits
    ("mailboxconcurrency", "nothing; it is asked again, more slowly"),
)
