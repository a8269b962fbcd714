"""Words of other languages that notices and replies use, and the English ones that they are read as.

So what was learnt from English replies holds for others, too: "Postfach voll" and "boîte pleine" are both read as
"mailbox full". Each entry is the beginning of a word without accents, in lower case, because endings differ by case,
gender and person; `=` before it means the whole word. None begins an English word of the kind that replies use.
Chinese and Japanese words are of two signs, as `words` divides their texts.
"""

from collections.abc import Mapping

TRANSLATED: Mapping[str, str] = {
    "mailbox": """
        postfach postfaech postbus brevlada postkass postboks skrzynk schrank postafiok casut casella buzon
        boite posteingang yascik скринь ящик почтов кутия 邮箱 信箱 郵箱 편지 일함 ホッ ボッ
    """,
    "full": """
        =voll =volle =vollen =plein =pleine =plena =lleno =llena =piena =pieno =cheia =cheio =vol =fuld =fullt
        taynna =pelna =pelny zapelnion =plna =plny megtelt =plina =plin =dolu doldu saturee =sature переполн
        заповн =полон пълн 已满 已滿 満杯 가득 포화
    """,
    "quota": """
        kontingent =kvot =kvote kvota kvoten cuota =cota =cotas quotum kiintio =limitu =kota kotasi квот 配额
        配額
    """,
    "storage space": """
        speicherplatz =speicher espace =espacio almacenamiento =spazio espaco armazenamento =ruimte utrymme
        =plads =plass =miejsca =mista tarhely =spatiu =alani места =место дискового 空间 空間 容量 용량 공간
    """,
    "exceed": """
        ueberschrit uberschrit uberstieg depasse =superado =superada excedid superat ultrapassad overschreden
        overskred overskrid ylitet przekrocz prekroc tullept depasit asildi asiyor превы перевищ 超过 超過 超出
        초과
    """,
    "user": """
        benutzer utilisateur usuari utente utilizador gebruiker anvandar bruker =bruger kayttaj uzytkownik
        uzivatel pouzivatel felhasznal utilizator kullanici пользовател користувач потребител 用户 用戶 用者
        용자 회원 ユー
    """,
    "recipient": """
        empfaenger empfanger destinatair destinatari ontvanger geadresseerd mottagar mottaker modtager
        vastaanottaj odbiorc adresat prijemc prijemca cimzett =alici alicinin получател одержувач адресат παραλη
        收件 宛先 수신
    """,
    "address": """
        adresse anschrift direccion indirizz endereco =adres =adresu adressen osoit adresa =cim adresi адрес
        διευθ 地址 アド 주소
    """,
    "account": """
        =konto kontos kontoen =compte =cuenta =conta =contas rekening =ucet uctu =fiok hesap hesabi =contul
        учетн аккаунт облік 帐号 账号 帳號 账户 帳戶 계정 アカ
    """,
    "domain": """
        =domaine =domaines dominio domein =doman domanen domenet domaen domen domena verkkotunnus домен 域名
        網域 ドメ 도메
    """,
    "server": """
        serveur servidor palvelin serwer kiszolgal sunucu сервер διακομιστ 服务 伺服 サー 서버
    """,
    "sender": """
        absender expediteur remitente mittente remetente afzender avsandar avsender afsender lahettaj nadawc
        odesilatel odosielatel =felado expeditor gonderen отправител відправник 发件 寄件 差出 발신
    """,
    "message": """
        nachricht mensaje messaggio mensagem bericht meddeland melding beskeden =besked viesti wiadomosc zprav
        uzenet mesajul iletiniz =ileti сообщени письм повідомлен 邮件 郵件 メー 메일
    """,
    "not exist": """
        =inexistant inexistant inexistent inesistent neexist nieistniej несуществ
    """,
    "exist": """
        existier =existe =existent =esiste =esistono bestaat =bestaan eksister =finns =finnes =findes istniej
        =exista letezik mevcut существ існу съществ 存在 존재
    """,
    "not": """
        =nicht =kein =keine =keinen =pas =aucun =aucune =niet =geen =inte =ikke =ingen =ei =nie =nem =nu =yok
        =не =нет =немає =няма =δεν =nao =nije 没有 沒有 不存 无法 無法 未能 未找 せん 없습 없는 않습 않는
    """,
    "unknown": """
        unbekannt inconnu desconocid sconosciut desconhecid onbekend =okand =okant =ukjent =ukendt tuntemat
        nieznan neznam ismeretlen necunoscut bilinm неизвест невідом непозна αγνωστ 不明 未知
    """,
    "found": """
        gefunden =trouve =trouvee encontrad trovat gevonden hittad =funnet =fundet loydy loytyn znalezion
        nalezen talalhat gasit bulun найден знайден 找到 見つ 찾을
    """,
    "not found": """
        introuvabl 找不 查无 查無
    """,
    "blocked": """
        gesperrt blockiert bloque bloquead bloccat geblokkeer sparrad =sperret blokeret zablokow blokovan blocat
        engellen заблокир заблоко 封锁 封鎖 屏蔽 차단
    """,
    "rejected": """
        abgelehnt abgewiesen zurueckgewiesen zuruckgewiesen rechazad rifiutat recusad rejeitad geweigerd avvisad
        avvist afvist hylat odrzuc odmitn visszautasit respins reddedil отклон відхил отказ 拒绝 拒絕 拒收 拒否
        거부
    """,
    "disabled": """
        deaktivier stillgelegt desactiv deshabilit disabilitat disattivat desativad uitgeschakel avstang
        deaktiver wylaczon nieaktywn =zrusen zrusena letilt dezactivat отключ вимкн 停用 禁用 停止 無効 정지
        중지
    """,
    "closed": """
        geschlossen =fermee =ferme cloturee =cerrada cerrado =chiusa =chiuso encerrad =lukket =suljettu
        opgeheven zamkniet =zavren kapatil закрыт 注销 解約 해지 탈퇴
    """,
    "suspended": """
        suspendu suspendid =sospeso =sospesa suspens =zawieszon pozastaven askiya приостановл 冻结 凍結 休眠
        휴면
    """,
    "spam": """
        pourriel skrappost soppelpost roskapost =nevyzadan спам anbefordert unerwunscht indesirabl 垃圾 迷惑
        スパ 스팸 広告
    """,
    "virus": """
        вирус вірус wirus haittaohjelm schadsoftware schadprogramm 病毒 ウイ ウィ 바이
    """,
    "list": """
        =liste =lista =listas listan =lijst =listina =список списке 名单 清单 名單
    """,
    "blacklist": """
        =noire =negra =nera =zwarte =czarn czarnej cerne черн чорн
    """,
    "policy": """
        richtlinie politique politica beleid =regler regeln zasady pravidl szabaly правил политик 策略 政策 ポリ
        정책
    """,
    "permission": """
        berechtig autorisation permiso autorizz permissao toestemming behorighet uprawnien opravnen jogosult
        разрешен 权限 權限 権限 권한
    """,
    "large": """
        =gross =grosse volumineu =grande =groot =stor =stort =suuri =duza =duze =velka =velke =nagy buyuk больш
        велик 过大 太大 大き
    """,
    "size": """
        groesse =taille =tamano dimensione =tamanho =grootte storrelse storlek =koko rozmiar velikost meret
        boyut размер розмір 大小 サイ 크기
    """,
    "many": """
        =viele =vielen =trop =demasiad demasiados demasiadas =troppi =troppe =muitas =muitos =veel =monta =wiele
        =mnoho =fazla много багато 过多 太多 大量 너무
    """,
    "limit": """
        =grenze =limite =limites =limiet =gransen =raja =limit limitu =sinir лимит ліміт 限制 上限 제한
    """,
    "connection": """
        verbindung connexion conexion connession conexao verbinding anslutning forbindelse yhtey polaczeni
        spojeni pripojeni kapcsolat baglanti соединен підключ связ 连接 連線 接続 접속 연결
    """,
    "respond": """
        antwortet =repond =responde =risponde reageert =svarar =svarer =vastaa odpowiada odpovida valaszol yanit
        отвеча αποκρ 响应 回應 応答 응답
    """,
    "reach": """
        erreichbar joignabl alcanzab raggiung bereikbaar
    """,
    "internal": """
        =interner =interne =interno =interna =internt =wewnetrzn vnitrni =belso внутрен внутріш 内部 內部 내부
    """,
    "error": """
        fehler erreur =errore =erro =fout =feil =fejl virhe =blad =chyba =hiba =eroare =hata ошибк помилк грешк
        错误 錯誤 エラ 오류
    """,
    "temporary": """
        voruebergehend vorubergehend temporair temporaneament tijdelijk tillfallig midlertidig tilapai tymczasow
        docasn ideiglenes gecici временн тимчасов 暂时 暫時 一時 일시
    """,
    "time out": """
        zeitueberschreitung zeituberschreitung =abgelaufen 超时 逾時
    """,
    "signature": """
        =assinatura podpis =podpisu подпис 签名 署名 서명
    """,
    "attachment": """
        =anhang anhange =anlage =adjunto adjuntos allegat =anexo =anexos bijlage =bilaga vedlegg =bilag =liite
        zalaczn prilo csatolm вложен 附件 添付 첨부
    """,
    "forbidden": """
        verboten =verbot interdit prohibid vietat proibid verboden forbjud forbudt kielletty zabron zakazan
        tilos запрещ заборон 禁止 금지
    """,
    "allowed": """
        =erlaubt zulassig autoris permitid consentit toegestaan tillat =tilladt sallit dozwolon povolen 允许
        允許 許可 허용
    """,
    "group": """
        =gruppe =groupe =grupo =gruppo =groep =gruppen =grupy =skupin skupine =csoport =grubu групп 群组 群組
        グル 그룹
    """,
    "queue": """
        warteschlange wachtrij =cola =coda =fila kolejc очеред 队列 佇列
    """,
    "encryption": """
        verschluessel verschlussel chiffrement cifrad cifratur criptograf kryptering szyfrow sifrov шифров 加密
        暗号 암호
    """,
    "certificate": """
        zertifikat sertifik certifikat сертифик 证书 證書 証明 인증
    """,
    "greylist": """
        grauliste graue 灰名 グレ
    """,
    "per hour": """
        stunde =heure =heures =hora =horas =uur godzin hodin 小时 小時 時間当
    """,
    "authentication": """
        authentifizier autenticac autenticaz autentificac authentificat проверк аутентиф 验证 驗證 認証
    """,
}
