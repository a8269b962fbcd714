"""Microsoft's error codes, and what each means here: sourced rows. With them the remedies for Microsoft's faults.

Microsoft may change a code at any time, and says so: an answer with none of these is read by its OAuth 2 error.
"""

from dataclasses import dataclass
from datetime import date

from probes.accounts.faults import AccountFault, Remedies
from probes.mailsystems.remedy import Certainty, FactSource

_READ = date(2026, 12, 1)
_LEARN = "https://learn.microsoft.com"

PAGE = FactSource(
    "Microsoft Entra authentication and authorization error codes, 24 April 2024",
    _READ,
    f"{_LEARN}/entra/identity-platform/reference-error-codes",
)
MSAL = FactSource(
    "Microsoft's own library MSAL for .NET: answers of Entra ID in its tests",
    _READ,
    "https://github.com/AzureAD/microsoft-authentication-library-for-dotnet",
    Certainty.SECONDARY,
)
AZURE_SDK = FactSource(
    "Azure SDK, AzurePipelinesCredential: troubleshoot authentication issues",
    _READ,
    "https://github.com/Azure/azure-sdk-for-net/blob/main/sdk/identity/Azure.Identity/TROUBLESHOOTING.md",
    Certainty.SECONDARY,
)
LOGS = FactSource(
    "Answers of Entra ID in public logs, with a link to https://go.microsoft.com/fwlink/?linkid=2225119",
    _READ,
    certainty=Certainty.SECONDARY,
    unsure="Microsoft's own page does not list it.",
)


@dataclass(frozen=True, slots=True)
class CodeRow:
    """The meaning of an error code. `text`: Microsoft's, in short."""

    fault: AccountFault
    text: str
    source: FactSource = PAGE


CODES: dict[int, CodeRow] = {  # AADSTS...
    7000215: CodeRow(AccountFault.WRONG_SECRET, "Invalid client secret is provided"),
    70002: CodeRow(AccountFault.WRONG_SECRET, "The specified client_secret does not match the expected value"),
    7000218: CodeRow(AccountFault.WRONG_SECRET, "The request body must contain client_assertion or client_secret"),
    7000222: CodeRow(AccountFault.EXPIRED_SECRET, "The provided client secret keys are expired"),
    700027: CodeRow(AccountFault.WRONG_CERTIFICATE, "Client assertion failed signature validation"),
    50012: CodeRow(
        AccountFault.WRONG_CERTIFICATE, "Thumbprint is not authorized, or the assertion's signature is invalid"
    ),
    700030: CodeRow(AccountFault.WRONG_CERTIFICATE, "Subject name in certificate is not authorized"),
    700021: CodeRow(
        AccountFault.WRONG_CERTIFICATE, "Client assertion application identifier doesn't match client_id", MSAL
    ),
    700024: CodeRow(AccountFault.CLOCK, "Client assertion is not within its valid time range", MSAL),
    700016: CodeRow(AccountFault.WRONG_CLIENT, "The application wasn't found in the tenant"),
    700011: CodeRow(AccountFault.WRONG_CLIENT, "The application wasn't found in the directory"),
    90002: CodeRow(AccountFault.WRONG_TENANT, "The tenant name wasn't found; or an app of another cloud"),
    90038: CodeRow(AccountFault.WRONG_TENANT, "The specified tenant belongs to a national cloud"),
    900382: CodeRow(AccountFault.WRONG_TENANT, "Confidential client isn't supported in cross cloud request"),
    900432: CodeRow(AccountFault.WRONG_TENANT, "Confidential client isn't supported in cross cloud request"),
    900023: CodeRow(
        AccountFault.WRONG_TENANT,
        "Tenant identifier is neither a valid DNS name nor a valid external domain",
        AZURE_SDK,
    ),
    65001: CodeRow(AccountFault.NO_CONSENT, "The user or administrator hasn't consented"),
    65005: CodeRow(AccountFault.NO_CONSENT, "The required resource access list lacks the resource"),
    650056: CodeRow(AccountFault.NO_CONSENT, "No permissions are listed, or the admin has not consented"),
    90094: CodeRow(AccountFault.NO_CONSENT, "Administrator consent is required"),
    7000229: CodeRow(
        AccountFault.NO_CONSENT, "The client application is missing service principal in the tenant", LOGS
    ),
    500011: CodeRow(AccountFault.WRONG_SCOPE, "The resource principal wasn't found in the tenant"),
    50001: CodeRow(AccountFault.WRONG_SCOPE, "The resource is disabled or doesn't exist"),
    650057: CodeRow(AccountFault.WRONG_SCOPE, "The resource isn't listed in the app's requested permissions"),
    70011: CodeRow(AccountFault.WRONG_SCOPE, "The scope requested by the app is invalid"),
    50173: CodeRow(AccountFault.REVOKED, "The provided grant has expired due to it being revoked"),
    50089: CodeRow(AccountFault.REVOKED, "Refresh tokens expire over time or are revoked"),
    50132: CodeRow(AccountFault.REVOKED, "Password expired, or was changed"),
    50133: CodeRow(AccountFault.REVOKED, "Password expired, or was changed"),
    70000: CodeRow(AccountFault.REVOKED, "The refresh token isn't valid"),
    70008: CodeRow(AccountFault.REVOKED, "The refresh token has expired due to inactivity"),
    700082: CodeRow(AccountFault.REVOKED, "The refresh token has expired due to inactivity"),
    70043: CodeRow(AccountFault.REVOKED, "The refresh token is invalid due to sign-in frequency checks"),
    7000112: CodeRow(AccountFault.POLICY, "The application is disabled"),
    50057: CodeRow(AccountFault.POLICY, "The user account is disabled"),
    50053: CodeRow(AccountFault.POLICY, "The account is locked, or the IP address has malicious activity"),
    50055: CodeRow(AccountFault.POLICY, "The user's password is expired"),
    53003: CodeRow(AccountFault.POLICY, "Access has been blocked by Conditional Access policies"),
    530032: CodeRow(AccountFault.POLICY, "The tenant's security policy blocks this request"),
    530035: CodeRow(AccountFault.POLICY, "Access has been blocked by security defaults"),
    50076: CodeRow(AccountFault.POLICY, "Multifactor authentication is required"),
    50078: CodeRow(AccountFault.POLICY, "Multifactor authentication has expired"),
    50079: CodeRow(AccountFault.POLICY, "The user has to enrol for multifactor authentication"),
    50105: CodeRow(AccountFault.POLICY, "The user isn't assigned to a role for the app"),
    50033: CodeRow(AccountFault.BUSY, "A transient error"),
    50196: CodeRow(AccountFault.BUSY, "Too many of the same request in too short a period"),
    90006: CodeRow(AccountFault.BUSY, "The service is temporarily unavailable"),
    90012: CodeRow(AccountFault.BUSY, "The request has timed out"),
    90024: CodeRow(AccountFault.BUSY, "A transient error"),
    90033: CodeRow(AccountFault.BUSY, "The directory service isn't available"),
    90055: CodeRow(AccountFault.BUSY, "There are too many incoming requests"),
}

REMEDIES: Remedies = {
    # learn.microsoft.com: "Authenticate an IMAP, POP or SMTP connection using OAuth" (exchange/client-developer), and
    # entra/identity-platform/how-to-add-credentials; read on 1 December 2026
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
