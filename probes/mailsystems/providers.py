"""Mailbox providers for private people and small companies, and services that only send.

None of them has a list that a company's administrator can change: each person marks the sender as safe, and the
provider's support does the rest.
"""

from probes.mailsystems.system import MailSystem, RunBy

_NO_ADMINISTRATOR = "It has no list that an administrator can change: use the provider's support."


def _provider(key: str, label: str, *marks: str, hosts: tuple[str, ...] = ()) -> MailSystem:
    return MailSystem(key, label, RunBy.VENDOR, hosts=hosts, reply_marks=marks, no_settings=_NO_ADMINISTRATOR)


def _sender(key: str, label: str, *marks: str) -> MailSystem:
    return MailSystem(
        key, label, RunBy.VENDOR, reply_marks=marks, no_settings="It sends mail, and receives none.", receives=False
    )


YAHOO = _provider("yahoo", "Yahoo Mail", "yahooinc.com", "yahoodns.net", "verizonmedia", "yahoo.com", "aol.com")
APPLE = _provider("apple", "iCloud Mail", "icloud.com", "support.apple.com", "appleid.com", "me.com esmtp")
GMX = _provider("gmx", "GMX and WEB.DE", "gmx.", "web.de")
IONOS = _provider(
    "ionos", "IONOS", "1and1", "kundenserver", "ionos", hosts=("kundenserver.de", "ionos.com", "ionos.de")
)
TONLINE = _provider("tonline", "Telekom Mail", "t-online")
OVH = _provider("ovh", "OVHcloud", "ovh.", hosts=("mail.ovh.net",))
ORANGE = _provider("orange", "Orange", "orange.fr", "mwinf5", "ofr_", "ofr00")
LAPOSTE = _provider("laposte", "La Poste", "laposte", "lpn0", "lpn1")
FREE = _provider("free", "Free", "free.fr", "proxad")
TENCENT = _provider("tencent", "Tencent QQ Mail", "qq.com")
NETEASE = _provider("netease", "NetEase", "163.com", "126.com", "netease")
MAILRU = _provider("mailru", "Mail.ru", "mail.ru")
YANDEX = _provider("yandex", "Yandex 360", "yandex", hosts=("mx.yandex.net",))
DOCOMO = _provider("docomo", "NTT Docomo", "docomo")
KDDI = _provider("kddi", "KDDI", "ezweb.ne.jp", "au.com")
FACEBOOK = _sender("facebook", "Facebook", "facebook.com")
GODADDY = _provider("godaddy", "GoDaddy", "secureserver.net", hosts=("secureserver.net",))
COMCAST = _provider("comcast", "Comcast", "comcast.net")
COX = _provider("cox", "Cox", "cox.net")
ATT = _provider("att", "AT&T", "att.net")
ZOHO = _provider("zoho", "Zoho Mail", "zoho", hosts=("zoho.com", "zoho.eu", "zoho.in"))
AMAZON = _provider("amazon", "Amazon WorkMail", "amazonses", "amazonaws", hosts=("amazonaws.com",))
SENDGRID = _sender("sendgrid", "SendGrid", "sendgrid")
MAILGUN = _sender("mailgun", "Mailgun", "mailgun")
FASTMAIL = _provider("fastmail", "Fastmail", hosts=("messagingengine.com",))
RACKSPACE = _provider("rackspace", "Rackspace Email", hosts=("emailsrvr.com",))
