"""The steps of a Microsoft 365 tenant's administrator, least rights first: sourced rows."""

from datetime import date

from probes.accounts.setup import SetupScript, SetupStep
from probes.mailsystems.remedy import Certainty, FactSource, Language

_READ = date(2026, 12, 1)
_LEARN = "https://learn.microsoft.com"
IMAP_OAUTH = FactSource(
    "Authenticate an IMAP, POP or SMTP connection using OAuth",
    _READ,
    f"{_LEARN}/exchange/client-developer/legacy-protocols/how-to-authenticate-an-imap-pop-smtp-application-by-using-oauth",
)
CERTIFICATES = FactSource(
    "Microsoft identity platform application authentication certificate credentials",
    _READ,
    f"{_LEARN}/entra/identity-platform/certificate-credentials",
)
RBAC = FactSource(
    "Role Based Access Control for Applications in Exchange Online",
    date(2026, 11, 28),
    f"{_LEARN}/exchange/permissions-exo/application-rbac",
)
TRACE = FactSource(
    "Trace an email message with the Graph API",
    date(2026, 11, 28),
    f"{_LEARN}/exchange/monitoring/trace-an-email-message/graph-api-message-trace",
)
DEFENDER = FactSource(
    "List analyzedEmails",
    date(2026, 11, 28),
    f"{_LEARN}/graph/api/security-collaborationroot-list-analyzedemails",
    Certainty.UNSURE,
    "Permission and licence were not seen on a tenant.",
)
APP_ROLES = FactSource(
    "Assign a managed identity access to an application role using PowerShell",
    _READ,
    f"{_LEARN}/entra/identity/managed-identities-azure-resources/how-to-assign-app-role-managed-identity-powershell",
    Certainty.UNSURE,
    "That a managed identity opens mailboxes by IMAP was not tried.",
)

SHELL_ENVIRONMENTS: dict[str, tuple[str, str]] = {
    # learn.microsoft.com: Connect-MgGraph -Environment, Connect-ExchangeOnline -ExchangeEnvironmentName; not read again
    "global": ("Global", "O365Default"),
    "us_gov": ("USGov", "O365USGovGCCHigh"),
    "us_dod": ("USGovDoD", "O365USGovDoD"),
    "china": ("China", "O365China"),
}

_FIND_APP = SetupScript(
    Language.POWERSHELL,
    "Connect, and find the application's service principal: the object id is that of the Enterprise application",
    "Connect-MgGraph -TenantId {tenant} -Environment {graph_environment} -Scopes Application.Read.All\n"
    "Connect-ExchangeOnline -ExchangeEnvironmentName {exchange_environment}\n"
    "$AppId = {client}\n"
    "$ObjectId = (Get-MgServicePrincipal -Filter \"appId eq '$AppId'\").Id",
)

