"""Which folder of a mailbox is the one for junk. Pure: names in, a name out."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

INBOX = "INBOX"

JUNK_NAMES: tuple[tuple[str, str], ...] = (  # the order is the preference where a mailbox has several
    ("Junk", "Dovecot's and Cyrus's example configuration, Roundcube, Thunderbird, iCloud, Zimbra, QQ"),
    ("Spam", "Gmail, Fastmail, Zoho, Plesk, cPanel, AOL, Yahoo, Horde"),
    ("Junk Email", "Exchange and Outlook, English"),
    ("Junk E-mail", "Exchange and Outlook to 2016, English; Kerio Connect, SmarterMail"),
    ("Junk Mail", "MailEnable, hMailServer's examples"),
    ("Junkmail", "NethServer"),
    ("Bulk Mail", "Yahoo, AOL"),
    ("Bulk", "Yahoo over IMAP"),
    ("Spamverdacht", "GMX and WEB.DE, German"),
    ("Junk-E-Mail", "Exchange and Outlook, German"),
    ("Indésirables", "Orange and Apple Mail, French"),
    ("Courrier indésirable", "Exchange and Outlook, French"),
    ("Pourriel", "Zimbra and Gmail, Canadian French"),
    ("Quarantaine", "La Poste, French"),
    ("Correo no deseado", "Exchange and Outlook, Spanish"),
    ("No deseado", "Apple Mail, Spanish"),
    ("Posta indesiderata", "Exchange and Outlook, Italian"),
    ("Indesiderata", "Apple Mail, Italian"),
    ("Ongewenste e-mail", "Exchange and Outlook, Dutch"),
    ("Ongewenst", "Apple Mail, Dutch"),
    ("Lixo Eletrônico", "Exchange and Outlook, Brazilian Portuguese"),
    ("Lixo Electrónico", "Exchange and Outlook, Portuguese before the spelling reform"),
    ("E-mail de lixo", "Exchange and Outlook, Portuguese"),
    ("Skräppost", "Exchange, Outlook and Gmail, Swedish"),
    ("Uønsket e-mail", "Exchange and Outlook to 2016, Danish"),
    ("Uønsket mail", "Exchange and Outlook, Danish"),
    ("Søppelpost", "Exchange and Outlook, Norwegian"),
    ("Roskaposti", "Exchange, Outlook and Gmail, Finnish"),
    ("Rämpspost", "Exchange and Outlook, Estonian"),
    ("Wiadomości-śmieci", "Exchange and Outlook, Polish"),
    ("Nevyžádaná pošta", "Exchange, Outlook and Seznam, Czech"),
    ("Nevyžiadaná pošta", "Exchange and Outlook, Slovak"),
    ("Levélszemét", "Exchange and Outlook, Hungarian"),
    ("E-mail nedorit", "Exchange and Outlook, Romanian"),
    ("Neželena e-pošta", "Exchange and Outlook, Slovene"),
    ("Bezvrijedna pošta", "Exchange and Outlook, Croatian"),
    ("Önemsiz E-posta", "Exchange and Outlook, Turkish"),
    ("Ανεπιθύμητη αλληλογραφία", "Exchange and Outlook, Greek"),
    ("Нежелательная почта", "Exchange and Outlook, Russian"),
    ("Спам", "Yandex and Mail.ru, Russian; Ukr.net, Ukrainian"),
    ("Небажана пошта", "Exchange and Outlook, Ukrainian"),
    ("迷惑メール", "Exchange, Outlook and Yahoo, Japanese"),
    ("垃圾邮件", "Exchange, Outlook, NetEase and QQ, simplified Chinese"),
    ("垃圾郵件", "Exchange and Outlook, traditional Chinese"),
    ("정크 메일", "Exchange and Outlook, Korean"),
    ("스팸메일함", "Naver, Korean"),
    ("Thư rác", "Exchange and Outlook, Vietnamese"),
    ("Email Sampah", "Exchange and Outlook, Indonesian"),
    ("البريد الإلكتروني غير الهام", "Exchange and Outlook, Arabic"),
    ("דואר זבל", "Exchange and Outlook, Hebrew"),
)

_JUNK_FLAGS = frozenset({"\\junk", "\\spam"})  # RFC 6154 (Cyrus writes it small); Gmail's older XLIST
_NOT_TO_BE_OPENED = frozenset({"\\noselect", "\\nonexistent"})  # RFC 3501, section 7.2.2; RFC 5258
_PREFIXES = ("", "inbox", "[gmail]", "[google mail]")  # personal namespaces; Courier and cPanel keep all below INBOX


@dataclass(frozen=True, slots=True)
class Listed:
    """One folder of an IMAP server's list. `delimiter` stands between the levels of `name`; "" where there are none."""

    name: str
    delimiter: str = "/"
    flags: frozenset[str] = frozenset()


def junk_among(folders: Iterable[Listed]) -> str | None:
    """The folder for junk: the one marked so by the server, else one with a usual name. None: there is none.

    Only the user's own folders are known by name: "shared/bob/Junk" is somebody else's.
    """
    usable = [each for each in folders if not _NOT_TO_BE_OPENED & _lowered(each.flags)]
    for each in usable:
        if _JUNK_FLAGS & _lowered(each.flags):
            return each.name
    ranked = [(rank, each.name) for each in usable if (rank := _rank(each)) is not None]
    return min(ranked)[1] if ranked else None


def junk_directories(names: Iterable[str]) -> list[str]:
    """Those of the names in a Maildir that may be its folder for junk, best first.

    Known are Maildir++ (".Junk", ".INBOX.Spam"), plain folders ("Junk"), and names in UTF-8 or modified UTF-7.
    """
    return sorted((each for each in names if _directory(each) in _DIRECTORIES), key=_directory_rank)


def _lowered(flags: Iterable[str]) -> set[str]:
    return {each.lower() for each in flags}


def _plain(name: str) -> str:
    """The same for all spellings that people take for the same name."""
    return unicodedata.normalize("NFC", name).casefold()


def modified_utf7(name: str) -> str:
    """A folder's name as IMAP and Maildir++ write it (RFC 3501, section 5.1.3). For names without "&", "+" and "/"."""
    return name.encode("utf-7").decode("ascii").replace("+", "&").replace("/", ",")


_RANK = {_plain(name): rank for rank, (name, _) in enumerate(JUNK_NAMES)}
_DIRECTORIES = _RANK | {modified_utf7(name).casefold(): rank for rank, (name, _) in enumerate(JUNK_NAMES)}


def _rank(folder: Listed) -> tuple[int, int] | None:
    """How well the name tells that this is the folder for junk, smallest best; None when it does not tell."""
    for place, prefix in enumerate(_PREFIXES):
        start = prefix + folder.delimiter if prefix else ""
        rank = _RANK.get(_plain(folder.name).removeprefix(start)) if _plain(folder.name).startswith(start) else None
        if rank is not None and (folder.delimiter or not prefix):
            return rank, place
    return None


def _directory(name: str) -> str:
    return _plain(name).removeprefix(".").removeprefix("inbox.")


def _directory_rank(name: str) -> tuple[int, int]:
    return _DIRECTORIES[_directory(name)], len(name)
