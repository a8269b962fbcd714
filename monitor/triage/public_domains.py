"""Domains of mail providers for the public, as they offer them to people who sign up. No company owns such a domain, so
a path whose test mailbox is there says nothing of other people's addresses in it. Data."""

_BY_PROVIDER = {
    "Google": "gmail.com googlemail.com",
    "Microsoft": "outlook.com hotmail.com live.com msn.com outlook.de outlook.fr outlook.es outlook.it outlook.jp "
    "hotmail.co.uk hotmail.de hotmail.es hotmail.fr hotmail.it live.ca live.co.uk live.de live.fr live.nl live.se",
    "Yahoo": "yahoo.com ymail.com rocketmail.com aol.com yahoo.ca yahoo.co.in yahoo.co.jp yahoo.co.uk yahoo.com.au "
    "yahoo.com.br yahoo.de yahoo.es yahoo.fr yahoo.it",
    "Apple": "icloud.com me.com mac.com",
    "Proton": "proton.me protonmail.com pm.me",
    "GMX and mail.com": "gmx.com gmx.de gmx.net gmx.at gmx.ch mail.com web.de email.com",
    "Telekom": "t-online.de magenta.de",
    "Zoho": "zoho.com zohomail.com",
    "Fastmail": "fastmail.com fastmail.fm",
    "Yandex": "yandex.com yandex.ru",
    "Mail.ru": "mail.ru bk.ru inbox.ru list.ru",
    "Tencent": "qq.com foxmail.com",
    "NetEase": "163.com 126.com yeah.net",
    "Naver": "naver.com",
    "Orange": "orange.fr wanadoo.fr",
    "Free": "free.fr",
    "SFR": "sfr.fr neuf.fr",
    "La Poste": "laposte.net",
    "Libero": "libero.it virgilio.it",
    "Seznam": "seznam.cz email.cz",
    "WP": "wp.pl o2.pl",
    "Comcast": "comcast.net",
    "AT&T": "att.net sbcglobal.net bellsouth.net",
    "Verizon": "verizon.net",
    "Cox": "cox.net",
    "Charter": "charter.net",
    "BT": "btinternet.com",
    "Sky": "sky.com",
    "Virgin Media": "virginmedia.com",
    "Telstra": "bigpond.com bigpond.net.au",
    "Optus": "optusnet.com.au",
    "Bell": "bell.net sympatico.ca",
    "Rogers": "rogers.com",
    "Shaw": "shaw.ca",
    "Telus": "telus.net",
    "Ziggo": "ziggo.nl",
    "KPN": "kpnmail.nl planet.nl",
    "Telenet": "telenet.be",
    "Swisscom": "bluewin.ch",
    "UOL": "uol.com.br bol.com.br",
    "Rediff": "rediffmail.com",
}

PUBLIC_DOMAINS = {domain: provider for provider, domains in _BY_PROVIDER.items() for domain in domains.split()}
"""The provider of each domain."""
