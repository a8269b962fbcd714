"""Microsoft's error codes, and what each means here.

Codes and remedies: Microsoft Entra authentication and authorization error codes,
 learn.microsoft.com/entra/identity-platform/reference-error-codes; Exchange's steps: learn.microsoft.com,
"Authenticate an IMAP, POP or SMTP connection using OAuth".
"""

from probes.accounts.faults import AccountFault, Remedies

CODES: dict[int, AccountFault] = {  # AADSTS...
    7000215: AccountFault.WRONG_SECRET,  # Invalid client secret is provided
    7000222: AccountFault.EXPIRED_SECRET,  # The provided client secret keys are expired
    7000218: AccountFault.WRONG_SECRET,  # The request body must contain client_assertion or client_secret
    700027: AccountFault.WRONG_CERTIFICATE,  # Client assertion failed signature validation
    700021: AccountFault.WRONG_CERTIFICATE,  # Client assertion application identifier doesn't match client_id
    700024: AccountFault.CLOCK,  # Client assertion is not within its valid time range
    700016: AccountFault.WRONG_CLIENT,  # Application not found in the directory
    7000112: AccountFault.POLICY,  # Application is disabled
    7000229: AccountFault.NO_CONSENT,  # The client application is missing service principal in the tenant
    90002: AccountFault.WRONG_TENANT,  # Tenant not found
    900023: AccountFault.WRONG_TENANT,  # Tenant identifier is neither a valid DNS name nor a valid external domain
    65001: AccountFault.NO_CONSENT,  # The user or administrator has not consented
    500011: AccountFault.WRONG_SCOPE,  # The resource principal was not found in the tenant
    70011: AccountFault.WRONG_SCOPE,  # The scope requested by the app is invalid
    50173: AccountFault.REVOKED,  # Fresh auth token is needed: the grant was revoked
    70008: AccountFault.REVOKED,  # The refresh token has expired due to inactivity
    700082: AccountFault.REVOKED,  # The refresh token has expired due to inactivity
    70000: AccountFault.REVOKED,  # The refresh token is not valid
    50057: AccountFault.POLICY,  # The user account is disabled
    50053: AccountFault.POLICY,  # The account is locked, or the IP address is blocked
    53003: AccountFault.POLICY,  # Access has been blocked by Conditional Access policies
    50076: AccountFault.POLICY,  # Multifactor authentication is required
    50079: AccountFault.POLICY,  # The user has to enrol for multifactor authentication
    90033: AccountFault.BUSY,  # A transient error
}

REMEDIES: Remedies = {
    AccountFault.WRONG_SECRET: "in the app registration, under Certificates & secrets, copy the secret's value"
    " (not its id)",
    AccountFault.EXPIRED_SECRET: "in the app registration, under Certificates & secrets, add a new one and"
    " store its value",
    AccountFault.WRONG_CERTIFICATE: "upload the public part of `certificate` under Certificates & secrets of the app"
    " registration",
    AccountFault.EXPIRED_CERTIFICATE: "create a new certificate, upload its public part under Certificates &"
    " secrets of the"
    " app registration, and store both parts",
    AccountFault.WRONG_CLIENT: "check `client`, the application (client) id, and that the app is in `tenant`:"
    " an administrator"
    " there adds it with New-MgServicePrincipal -AppId CLIENT",
    AccountFault.WRONG_TENANT: "check `tenant`, a domain or the id of the tenant, and `cloud`",
    AccountFault.NO_CONSENT: "let an administrator of the tenant grant consent: Entra admin center, Enterprise"
    " applications,"
    " the app, Permissions",
    AccountFault.WRONG_SCOPE: "add the permission Office 365 Exchange Online, IMAP.AccessAsApp (with `refresh`:"
    " IMAP.AccessAsUser.All) to the app, and check `cloud`",
    AccountFault.POLICY: "see the sign-in log in the Entra admin center for the policy or the block, and exempt"
    " this app",
    AccountFault.TOKEN_REFUSED: "check `user`; register the app in Exchange with New-ServicePrincipal -AppId"
    " CLIENT -ObjectId"
    " OBJECT, the object id being that of the Enterprise application and not of the app registration; and grant"
    " IMAP.AccessAsApp. Both take effect after hours",
}
