"""Phrases of mail systems in other languages than English. Accents are removed before the search."""

from probes.outcome import Cause
from probes.reading.replies.table import PhraseSource, Rows

ROWS: Rows = {
    PhraseSource("", "German"): {
        Cause.NO_SUCH_USER: """
            benutzer unbekannt / unbekannter benutzer / empfanger unbekannt / unbekannter empfanger
            adresse unbekannt / empfanger nicht gefunden / benutzer nicht gefunden / postfach existiert nicht
            empfanger existiert nicht / adresse existiert nicht / konto existiert nicht / benutzer existiert nicht
            kein solcher benutzer / postfach nicht gefunden / ungultiger empfanger / ungultige empfangeradresse
            empfangeradresse … existiert nicht / empfangeradresse … ungultig / kein postfach
            empfanger … nicht bekannt / ist nicht im … verzeichnis / konnte nicht gefunden werden / nicht vorhanden
            """,
        Cause.MAILBOX_FULL: """
            postfach voll / postfach ist voll / postfach … ist voll / postfach des empfangers … voll / speicherplatz
            kontingent … uberschritten / quota uberschritten / mailbox voll / mailbox ist voll / uberfullt
            """,
        Cause.MAILBOX_DISABLED: """
            postfach gesperrt / postfach ist gesperrt / konto gesperrt / konto ist gesperrt / konto deaktiviert
            postfach deaktiviert / postfach … deaktiviert / konto … deaktiviert / benutzer gesperrt / nicht mehr aktiv
            """,
        Cause.IP_LISTED: """
            steht auf … blacklist / auf … sperrliste / auf einer schwarzen liste / auf … schwarzen liste
            """,
        Cause.IP_BLOCKED: """
            ip-adresse … gesperrt / ip-adresse … blockiert / ip … gesperrt / server … gesperrt / verbindung abgelehnt
            """,
        Cause.CONTENT: """
            als spam / spamverdacht / spam-verdacht / unerwunschte werbung / virus gefunden / enthalt … virus
            anhang … nicht erlaubt
            """,
        Cause.TOO_LARGE: """
            nachricht zu gross / nachricht ist zu gross / nachricht zu groß / zu groß / e-mail … zu gross
            maximale … grosse / maximale … große
            """,
        Cause.RATE_LIMITED: """
            zu viele verbindungen / zu viele nachrichten / zu viele empfanger / zu viele e-mails / zu viele
            """,
        Cause.DOMAIN_BLOCKED: """
            absender … abgelehnt / absender … gesperrt / absenderadresse … abgelehnt / ungultiger absender
            absender … ungultig / absender unbekannt
            """,
        Cause.RELAY_DENIED: "weiterleitung … nicht erlaubt / relaying nicht erlaubt / relay nicht erlaubt",
        Cause.AUTHENTICATION: "absender … nicht authentifiziert",
        Cause.POLICY: """
            richtlinie* / zugriff verweigert / annahme verweigert / authentifizierung erforderlich / nicht berechtigt
            """,
        Cause.SERVER_FAULT: """
            interner fehler / systemfehler / vorubergehend nicht verfugbar / vorubergehender fehler
            konfigurationsfehler
            """,
        Cause.EXPIRED: """
            nicht zugestellt werden konnte innerhalb / zustellung … aufgegeben / zustellversuche
            """,
        Cause.DOMAIN_UNKNOWN: "domain existiert nicht / domain unbekannt / domane unbekannt / unbekannte domain",
    },
    PhraseSource("", "French"): {
        Cause.NO_SUCH_USER: """
            utilisateur inconnu / destinataire inconnu / adresse inconnue / adresse invalide / adresse … invalide
            compte inexistant / adresse inexistante / boite inexistante / utilisateur inexistant / n'existe pas
            destinataire … introuvable / utilisateur … introuvable / adresse introuvable / destinataire incorrect
            destinataire … inexistant* / boite aux lettres … inconnue / n'a pas ete trouve*
            """,
        Cause.MAILBOX_FULL: """
            boite pleine / boite … pleine / quota depasse / quota … depasse / espace … insuffisant / boite saturee
            boite … saturee
            """,
        Cause.MAILBOX_DISABLED: """
            compte bloque / compte … bloque / compte … desactive / compte desactive / compte suspendu
            compte … suspendu / boite desactivee / compte ferme / compte resilie / boite … archivee
            """,
        Cause.IP_LISTED: "liste noire / listes noires",
        Cause.IP_BLOCKED: """
            adresse ip … bloquee / ip … bloquee / ip … refusee / connexion refusee / serveur … bloque
            """,
        Cause.CONTENT: """
            mail rejete / message rejete … spam / considere comme … spam / indesirable / pourriel / contient un virus
            piece jointe … interdite
            """,
        Cause.RATE_LIMITED: """
            trop de connexions / trop de messages / trop de destinataires / trop de requetes / trop de mails
            ralentir
            """,
        Cause.TOO_LARGE: """
            message trop volumineux / message trop gros / taille maximale / taille du message / trop volumineux
            """,
        Cause.DOMAIN_BLOCKED: """
            expediteur refuse / expediteur invalide / emetteur refuse / emetteur … refuse / expediteur … bloque
            expediteur … rejete / expediteur inconnu / domaine … expediteur
            """,
        Cause.GREYLISTED: "liste grise",
        Cause.RELAY_DENIED: "relais … refuse / relais refuse / relais … interdit / relayage",
        Cause.POLICY: """
            authentification requise / politique de securite / acces refuse / acces interdit
            non autorise
            """,
        Cause.SERVER_FAULT: """
            erreur interne / erreur systeme / temporairement indisponible / momentanement indisponible
            service indisponible / service refuse
            """,
        Cause.DOMAIN_UNKNOWN: "domaine inconnu / domaine inexistant / domaine introuvable",
    },
    PhraseSource("", "Spanish"): {
        Cause.GREYLISTED: "lista gris / listas grises / rechazo temporal",
        Cause.NO_SUCH_USER: """
            usuario desconocido / usuario no existe / usuario inexistente / destinatario desconocido
            no existe el usuario / destinatario no existe / cuenta no existe / cuenta inexistente / buzon no existe
            buzon inexistente / buzon no encontrado / direccion no existe / direccion … no existe
            usuario … no existe / cuenta … no existe / destinatario invalido / direccion invalida
            destinatario … no existe / destinatario … rechazado / no se encontro / no se encuentra
            usuario no encontrado / direccion desconocida / buzon … no existe
            """,
        Cause.MAILBOX_FULL: """
            buzon lleno / buzon esta lleno / buzon … lleno / cuota excedida / cuota superada / cuota … excedida
            cuota … superada / casilla llena / sin espacio / excedido … cuota / superado … cuota
            """,
        Cause.MAILBOX_DISABLED: """
            cuenta deshabilitada / cuenta … deshabilitada / cuenta desactivada / cuenta … desactivada
            cuenta suspendida / cuenta … suspendida / cuenta bloqueada / cuenta inactiva / usuario inactivo
            buzon deshabilitado / buzon desactivado
            """,
        Cause.IP_LISTED: "lista negra / listas negras",
        Cause.IP_BLOCKED: """
            ip … bloqueada / ip … bloqueado / ip bloqueada / ip … rechazada / servidor … bloqueado
            conexion rechazada
            """,
        Cause.CONTENT: """
            correo no deseado / considerado spam / mensaje … spam / detectado … spam / contiene … virus
            correo basura / adjunto … no permitido
            """,
        Cause.RATE_LIMITED: """
            demasiadas conexiones / demasiados mensajes / demasiados destinatarios / demasiados correos
            limite de envio*
            """,
        Cause.TOO_LARGE: """
            mensaje demasiado grande / tamaño maximo / tamano maximo / excede el tamano / supera el tamano
            tamano … excede*
            """,
        Cause.DOMAIN_BLOCKED: """
            remitente rechazado / remitente bloqueado / remitente … rechazado / remitente … bloqueado
            remitente invalido / remitente desconocido / remitente no valido
            """,
        Cause.RELAY_DENIED: "relay no permitido / reenvio no permitido / relay denegado / no se permite … relay",
        Cause.POLICY: """
            autenticacion requerida / acceso denegado / politica* / no autorizado / requiere autenticacion
            """,
        Cause.SERVER_FAULT: """
            error interno / error del sistema / temporalmente no disponible / servicio no disponible
            intentelo mas tarde / intente mas tarde
            """,
        Cause.DOMAIN_UNKNOWN: "dominio no existe / dominio desconocido / dominio inexistente",
    },
    PhraseSource("", "Japanese"): {
        Cause.NO_SUCH_USER: """
            ユーザーが見つかりません / ユーザが見つかりません / ユーザー不明 / 宛先不明
            宛先が見つかりません / 宛先が存在しません / 存在しません / アドレスが見つかり / 見つかりません
            宛先のメールアドレスが / 受信者が見つかりません / 存在しないユーザ / 存在しないアドレス
            宛先ユーザ / 該当するユーザ / アドレスが間違 / 見つけられませんでした
            """,
        Cause.MAILBOX_FULL: """
            メールボックスがいっぱい / メールボックスが一杯 / 容量を超え / 容量オーバー / 容量制限
            容量が不足 / いっぱいです / 保存容量 / メールボックスの容量 / クォータ
            """,
        Cause.MAILBOX_DISABLED: """
            アカウントが無効 / アカウントは無効 / アカウント停止 / 利用停止 / 利用を停止 / 解約 / 無効になって
            """,
        Cause.IP_LISTED: "ブラックリスト",
        Cause.GREYLISTED: "グレイリスト / グレーリスト",
        Cause.CONTENT: "迷惑メール / スパムと / スパムメール / ウイルス / ウィルス / 添付ファイル",
        Cause.TOO_LARGE: """
            サイズが大きすぎ / サイズが上限 / サイズ制限 / サイズが制限 / メールサイズ / サイズを超え / 大きすぎ
            """,
        Cause.RATE_LIMITED: "送信数 / 接続数 / 大量送信 / 通数制限 / 同報 / 送信制限",
        Cause.DOMAIN_BLOCKED: "送信者アドレス / 送信元アドレス / 差出人 / 送信者が拒否 / 送信ドメイン",
        Cause.IP_BLOCKED: "接続を拒否 / ipアドレスが拒否 / 送信元ip / ipアドレスからの",
        Cause.POLICY: "受信を拒否 / 受信拒否 / 拒否され / ポリシー / 許可されて / 認証が必要",
        Cause.DOMAIN_UNKNOWN: "ドメインが見つかり / ドメインが存在 / 不明なドメイン",
        Cause.EXPIRED: "配信できませんでした / タイムアウト / 再送",
        Cause.SERVER_FAULT: "システムエラー / 内部エラー / 一時的に / サーバエラー / サーバーエラー",
    },
    PhraseSource("", "Italian, Dutch, Portuguese"): {
        Cause.NO_SUCH_USER: """
            utente sconosciuto / utente inesistente / destinatario sconosciuto / indirizzo … inesistente
            casella inesistente / indirizzo non valido / utente non trovato / destinatario inesistente
            casella … non esiste / gebruiker onbekend / onbekende gebruiker / bestaat niet / onbekend adres
            adres onbekend / onbekende ontvanger / usuario nao existe / usuario inexistente
            destinatario nao encontrado / caixa postal inexistente / conta inexistente / endereco invalido
            usuario nao encontrado / nao existe / conta … nao existe / endereco inexistente
            """,
        Cause.MAILBOX_FULL: """
            casella piena / casella … piena / quota superata / casella di posta piena / postvak vol / postvak is vol
            mailbox vol / mailbox is vol / caixa postal cheia / caixa cheia / caixa de entrada … cheia
            quota excedida / cota excedida / caixa … lotada
            """,
        Cause.MAILBOX_DISABLED: """
            account disabilitato / casella disabilitata / account sospeso / casella sospesa / account geblokkeerd
            conta desativada / conta bloqueada / conta suspensa / conta … desativada
            """,
        Cause.IP_LISTED: "lista nera / zwarte lijst / lista de bloqueio",
        Cause.POLICY: "accesso negato / toegang geweigerd / acesso negado",
        Cause.CONTENT: "posta indesiderata / ongewenste mail / mensagem rejeitada … spam",
        Cause.RATE_LIMITED: "troppe connessioni / troppi messaggi / te veel / muitas conexoes / muitas mensagens",
        Cause.TOO_LARGE: """
            messaggio troppo grande / bericht te groot / bericht is te groot / mensagem muito grande
            """,
    },
    PhraseSource("", "Polish, Russian, Chinese"): {
        Cause.NO_SUCH_USER: """
            nieznany uzytkownik / uzytkownik nieznany / nie istnieje / nie ma takiego / nieprawidlowy adres
            nie znaleziono / пользователь не найден / нет такого пользователя / пользователь не существует
            не существует / неизвестный пользователь / ящик не найден / адресат не найден / такого почтового ящика
            получатель не найден / 用户不存在 / 收件人不存在 / 邮箱不存在
            地址不存在 / 找不到用户 / 帐号不存在 / 账号不存在 / 不存在
            """,
        Cause.MAILBOX_FULL: """
            skrzynka pelna / skrzynka jest pelna / skrzynka … pelna / przekroczono limit / przepełniona / przepelniona
            ящик переполнен / переполнен / превышена квота / квота превышена / 邮箱已满 / 已满 / 空间不足 / 超过配额
            """,
        Cause.MAILBOX_DISABLED: """
            konto zablokowane / konto nieaktywne / konto … zablokowane / skrzynka zablokowana / ящик заблокирован
            учетная запись заблокирована / ящик отключен / аккаунт заблокирован / 帐号被禁用
            账号被禁用 / 账号已停用 / 被禁用 / 已停用
            被锁定
            """,
        Cause.IP_LISTED: "czarna lista / czarnej liscie / черный список / черном списке / 黑名单",
        Cause.CONTENT: "wiadomosc … spam / спам / спама / похоже на спам / вирус / 垃圾邮件 / 病毒 / 垃圾",
        Cause.RATE_LIMITED: "zbyt wiele / слишком много / 频率 / 过于频繁 / 超过限制 / 连接过多",
        Cause.TOO_LARGE: "zbyt duza / слишком большое / слишком велик / размер письма / 邮件过大 / 邮件太大",
        Cause.POLICY: "odmowa dostepu / доступ запрещен / отказано / 拒收 / 拒绝",
    },
}
