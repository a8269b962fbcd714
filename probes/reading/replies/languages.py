"""What mail systems say in other languages than English. Accents are folded away before the search."""

from probes.reading.replies.table import Block
from probes.verdict import Cause

ROWS: tuple[Block, ...] = (
    # German: T-Online, GMX, WEB.DE, Strato, Notes, Exchange
    Block(
        Cause.NO_SUCH_USER,
        "German",
        """
        benutzer unbekannt / unbekannter benutzer / empfanger unbekannt / unbekannter empfanger / adresse unbekannt
        empfanger nicht gefunden / benutzer nicht gefunden / postfach existiert nicht / empfanger existiert nicht
        adresse existiert nicht / konto existiert nicht / benutzer existiert nicht / kein solcher benutzer
        postfach nicht gefunden / ungultiger empfanger / ungultige empfangeradresse / empfangeradresse … existiert nicht
        empfangeradresse … ungultig / kein postfach / empfanger … nicht bekannt / ist nicht im … verzeichnis
        konnte nicht gefunden werden / nicht vorhanden
        """,
    ),
    Block(
        Cause.MAILBOX_FULL,
        "German",
        """
        postfach voll / postfach ist voll / postfach … ist voll / postfach des empfangers … voll / speicherplatz
        kontingent … uberschritten / quota uberschritten / mailbox voll / mailbox ist voll / uberfullt
        """,
    ),
    Block(
        Cause.MAILBOX_DISABLED,
        "German",
        """
        postfach gesperrt / postfach ist gesperrt / konto gesperrt / konto ist gesperrt / konto deaktiviert
        postfach deaktiviert / postfach … deaktiviert / konto … deaktiviert / benutzer gesperrt / nicht mehr aktiv
        """,
    ),
    Block(
        Cause.IP_LISTED,
        "German",
        "steht auf … blacklist / auf … sperrliste / auf einer schwarzen liste / auf … schwarzen liste",
    ),
    Block(
        Cause.IP_BLOCKED,
        "German",
        "ip-adresse … gesperrt / ip-adresse … blockiert / ip … gesperrt / server … gesperrt / verbindung abgelehnt",
    ),
    Block(
        Cause.CONTENT,
        "German",
        "als spam / spamverdacht / spam-verdacht / unerwunschte werbung / virus gefunden / enthalt … virus / anhang … nicht erlaubt",
    ),
    Block(
        Cause.TOO_LARGE,
        "German",
        "nachricht zu gross / nachricht ist zu gross / nachricht zu groß / zu groß / e-mail … zu gross / maximale … grosse / maximale … große",
    ),
    Block(
        Cause.RATE_LIMITED,
        "German",
        "zu viele verbindungen / zu viele nachrichten / zu viele empfanger / zu viele e-mails / zu viele",
    ),
    Block(
        Cause.DOMAIN_BLOCKED,
        "German",
        "absender … abgelehnt / absender … gesperrt / absenderadresse … abgelehnt / ungultiger absender / absender … ungultig / absender unbekannt",
    ),
    Block(Cause.RELAY_DENIED, "German", "weiterleitung … nicht erlaubt / relaying nicht erlaubt / relay nicht erlaubt"),
    Block(Cause.AUTHENTICATION, "German", "absender … nicht authentifiziert"),
    Block(
        Cause.POLICY,
        "German",
        "richtlinie* / zugriff verweigert / annahme verweigert / authentifizierung erforderlich / nicht berechtigt",
    ),
    Block(
        Cause.SERVER_FAULT,
        "German",
        "interner fehler / systemfehler / vorubergehend nicht verfugbar / vorubergehender fehler / konfigurationsfehler",
    ),
    Block(
        Cause.EXPIRED, "German", "nicht zugestellt werden konnte innerhalb / zustellung … aufgegeben / zustellversuche"
    ),
    Block(
        Cause.DOMAIN_UNKNOWN,
        "German",
        "domain existiert nicht / domain unbekannt / domane unbekannt / unbekannte domain",
    ),
    # French: Orange, La Poste, SFR, Free, OVH
    Block(
        Cause.NO_SUCH_USER,
        "French",
        """
        utilisateur inconnu / destinataire inconnu / adresse inconnue / adresse invalide / adresse … invalide
        compte inexistant / adresse inexistante / boite inexistante / utilisateur inexistant / n'existe pas
        destinataire … introuvable / utilisateur … introuvable / adresse introuvable / destinataire incorrect
        destinataire … inexistant* / boite aux lettres … inconnue / n'a pas ete trouve*
        """,
    ),
    Block(
        Cause.MAILBOX_FULL,
        "French",
        "boite pleine / boite … pleine / quota depasse / quota … depasse / espace … insuffisant / boite saturee / boite … saturee",
    ),
    Block(
        Cause.MAILBOX_DISABLED,
        "French",
        "compte bloque / compte … bloque / compte … desactive / compte desactive / compte suspendu / compte … suspendu / boite desactivee / compte ferme / compte resilie / boite … archivee",
    ),
    Block(Cause.IP_LISTED, "French", "liste noire / listes noires"),
    Block(
        Cause.IP_BLOCKED,
        "French",
        "adresse ip … bloquee / ip … bloquee / ip … refusee / connexion refusee / serveur … bloque",
    ),
    Block(
        Cause.CONTENT,
        "French",
        "mail rejete / message rejete … spam / considere comme … spam / indesirable / pourriel / contient un virus / piece jointe … interdite",
    ),
    Block(
        Cause.RATE_LIMITED,
        "French",
        "trop de connexions / trop de messages / trop de destinataires / trop de requetes / trop de mails / ralentir",
    ),
    Block(
        Cause.TOO_LARGE,
        "French",
        "message trop volumineux / message trop gros / taille maximale / taille du message / trop volumineux",
    ),
    Block(
        Cause.DOMAIN_BLOCKED,
        "French",
        "expediteur refuse / expediteur invalide / emetteur refuse / emetteur … refuse / expediteur … bloque / expediteur … rejete / expediteur inconnu / domaine … expediteur",
    ),
    Block(Cause.GREYLISTED, "French", "liste grise"),
    Block(Cause.RELAY_DENIED, "French", "relais … refuse / relais refuse / relais … interdit / relayage"),
    Block(
        Cause.POLICY,
        "French",
        "authentification requise / politique de securite / politique … / acces refuse / acces interdit / non autorise",
    ),
    Block(
        Cause.SERVER_FAULT,
        "French",
        "erreur interne / erreur systeme / temporairement indisponible / momentanement indisponible / service indisponible / service refuse",
    ),
    Block(Cause.DOMAIN_UNKNOWN, "French", "domaine inconnu / domaine inexistant / domaine introuvable"),
    # Spanish
    Block(Cause.GREYLISTED, "Spanish", "lista gris / listas grises / rechazo temporal"),
    Block(
        Cause.NO_SUCH_USER,
        "Spanish",
        """
        usuario desconocido / usuario no existe / usuario inexistente / destinatario desconocido / no existe el usuario
        destinatario no existe / cuenta no existe / cuenta inexistente / buzon no existe / buzon inexistente
        buzon no encontrado / direccion no existe / direccion … no existe / usuario … no existe / cuenta … no existe
        destinatario invalido / direccion invalida / destinatario … no existe / destinatario … rechazado
        no se encontro / no se encuentra / usuario no encontrado / direccion desconocida / buzon … no existe
        """,
    ),
    Block(
        Cause.MAILBOX_FULL,
        "Spanish",
        "buzon lleno / buzon esta lleno / buzon … lleno / cuota excedida / cuota superada / cuota … excedida / cuota … superada / casilla llena / sin espacio / excedido … cuota / superado … cuota",
    ),
    Block(
        Cause.MAILBOX_DISABLED,
        "Spanish",
        "cuenta deshabilitada / cuenta … deshabilitada / cuenta desactivada / cuenta … desactivada / cuenta suspendida / cuenta … suspendida / cuenta bloqueada / cuenta inactiva / usuario inactivo / buzon deshabilitado / buzon desactivado",
    ),
    Block(Cause.IP_LISTED, "Spanish", "lista negra / listas negras"),
    Block(
        Cause.IP_BLOCKED,
        "Spanish",
        "ip … bloqueada / ip … bloqueado / ip bloqueada / ip … rechazada / servidor … bloqueado / conexion rechazada",
    ),
    Block(
        Cause.CONTENT,
        "Spanish",
        "correo no deseado / considerado spam / mensaje … spam / detectado … spam / contiene … virus / correo basura / adjunto … no permitido",
    ),
    Block(
        Cause.RATE_LIMITED,
        "Spanish",
        "demasiadas conexiones / demasiados mensajes / demasiados destinatarios / demasiados correos / limite de envio*",
    ),
    Block(
        Cause.TOO_LARGE,
        "Spanish",
        "mensaje demasiado grande / tamaño maximo / tamano maximo / excede el tamano / supera el tamano / tamano … excede*",
    ),
    Block(
        Cause.DOMAIN_BLOCKED,
        "Spanish",
        "remitente rechazado / remitente bloqueado / remitente … rechazado / remitente … bloqueado / remitente invalido / remitente desconocido / remitente no valido",
    ),
    Block(
        Cause.RELAY_DENIED,
        "Spanish",
        "relay no permitido / reenvio no permitido / relay denegado / no se permite … relay",
    ),
    Block(
        Cause.POLICY,
        "Spanish",
        "autenticacion requerida / acceso denegado / politica* / no autorizado / requiere autenticacion",
    ),
    Block(
        Cause.SERVER_FAULT,
        "Spanish",
        "error interno / error del sistema / temporalmente no disponible / servicio no disponible / intentelo mas tarde / intente mas tarde",
    ),
    Block(Cause.DOMAIN_UNKNOWN, "Spanish", "dominio no existe / dominio desconocido / dominio inexistente"),
    # Japanese: docomo, KDDI, SoftBank, domestic appliances
    Block(
        Cause.NO_SUCH_USER,
        "Japanese",
        """
        ユーザーが見つかりません / ユーザが見つかりません / ユーザー不明 / 宛先不明 / 宛先が見つかりません
        宛先が存在しません / 存在しません / アドレスが見つかり / 見つかりません / 宛先のメールアドレスが / 受信者が見つかりません
        存在しないユーザ / 存在しないアドレス / 宛先ユーザ / 該当するユーザ / アドレスが間違 / 見つけられませんでした
        """,
    ),
    Block(
        Cause.MAILBOX_FULL,
        "Japanese",
        "メールボックスがいっぱい / メールボックスが一杯 / 容量を超え / 容量オーバー / 容量制限 / 容量が不足 / いっぱいです / 保存容量 / メールボックスの容量 / クォータ",
    ),
    Block(
        Cause.MAILBOX_DISABLED,
        "Japanese",
        "アカウントが無効 / アカウントは無効 / アカウント停止 / 利用停止 / 利用を停止 / 解約 / 無効になって",
    ),
    Block(Cause.IP_LISTED, "Japanese", "ブラックリスト"),
    Block(Cause.GREYLISTED, "Japanese", "グレイリスト / グレーリスト"),
    Block(Cause.CONTENT, "Japanese", "迷惑メール / スパムと / スパムメール / ウイルス / ウィルス / 添付ファイル"),
    Block(
        Cause.TOO_LARGE,
        "Japanese",
        "サイズが大きすぎ / サイズが上限 / サイズ制限 / サイズが制限 / メールサイズ / サイズを超え / 大きすぎ",
    ),
    Block(Cause.RATE_LIMITED, "Japanese", "送信数 / 接続数 / 大量送信 / 通数制限 / 同報 / 送信制限"),
    Block(Cause.DOMAIN_BLOCKED, "Japanese", "送信者アドレス / 送信元アドレス / 差出人 / 送信者が拒否 / 送信ドメイン"),
    Block(Cause.IP_BLOCKED, "Japanese", "接続を拒否 / ipアドレスが拒否 / 送信元ip / ipアドレスからの"),
    Block(Cause.POLICY, "Japanese", "受信を拒否 / 受信拒否 / 拒否され / ポリシー / 許可されて / 認証が必要"),
    Block(Cause.DOMAIN_UNKNOWN, "Japanese", "ドメインが見つかり / ドメインが存在 / 不明なドメイン"),
    Block(Cause.EXPIRED, "Japanese", "配信できませんでした / タイムアウト / 再送"),
    Block(Cause.SERVER_FAULT, "Japanese", "システムエラー / 内部エラー / 一時的に / サーバエラー / サーバーエラー"),
    # Italian, Dutch, Portuguese
    Block(
        Cause.NO_SUCH_USER,
        "Italian, Dutch, Portuguese",
        """
        utente sconosciuto / utente inesistente / destinatario sconosciuto / indirizzo … inesistente / casella inesistente
        indirizzo non valido / utente non trovato / destinatario inesistente / casella … non esiste
        gebruiker onbekend / onbekende gebruiker / bestaat niet / onbekend adres / adres onbekend / onbekende ontvanger
        usuario nao existe / usuario inexistente / destinatario nao encontrado / caixa postal inexistente
        conta inexistente / endereco invalido / usuario nao encontrado / nao existe / conta … nao existe / endereco inexistente
        """,
    ),
    Block(
        Cause.MAILBOX_FULL,
        "Italian, Dutch, Portuguese",
        """
        casella piena / casella … piena / quota superata / casella di posta piena / postvak vol / postvak is vol / mailbox vol
        mailbox is vol / caixa postal cheia / caixa cheia / caixa de entrada … cheia / quota excedida / cota excedida / caixa … lotada
        """,
    ),
    Block(
        Cause.MAILBOX_DISABLED,
        "Italian, Dutch, Portuguese",
        """
        account disabilitato / casella disabilitata / account sospeso / casella sospesa / account geblokkeerd
        conta desativada / conta bloqueada / conta suspensa / conta … desativada
        """,
    ),
    Block(Cause.IP_LISTED, "Italian, Dutch, Portuguese", "lista nera / zwarte lijst / lista de bloqueio"),
    Block(Cause.POLICY, "Italian, Dutch, Portuguese", "accesso negato / toegang geweigerd / acesso negado"),
    Block(
        Cause.CONTENT, "Italian, Dutch, Portuguese", "posta indesiderata / ongewenste mail / mensagem rejeitada … spam"
    ),
    Block(
        Cause.RATE_LIMITED,
        "Italian, Dutch, Portuguese",
        "troppe connessioni / troppi messaggi / te veel / muitas conexoes / muitas mensagens",
    ),
    Block(
        Cause.TOO_LARGE,
        "Italian, Dutch, Portuguese",
        "messaggio troppo grande / bericht te groot / bericht is te groot / mensagem muito grande",
    ),
    # Polish, Russian, Chinese
    Block(
        Cause.NO_SUCH_USER,
        "Polish, Russian, Chinese",
        """
        nieznany uzytkownik / uzytkownik nieznany / nie istnieje / nie ma takiego / nieprawidlowy adres / nie znaleziono
        пользователь не найден / нет такого пользователя / пользователь не существует / не существует / неизвестный пользователь
        ящик не найден / адресат не найден / такого почтового ящика / получатель не найден
        用户不存在 / 收件人不存在 / 邮箱不存在 / 地址不存在 / 找不到用户 / 帐号不存在 / 账号不存在 / 不存在
        """,
    ),
    Block(
        Cause.MAILBOX_FULL,
        "Polish, Russian, Chinese",
        """
        skrzynka pelna / skrzynka jest pelna / skrzynka … pelna / przekroczono limit / przepełniona / przepelniona
        ящик переполнен / переполнен / превышена квота / квота превышена / 邮箱已满 / 已满 / 空间不足 / 超过配额
        """,
    ),
    Block(
        Cause.MAILBOX_DISABLED,
        "Polish, Russian, Chinese",
        """
        konto zablokowane / konto nieaktywne / konto … zablokowane / skrzynka zablokowana / ящик заблокирован / учетная запись заблокирована
        ящик отключен / аккаунт заблокирован / 帐号被禁用 / 账号被禁用 / 账号已停用 / 被禁用 / 已停用 / 被锁定
        """,
    ),
    Block(
        Cause.IP_LISTED,
        "Polish, Russian, Chinese",
        "czarna lista / czarnej liscie / черный список / черном списке / 黑名单",
    ),
    Block(
        Cause.CONTENT,
        "Polish, Russian, Chinese",
        "wiadomosc … spam / спам / спама / похоже на спам / вирус / 垃圾邮件 / 病毒 / 垃圾",
    ),
    Block(
        Cause.RATE_LIMITED,
        "Polish, Russian, Chinese",
        "zbyt wiele / слишком много / 频率 / 过于频繁 / 超过限制 / 连接过多",
    ),
    Block(
        Cause.TOO_LARGE,
        "Polish, Russian, Chinese",
        "zbyt duza / слишком большое / слишком велик / размер письма / 邮件过大 / 邮件太大",
    ),
    Block(Cause.POLICY, "Polish, Russian, Chinese", "odmowa dostepu / доступ запрещен / отказано / 拒收 / 拒绝"),
)
