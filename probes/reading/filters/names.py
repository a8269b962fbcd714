"""Names of the filters whose headers are read. A filter of a mail system bears the name in the table of mail systems;
what is written here is only what that table has no row for: parts of one system that judge by themselves, and products
that are known by their headers alone."""

from probes.mailsystems.table import system_label

PARTS = {  # of a mail system: its key, and the part
    "microsoft-eop": ("m365", "Exchange Online Protection"),
    "microsoft-eop-other-tenant": ("m365", "Exchange Online Protection of another organisation"),
    "microsoft-scl": ("m365", "spam confidence level"),
    "microsoft-bcl": ("m365", "bulk complaint level"),
    "microsoft-pcl": ("m365", "phishing confidence level"),
    "microsoft-mailbox": ("m365", "junk rule of the mailbox"),
}
PRODUCTS = {  # without a row: nothing is known of them but their headers
    "atmail": "Atmail",
    "crm114": "CRM114",
    "duocircle": "DuoCircle",
    "imail": "IMail",
    "mailscanner": "MailScanner",
    "postini": "Postini",
    "smartermail": "SmarterMail",
    "symantec-or-fortigate": "Symantec or FortiGate",  # both write the same header
}
SYSTEMS = {  # other words for mail systems of the table
    "amazon-ses": "amazon",
    "aol": "yahoo",
    "google-workspace": "google",
    "mail-assure": "mailassure",
    "spamexperts": "mailassure",
    "wp.pl": "wppl",
}


def filter_label(word: str) -> str:
    """Return the name of a filter for people."""
    if part := PARTS.get(word):
        return f"{system_label(part[0])}, {part[1]}"
    if product := PRODUCTS.get(word):
        return product
    return system_label(SYSTEMS.get(word, word))
