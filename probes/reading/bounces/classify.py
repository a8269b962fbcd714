"""Classify a message: bounce, delay notice, automatic reply, or none of them."""

import re

from probes.reading.bounces.complaints import returned_part
from probes.reading.facts import MailKind
from probes.reading.mime import ParsedMail, header_text


def _any(*patterns: str) -> re.Pattern[str]:
    """Compile phrases in lower case, to be searched in lower case."""
    return re.compile("|".join(patterns))


MAX_HEADER_CHARS = 2000  # characters of a header that are looked at

_DAEMON = _any(
    r"mailer[-_. ]?daemon|post_?master|mail[ ._-]?deliver|deliver\w{0,20} (?:sub)?system|system administrator",
    r"mdaemon@|smtp_mail_service|symantec_antivirus|lsmtp|<>|\A\s*\Z",
)
_FOREIGN = (  # "not delivered" in other languages, in subjects and texts
    r"unzustellbar|nicht .{0,20}(?:zugestellt|zustellen|ausgeliefert|übermittelt|abgeliefert)"
    r"|zustell\w{0,10} .{0,20}fehl",
    r"non (?:remis|distribu|délivr)|(?:pas pu|pas été|impossible d'?|impossible de) ?(?:être )?(?:remi"
    r"|remet|distribu|délivr|envoy"
    r"|achemin)|échec (?:de |d'|lors de )?(?:la |l')?(?:remise|envoi|livraison|distribution|acheminement)",
    r"no (?:se )?(?:pudo|puede|ha podido|ha sido|fue|pudo ser|se ha podido)(?: ser)? (?:entreg|envi)"
    r"|no entregad|entrega fallida"
    r"|rechaz|(?:ha podido|pudo) entregar|(?:error|fallo) (?:de|en la) entrega",
    r"non (?:è stato |è |può essere |ha potuto )?(?:consegn|recapit)|mancata consegna|consegna (?:fallita"
    r"|non)|impossibile"
    r" (?:consegnare|recapitare)",
    r"n[ãa]o (?:foi |pôde |pode |p[ôo]de ser |foi poss[ií]vel )?(?:ser )?(?:entreg|envi)|falha na entrega"
    r"|não entregue",
    r"niet (?:worden |bij |kunnen )?.{0,12}(?:afgeleverd|bezorg|aflever)|onbestelbaar|kunde inte (?:leverer"
    r"|skicka)|olevererbar"
    r"|(?:ikke|ej) (?:blive )?(?:lever|aflever)|ei voitu toimittaa|toimit\w* epäonnistu",
    r"nie (?:został\w? |można |udało się )?dostarcz|niedostarcz|nedoruč|(?:nebyla|nelze|nemohla být) doruč"
    r"|nem kézbesít"
    r"|kézbesíthetetlen|teslim edilem|iletilem|nelivrat|nu a (?:fost|putut fi) livrat",
    r"недоставл|не (?:был\w? |удалось |может быть |смогли )?доставл?|не доставлено|δεν (?:παραδόθηκε|ήταν δυνατή)",
    r"不達|配信(?:できま|不能|エラー|に失敗)|(?:送信|配送|お届け)できま|送信エラー|退信|退回|(?:无法|無法"
    r"|未能|不能)(?:投递|投遞|送达|送達|传递|傳遞|发送)"
    r"|投递失败|(?:발송|전송|배달|전달) ?(?:실패|되지 ?않|불가|할 수 없)|반송|تعذر (?:تسليم|إرسال)|فشل"
    r"|gagal (?:terkirim|dikirim)"
    r"|không (?:gửi|thể gửi)",
)
_SUBJECTS = _any(
    *_FOREIGN,
    r"undeliver|un-deliver|non[- ]?deliver|(?:not|n't) (?:be )?delivered|not deliverable"
    r"|fail\w{0,20} (?:to )?deliver",
    r"deliver\w{0,20} (?:has )?(?:fail|problem|error|status|warning)|deliver\w{0,20} .{0,30}fail|mail delivery",
    r"failure notice|failure delivery|mail(?:er)? fail|mail (?:system )?error|error sending your mail"
    r"|processing error",
    r"return(?:ed|ing) (?:mail|message|to sender)|message rejected",
    r"bounce|loop alert|warning.{0,30}(?:delay|could not send)",
    r"zustellung|remise|配信|エラー",
)
_FOREIGN_WORDS = _any(*_FOREIGN)
_WORDS = _any(
    r"(?:could not|couldn't|can ?not|can't|was not|wasn't|not) be(?:en)? delivered|(?:was not|wasn't|not) delivered",
    r"(?:not able|unable|wasn't able) to deliver|could not deliver",
    r"delivery (?:has )?(?:failed|problems|to the following recipient)|deliver\w* (?:incomplete|delayed"
    r"|error)|delivering your",
    r"not yet been delivered|trying to deliver|command died with status|\) said: [45]\d\d|\] said: [45]\d\d"
    r"|message bounced",
    r"did not (?:reach|receive)|undeliverable|(?:permanently|permanent) fail",
    r"had (?:permanent|transient|delivery errors)",
    r"fail(?:ed|ure) (?:addresses|recipient|reasons)",
    r"transcript of session|error delivering your mail|trouble delivering",
    r"rejected by a remote|error has occurred while attempting",
    r"has been (?:returned because|delayed|postponed)|is delayed",
    r"exceeds allowed size|delivery userid|returned permanent errors",
    r"no valid recipients|error-for:|message log follows",
    r"invalid user address|mail loop|duplicated message-id|n'a pas pu|server message|to an unknown (?:user"
    r"|recipient|address)",
    r"(?:has been|was|is being) (?:automatically )?(?:returned|rejected|refused|blocked|bounced)",
    r"could not (?:be )?(?:sent|pass|reach)|not deliver",
    r"(?:not|n't) able to be delivered|rejected your message|considered unsolicited"
    r"|del[ie]very to the following recipients? (?:was|has)|did(?:n't| not) get through",
)
_WENT_ON = _any(  # no failure; "not been delivered" is none of these
    r"(?<!not )(?:was|were|been|be|is|are) (?:now )?(?:successfully )?(?:delivered|relayed|released|accepted|archived)",
    r"successful\w* (?:deliver|relay|sent)|deliver\w{0,4} successful|rest was delivered|secure (?:portal|message)",
    r"(?:is|are|was|were|been) (?:held|quarantined)|until .{0,40}releases? it",
    r"erfolgreich .{0,20}(?:zugestellt|übermittelt)",
    r"(?:remis|distribué|livré) avec succès|entregad\w con éxito|consegnat\w con successo|entregue com sucesso",
)
_REFUSED_WITH = re.compile(
    r"(?<![\d.])[45]\d\d[ -](?:[45]\.\d{1,3}\.\d{1,3}\b|\w)|(?<![\d.])[45]\.\d{1,3}\.\d{1,3}(?![\d.])"
)
_DELAYED = _any(
    r"(?:has been|is|been) (?:delayed|postponed)|warning message only|temporary failure report|will be retried",
    r"delivery attempts will continue|continue to (?:try|be attempted)|will keep trying|not yet been delivered",
    r"still (?:being tried|undelivered)|do not need to re-?send|could not send (?:mail|message) for past|warning--",
    r"notification \(delay\)|delivery warning|advisory-only",
    r"verzögert|noch nicht .{0,20}zugestellt|(?:est|été) retardé|retrasad[ao]|in ritardo|consegna ritardata"
    r"|atrasad[ao]|vertraagd",
    r"försena|forsinke|opóźnion|zpožděn|задерж(?:ан|ив)|(?:投递|送达|传递)延迟|遅延|配信が遅れ|지연",
)
_AWAY = _any(
    r"out[- ]of[- ](?:the[- ])?office",
    r"auto(?:matic|mated)?[- ]?(?:re(?:ply|sponse)|respon)|vacation|on (?:annual )?leave",
    r"on holiday|\baway from|\Aaway\b|abwesen|automatische antwort|réponse automatique|absence du bureau",
    r"respuesta automática|fuera de (?:la )?oficina|risposta automatica|fuori (?:sede|ufficio)",
    r"自動返信|自动回复|自動回覆",
    r"автоответ|不在(?:通知|の)",
)
_ROBOTS = (
    "x-autoreply",
    "x-autorespond",
    "x-autoresponse",
    "x-auto-reply",
    "x-vacation",
    "x-mail-autoreply",
    "x-autogenerated",
)
_MACHINES = ("x-failed-recipients", "x-bounced-address", "x-mx-bounce", "x-mlserver")
_DELAY_WORDS = (  # every match of _DELAYED has one; to look for all of them takes a tenth of the time
    *("delayed", "postponed", "warning", "temporary failure report", "retried", "will continue", "continue to "),
    *("keep trying", "not yet", "still ", "do not need", "for past", "(delay)", "advisory-only"),
    *("verzögert", "noch nicht", "retardé", "rasad", "ritard", "vertraagd", "försena", "forsinke", "opóźnion"),
    *("zpožděn", "задерж", "延迟", "遅延", "遅れ", "지연"),
)


