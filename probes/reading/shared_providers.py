"""Mail providers whose servers send for many companies. A host of theirs does not speak for one company: each customer
can make it send a message, and most can choose the text."""

SHARED_PROVIDERS = frozenset(
    {  # registrable domains of the hosts, as the DNS names them; the providers' own lists of outbound servers
        # Mail for companies and for the public
        "outlook.com",  # Exchange Online: *.outbound.protection.outlook.com
        "office365.us",  # Exchange Online for US authorities: *.outbound.protection.office365.us
        "outlook.cn",
        "onmicrosoft.com",
        "hotmail.com",
        "google.com",  # Google Workspace: mail-*.google.com, and its SMTP relay for customers
        "googlemail.com",
        "gmail.com",
        "zoho.com",
        "zoho.eu",
        "zohomail.com",
        "yahoo.com",
        "yahoodns.net",
        "icloud.com",
        "messagingengine.com",  # Fastmail
        "protonmail.ch",
        "proton.me",
        "yandex.net",
        "yandex.ru",
        "qq.com",
        "163.com",
        "emailsrvr.com",  # Rackspace
        "secureserver.net",  # GoDaddy
        "kundenserver.de",  # IONOS
        "1and1.com",
        "ovh.net",
        "gandi.net",
        "one.com",
        "hostedemail.com",  # OpenSRS
        # Filters in front of companies
        "mimecast.com",
        "mimecast.co.za",
        "mimecast-offshore.com",
        "pphosted.com",  # Proofpoint Protection Server
        "gpphosted.com",
        "ppe-hosted.com",  # Proofpoint Essentials
        "iphmx.com",  # Cisco Secure Email Cloud Gateway
        "barracudanetworks.com",
        "cudamail.com",
        "messagelabs.com",  # Symantec Email Security.cloud
        "trendmicro.com",
        "trendmicro.eu",
        "mailcontrol.com",  # Forcepoint
        "fireeyecloud.com",  # Trellix
        "sophos.com",
        "reflexion.net",
        "hornetsecurity.com",
        "antispameurope.com",
        "antispamcloud.com",  # SpamExperts
        "spamexperts.com",
        "mxthunder.net",
        "retarus.com",
        "avanan.net",  # Check Point Harmony
        "mailspamprotection.com",
        # Services that send for others
        "amazonaws.com",
        "amazonses.com",
        "mailgun.org",
        "mailgun.net",
        "mailgun.co",
        "sendgrid.net",
        "postmarkapp.com",
        "mtasv.net",  # Postmark
        "sparkpostmail.com",
        "mailjet.com",
        "smtp.com",
        "smtp2go.com",
        "exclaimer.net",
    }
)