MICROSOFT_SETUP: tuple[SetupStep, ...] = (
    SetupStep(
        "Register the application",
        frozenset({"app"}),
        (
            "In the Entra admin center, under App registrations, register an application for accounts of this directory"
            " only; its application (client) id is `client` of the configuration: {client}.",
            "Give it no mail permission of Microsoft Graph, such as Mail.Read: it would be for all mailboxes, and"
            " rights are added up.",
        ),
        IMAP_OAUTH,
    ),
    SetupStep(
        "Create its certificate",
        frozenset({"certificate"}),
        (
            SetupScript(
                Language.SHELL,
                "On the machine that runs Mailpath, as its user",
                "openssl req -x509 -newkey rsa:2048 -nodes -days 365 -subj /CN=mailpath -keyout key.pem"
                " -out public.pem\n"
                "cat key.pem public.pem > account.pem && chmod 600 account.pem && rm key.pem",
            ),
            "Upload public.pem under Certificates & secrets of the app registration; account.pem is `certificate`.",
        ),
        CERTIFICATES,
    ),
    SetupStep(
        "Create its secret",
        frozenset({"secret"}),
        (
            "Under Certificates & secrets of the app registration add a client secret, and store its value (not its id)"
            " where `secret` refers to. Microsoft prefers a certificate.",
        ),
        CERTIFICATES,
    ),
    SetupStep("Connect as an administrator", frozenset({"exchange"}), (_FIND_APP,), IMAP_OAUTH),
    SetupStep(
        "Make the application known to Exchange",
        frozenset({"exchange", "mailbox"}),
        (
            SetupScript(
                Language.POWERSHELL,
                "Add its service principal",
                "New-ServicePrincipal -AppId $AppId -ObjectId $ObjectId -DisplayName mailpath",
            ),
        ),
        IMAP_OAUTH,
        "None yet.",
    ),
    SetupStep(
        "Read the mailboxes and delete probes in them, by Microsoft Graph",
        frozenset({"graph", "exchange", "deletes"}),
        (
            SetupScript(
                Language.POWERSHELL,
                "Give it the role for these mailboxes alone",
                "New-ManagementScope -Name mailpath -RecipientRestrictionFilter {filter}\n"
                'New-ManagementRoleAssignment -App $ObjectId -Role "Application Mail.ReadWrite"'
                " -CustomResourceScope mailpath",
            ),
        ),
        RBAC,
        "Reads and deletes mail of {users} only. Deleting needs this role; with `remove = false` in the configuration"
        ' "Application Mail.Read" suffices.',
    ),
    SetupStep(
        "Read the mailboxes, by Microsoft Graph",
        frozenset({"graph", "exchange", "reads_only"}),
        (
            SetupScript(
                Language.POWERSHELL,
                "Give it the role for these mailboxes alone",
                "New-ManagementScope -Name mailpath -RecipientRestrictionFilter {filter}\n"
                'New-ManagementRoleAssignment -App $ObjectId -Role "Application Mail.Read"'
                " -CustomResourceScope mailpath",
            ),
        ),
        RBAC,
        "Reads mail of {users} only, and changes nothing.",
    ),
    SetupStep(
        "See that it is let into these mailboxes and into no other",
        frozenset({"graph", "exchange"}),
        (
            SetupScript(
                Language.POWERSHELL,
                "InScope must be True for each",
                "Test-ServicePrincipalAuthorization -Identity $ObjectId -Resource {user}",
            ),
            SetupScript(
                Language.POWERSHELL,
                "InScope must be False, for any mailbox that is not one of them",
                "$Other = Read-Host 'A mailbox that is none of them'\n"
                "Test-ServicePrincipalAuthorization -Identity $ObjectId -Resource $Other",
            ),
            "Graph itself follows after 30 minutes to two hours; until then it answers ErrorAccessDenied.",
        ),
        RBAC,
    ),
    SetupStep(
        "Let it use IMAP at all",
        frozenset({"imap", "app"}),
        (
            "Under API permissions add Office 365 Exchange Online, application permission IMAP.AccessAsApp, and grant"
            " admin consent.",
        ),
        IMAP_OAUTH,
        "Logs in by IMAP; by itself it opens no mailbox.",
    ),
    SetupStep(
        "Let it use IMAP at all",
        frozenset({"imap", "managed"}),
        (
            SetupScript(
                Language.POWERSHELL,
                "Give the managed identity the permission IMAP.AccessAsApp of Office 365 Exchange Online",
                "Connect-MgGraph -TenantId {tenant} -Environment {graph_environment}"
                " -Scopes AppRoleAssignment.ReadWrite.All, Application.Read.All\n"
                "$Exchange = Get-MgServicePrincipal -Filter \"appId eq '00000002-0000-0ff1-ce00-000000000000'\"\n"
                "$Role = $Exchange.AppRoles | Where-Object { $_.Value -eq 'IMAP.AccessAsApp' }\n"
                "New-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $ObjectId -PrincipalId $ObjectId"
                " -ResourceId $Exchange.Id -AppRoleId $Role.Id",
            ),
        ),
        APP_ROLES,
        "Logs in by IMAP; by itself it opens no mailbox.",
    ),
    SetupStep(
        "Open the mailboxes by IMAP",
        frozenset({"imap", "exchange"}),
        (
            SetupScript(
                Language.POWERSHELL,
                "Open these mailboxes to it, and IMAP for them",
                "Add-MailboxPermission -Identity {user} -User $ObjectId -AccessRights FullAccess\n"
                "Set-CASMailbox -Identity {user} -ImapEnabled $true",
            ),
            "Both take effect after up to an hour, sometimes later.",
        ),
        IMAP_OAUTH,
        "All of the mailbox of {users}, and no other. IMAP has no smaller right; Graph has.",
    ),
    SetupStep(
        "Let the user of the mailbox consent",
        frozenset({"imap", "refresh"}),
        (
            "Under API permissions add Office 365 Exchange Online, delegated permission IMAP.AccessAsUser.All.",
            "Let the user of the mailbox sign in once and consent to it and to offline_access, and store the refresh"
            " token where `refresh` refers to.",
        ),
        IMAP_OAUTH,
        "What this one user may do by IMAP: {users}.",
    ),
    SetupStep(
        "Read the message trace",
        frozenset({"graph_trace", "exchange"}),
        (
            "Under API permissions add Microsoft Graph, application permission ExchangeMessageTrace.Read.All, and grant"
            " admin consent.",
            SetupScript(
                Language.POWERSHELL,
                "Create the service principal that Microsoft's trace works by; an error says that it is there already",
                "Connect-MgGraph -TenantId {tenant} -Environment {graph_environment}"
                " -Scopes Application.ReadWrite.All\n"
                "New-MgServicePrincipal -AppId 8bd644d1-64a1-4d4b-ae52-2e0cbf64e373",
            ),
            "It takes hours to take effect.",
        ),
        TRACE,
        "Senders, recipients, subjects and fates of all mail of the tenant, and no text. Microsoft cannot limit it;"
        " leave out this step and `trace` if the company does not want that.",
    ),
    SetupStep(
        "Read why mail was kept back",
        frozenset({"graph_trace", "exchange", "defender"}),
        (
            "Under API permissions add Microsoft Graph, application permission SecurityAnalyzedMessage.Read.All, and"
            " grant admin consent. The tenant needs Defender for Office 365 Plan 2.",
        ),
        DEFENDER,
        "The analysis of all mail of the tenant, and no text. Microsoft cannot limit it; leave out this step and"
        " `defender` if the company does not want that.",
    ),
)
"""Tags: `app` (not a managed identity), `exchange` (it acts for itself), `mailbox` (it has one), `defender` (its trace
asks for reasons)."""