def is_from_machine(mail: ParsedMail) -> bool:
    """Test if a mail system sent it, by sender, return path, or the headers of its notices."""
    heads = mail.headers
    return any(name in heads for name in _MACHINES) or "<>" in heads.get("return-path") or _is_daemon(mail)


def _is_daemon(mail: ParsedMail) -> bool:
    heads = mail.headers
    return "from" in heads and _DAEMON.search(heads.get("from")[:MAX_HEADER_CHARS].lower()) is not None


def is_notice(mail: ParsedMail, notice: str) -> bool:
    """Test if it reads like a notice about a message, by subject or sender, and by its text or attachment.

    An empty return path alone says that a program wrote it, and programs write receipts, digests and welcomes as well.
    """
    subject = header_text(mail.headers.get("subject")[:MAX_HEADER_CHARS]).lower()
    titled = _SUBJECTS.search(subject) is not None
    if not titled and is_auto_reply(mail):
        return False
    worded = is_worded(notice)
    if not worded and _WENT_ON.search(" ".join(notice.lower().split())):
        return False
    if "<>" in mail.headers.get("return-path") and _is_daemon(mail):
        return titled or worded or returned_part(mail) is not None or refuses(notice)
    if is_from_machine(mail) and (titled or worded):
        return True
    returning = returned_part(mail) is not None and "mailer-daemon" in mail.headers.get("from").lower()
    return returning or (titled and worded)


