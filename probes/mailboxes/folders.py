"""Find the junk folder, and the folders to search. Pure: names in, names out."""

import base64
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from probes.evidence import Folder

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
    (
        "Quarantine",
        "rules of MailScanner, Amavis and administrators' own; last, as it may stand beside a folder for junk",
    ),
)

_JUNK_FLAGS = frozenset({"\\junk", "\\spam"})  # RFC 6154 (Cyrus writes it small); Gmail's older XLIST
_NOT_TO_BE_OPENED = frozenset({"\\noselect", "\\nonexistent"})  # RFC 3501, section 7.2.2; RFC 5258
_VIEWS = frozenset(
    {"\\all", "\\flagged", "\\important"}
)  # RFC 6154, section 2; RFC 8457: they show mail of other folders
_FOREIGN = ("#", "other users", "public folders", "shared", "shared folders")  # where the server has no NAMESPACE
_NAME_LIMIT = 1_000  # characters: a longer name is no folder's that a rule could mean
_PREFIXES = ("", "inbox", "[gmail]", "[google mail]")  # personal namespaces; Courier and cPanel keep all below INBOX


@dataclass(frozen=True, slots=True)
class ListedFolder:
    """One folder of an IMAP server's list. `delimiter` separates the levels of `name`; "" if there are none."""

    name: str
    delimiter: str = "/"
    flags: frozenset[str] = frozenset()


def junk_among(folders: Iterable[ListedFolder]) -> str | None:
    """Find the junk folder: the one marked so by the server, else one with a common name. None: there is none.

    Only the user's own folders count by name: "shared/bob/Junk" is somebody else's.
    """
    usable = [each for each in folders if not _NOT_TO_BE_OPENED & _lowered(each.flags)]
    for each in usable:
        if _JUNK_FLAGS & _lowered(each.flags):
            return each.name
    ranked = [(rank, each.name) for each in usable if (rank := _rank(each)) is not None]
    return min(ranked)[1] if ranked else None


@dataclass(frozen=True, slots=True)
class Namespaces:
    """Prefixes of the user's own folders and of those of others (RFC 2342); "" is a prefix too."""

    personal: Sequence[str] = ()
    foreign: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class SearchPlan:
    """The folders to search in order, and those that belong to others. Views show mail that is in another folder as
    well, so they come first: mail seen only in a view is nowhere else."""

    views: tuple[str, ...]
    folders: tuple[str, ...]
    foreign: tuple[str, ...]


def search_plan(listed: Iterable[ListedFolder], namespaces: Namespaces | None, watched: Sequence[str]) -> SearchPlan:
    """Plan the search of an IMAP server's folders. `watched` ones come last, since mail arrives there meanwhile."""
    fit = (each for each in listed if len(each.name) <= _NAME_LIMIT)
    usable = [each for each in fit if not _NOT_TO_BE_OPENED & _lowered(each.flags)]
    foreign = {each.name for each in usable if each.name.upper() != INBOX and _is_foreign(each, namespaces)}
    views = [each.name for each in usable if _VIEWS & _lowered(each.flags) and each.name not in foreign]
    own = [each.name for each in usable if each.name not in {*foreign, *views, *watched}]
    return SearchPlan(tuple(views), (*own, *watched), tuple(sorted(foreign - set(watched))))


def _is_foreign(folder: ListedFolder, namespaces: Namespaces | None) -> bool:
    name = folder.name + folder.delimiter
    if namespaces is None:
        return name.startswith("#") or folder.name.split(folder.delimiter or None)[0].casefold() in _FOREIGN
    prefixes = [(len(each), True) for each in namespaces.foreign if name.startswith(each)]
    prefixes += [(len(each), False) for each in namespaces.personal if name.startswith(each)]
    return max(prefixes, default=(0, False))[1]


def meaning(name: str, flags: Iterable[str] = ()) -> Folder:
    """Return the meaning of a folder that is neither the inbox nor the watched junk folder: another junk folder, by its
    mark or the last part of its name, or any other folder."""
    last = re.split(r"[./\\\\]", name)[-1]
    return Folder.JUNK if _JUNK_FLAGS & _lowered(flags) or _plain(last) in _RANK else Folder.OTHER


def maildir_folder(path: str) -> str:
    """Return the display name of a folder, by its path inside a Maildir: ".B&APw-cher" is "Bücher"."""
    return from_modified_utf7(path.removeprefix("."))


def junk_directories(names: Iterable[str]) -> list[str]:
    """Return those of the names in a Maildir that may be its junk folder, best first.

    Known are Maildir++ (".Junk", ".INBOX.Spam"), plain folders ("Junk"), and names in UTF-8 or modified UTF-7.
    """
    return sorted((each for each in names if _directory(each) in _DIRECTORIES), key=_directory_rank)


def _lowered(flags: Iterable[str]) -> set[str]:
    return {each.lower() for each in flags}


def _plain(name: str) -> str:
    """Normalise spellings that people consider the same name."""
    return unicodedata.normalize("NFC", name).casefold()


def modified_utf7(name: str) -> str:
    """Encode a folder name as IMAP and Maildir++ do (RFC 3501, section 5.1.3)."""
    return _NOT_ASCII.sub(_shifted, name.replace("&", "&-"))


def from_modified_utf7(name: str) -> str:
    """Decode a folder name; text that is not modified UTF-7 is returned unchanged."""
    try:
        return _SHIFTED.sub(_unshifted, name)
    except (UnicodeError, ValueError):
        return name


_NOT_ASCII = re.compile(r"[^\x20-\x7e]+")
_SHIFTED = re.compile(r"&([A-Za-z0-9+,]*)-")


def _shifted(found: re.Match[str]) -> str:
    octets = base64.b64encode(found[0].encode("utf-16-be", "surrogatepass")).decode()
    return f"&{octets.rstrip('=').replace('/', ',')}-"


def _unshifted(found: re.Match[str]) -> str:
    return f"+{found[1].replace(',', '/')}-".encode().decode("utf-7") if found[1] else "&"


_RANK = {_plain(name): rank for rank, (name, _) in enumerate(JUNK_NAMES)}
_DIRECTORIES = _RANK | {modified_utf7(name).casefold(): rank for rank, (name, _) in enumerate(JUNK_NAMES)}


def _rank(folder: ListedFolder) -> tuple[int, int] | None:
    """Rank how well the name suggests a junk folder, smallest best; None if it does not."""
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
