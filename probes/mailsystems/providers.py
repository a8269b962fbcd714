"""Mailbox providers for private people and small companies, and services that only send.

None of them has a list that a company's administrator can change: each person marks the sender as safe, and the
provider's support does the rest. The text to the support is the remedy.
"""

from probes.mailsystems.remedy import NotPossible
from probes.mailsystems.system import MailSystem, RunBy

_NO_ADMINISTRATOR = NotPossible(
    "It has no list that an administrator can change.",
    "Each person marks the sender as safe; the provider's support does the rest, with the reply and its time.",
)
_ONLY_SENDS = NotPossible("It sends mail, and receives none.", "The administrator of the receiving mail system.")


def _provider(
    key: str, label: str, *marks: str, hosts: tuple[str, ...] = (), headers: tuple[str, ...] = ()
) -> MailSystem:
    return MailSystem(
        key,
        label,
        RunBy.VENDOR,
        hosts=hosts,
        headers=headers,
        reply_marks=marks,
        not_possible=(_NO_ADMINISTRATOR,),
    )


def _sender(key: str, label: str, *marks: str) -> MailSystem:
    return MailSystem(key, label, RunBy.VENDOR, reply_marks=marks, not_possible=(_ONLY_SENDS,), receives=False)


YAHOO = _provider(
    "yahoo",
    "Yahoo Mail",
    "yahooinc.com",
    "yahoodns.net",
    "verizonmedia",
    "yahoo.com",
    "aol.com",
    hosts=("yahoodns.net", "mail.yahoo.com", "mx.aol.com"),
    headers=("x-ymailisg", "x-yahoo", "x-aol-"),
)
APPLE = _provider(
    "apple",
    "iCloud Mail",
    "icloud.com",
    "support.apple.com",
    "appleid.com",
    "me.com esmtp",
    hosts=("mail.icloud.com", "mail.me.com"),
    headers=("x-icloud-", "x-apple-"),
)
GMX = _provider(
    "gmx",
    "GMX and WEB.DE",
    "gmx.",
    "web.de",
    hosts=("gmx.net", "gmx.com", "web.de"),
    headers=("x-gmx-", "x-ui-"),
)
IONOS = _provider(
    "ionos",
    "IONOS",
    "1and1",
    "kundenserver",
    "ionos",
    hosts=("kundenserver.de", "ionos.com", "ionos.de", "ionos.co.uk", "ionos.fr", "ionos.es", "ionos.it", "1and1.com"),
)
TONLINE = _provider("tonline", "Telekom Mail", "t-online", hosts=("t-online.de",), headers=("x-toi-",))
OVH = _provider("ovh", "OVHcloud", "ovh.", hosts=("mail.ovh.net",), headers=("x-ovh-",))
ORANGE = _provider("orange", "Orange", "orange.fr", "mwinf5", "ofr_", "ofr00", hosts=("orange.fr",))
LAPOSTE = _provider("laposte", "La Poste", "laposte", "lpn0", "lpn1", hosts=("laposte.net",))
FREE = _provider("free", "Free", "free.fr", "proxad", hosts=("free.fr",), headers=("x-proxad-",))
TENCENT = _provider("tencent", "Tencent QQ Mail", "qq.com", hosts=("qq.com",), headers=("x-qq-",))
NETEASE = _provider(
    "netease",
    "NetEase",
    "163.com",
    "126.com",
    "netease",
    hosts=("163.com", "126.com", "netease.com"),
    headers=("x-coremail-", "x-cm-transid"),
)
MAILRU = _provider("mailru", "Mail.ru", "mail.ru", hosts=("mail.ru",), headers=("x-mailru-",))
YANDEX = _provider(
    "yandex", "Yandex 360", "yandex", hosts=("mx.yandex.net", "yandex.net", "yandex.ru"), headers=("x-yandex-",)
)
DOCOMO = _provider("docomo", "NTT Docomo", "docomo", hosts=("docomo.ne.jp",))
KDDI = _provider("kddi", "KDDI", "ezweb.ne.jp", "au.com", hosts=("ezweb.ne.jp", "au.com"))
FACEBOOK = _sender("facebook", "Facebook", "facebook.com")
GODADDY = _provider("godaddy", "GoDaddy", "secureserver.net", hosts=("secureserver.net",), headers=("x-secureserver",))
COMCAST = _provider("comcast", "Comcast", "comcast.net", hosts=("comcast.net",), headers=("x-xfinity-",))
COX = _provider("cox", "Cox", "cox.net", hosts=("cox.net",))
ATT = _provider("att", "AT&T", "att.net", hosts=("att.net",))
ZOHO = _provider(
    "zoho",
    "Zoho Mail",
    "zoho",
    hosts=("zoho.com", "zoho.eu", "zoho.in"),
    headers=("x-zohomail", "x-zoho-"),
)
AMAZON = _provider(
    "amazon", "Amazon WorkMail", "amazonses", "amazonaws", hosts=("amazonaws.com",), headers=("x-ses-spam",)
)
PROTON = _provider("proton", "Proton Mail", hosts=("protonmail.ch", "proton.ch", "proton.me"), headers=("x-pm-",))
ALIBABA = _provider(
    "alibaba",
    "Alibaba Mail",
    hosts=("aliyun.com", "mxhichina.com", "alibaba-inc.com", "qiye.aliyun.com"),
    headers=("x-alimail-",),
)
WPPL = _provider("wppl", "WP Poczta", hosts=("wp.pl", "o2.pl"), headers=("x-wp-",))
SENDGRID = _sender("sendgrid", "SendGrid", "sendgrid")
MAILGUN = _sender("mailgun", "Mailgun", "mailgun")
FASTMAIL = _provider("fastmail", "Fastmail", hosts=("messagingengine.com",), headers=("x-spam-known-sender", "x-me-"))
RACKSPACE = _provider("rackspace", "Rackspace Email", hosts=("emailsrvr.com",))