def is_worded(notice: str) -> bool:
    """Test if a text speaks of a message that was not delivered; a line may end within the phrase."""
    together = " ".join(notice.lower().split())
    return _WORDS.search(together) is not None or _FOREIGN_WORDS.search(together) is not None


def refuses(text: str) -> bool:
    """Test if a text has the code of a refusal."""
    return _REFUSED_WITH.search(text) is not None


def is_auto_reply(mail: ParsedMail) -> bool:
    """Test if a person's mailbox replied automatically: RFC 3834, and older marks."""
    heads = mail.headers
    if "x-failed-recipients" in heads:
        return False
    if any(name in heads for name in _ROBOTS) or _AWAY.search(
        header_text(heads.get("subject")[:MAX_HEADER_CHARS]).lower()
    ):
        return True
    answered = heads.get("auto-submitted").lower().startswith(("auto-replied", "auto-reply"))
    precedence = heads.get("precedence").lower() in ("auto_reply", "auto-reply")
    ruled = "x-ms-exchange-inbox-rules-loop" in heads
    return (answered or precedence or ruled) and not _DAEMON.search(heads.get("from")[:MAX_HEADER_CHARS].lower())


def notice_kind(mail: ParsedMail, notice: str) -> MailKind:
    """Distinguish final failure from delay."""
    subject = header_text(mail.headers.get("subject")[:MAX_HEADER_CHARS]).lower()
    return MailKind.DELAY if _speaks_of_delay(subject) or _speaks_of_delay(notice.lower()) else MailKind.BOUNCE


def _speaks_of_delay(text: str) -> bool:
    return any(word in text for word in _DELAY_WORDS) and _DELAYED.search(text) is not None
