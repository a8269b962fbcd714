"""Header sections as large as those of Exchange Online, made up: real names, invented values."""

from base64 import b64encode
from random import Random

HOSTS = ("SA1PR04MB1234", "BN8PR10MB4321", "DM6PR11MB2211", "CH2PR02MB7788", "AM0PR09MB3344")
RULES = (
    "13230040",
    "4073199012",
    "5073199012",
    "69100299015",
    "2092899012",
    "3092899012",
    "43540500003",
    "12012899012",
)


def exchange_headers(rng: Random) -> str:
    """One header section of some 10 kB, a third of it signatures and opaque state that nothing makes smaller."""
    inner, outer = rng.sample(HOSTS, 2)
    day = f"Mon, {rng.randrange(1, 29)} Nov 2026 {rng.randrange(24):02}:{rng.randrange(60):02}:{rng.randrange(60):02}"
    fold = "\r\n "
    signed = (
        "From:Date:Subject:Message-ID:Content-Type:MIME-Version:X-MS-Exchange-AntiSpam-MessageData-ChunkCount:"
        "X-MS-Exchange-AntiSpam-MessageData-0:X-MS-Exchange-AntiSpam-MessageData-1"
    )
    results = (
        "spf=pass (sender ip is 104.130.122.50) smtp.rcpttodomain=acme.example smtp.mailfrom=account.trimble.com; "
        "dmarc=pass (p=reject sp=reject pct=100) action=none header.from=account.trimble.com; dkim=pass "
        "(signature was verified) header.d=account.trimble.com; arc=none (0)"
    )
    hop = (
        f"from {inner}.namprd04.prod.outlook.com (2603:10b6:{rng.randrange(4096):x}::{rng.randrange(256):x})"
        f"{fold}by {outer}.namprd10.prod.outlook.com with HTTPS; {day} +0000"
    )
    fields = [
        *(
            f"Received: {hop.replace('HTTPS', protocol)}"
            for protocol in ("HTTPS", "Microsoft SMTP Server (version=TLS1_3, cipher=TLS_AES_256_GCM_SHA384) id 15.20")
        ),
        f"ARC-Seal: i=1; a=rsa-sha256; s=arcselector10001; d=microsoft.com; cv=none;{fold}b={_opaque(rng, 256)}",
        "ARC-Message-Signature: i=1; a=rsa-sha256; c=relaxed/relaxed; d=microsoft.com; s=arcselector10001;"
        f"{fold}h={signed};{fold}bh={_opaque(rng, 32)};{fold}b={_opaque(rng, 256)}",
        f"ARC-Authentication-Results: i=1; mx.microsoft.com 1; {results}",
        f"Authentication-Results: {results}",
        "DKIM-Signature: v=1; a=rsa-sha256; d=account.trimble.com; s=mail; h=From:To:Subject;"
        f"{fold}b={_opaque(rng, 256)}",
        "Received-SPF: Pass (protection.outlook.com: domain of account.trimble.com designates 104.130.122.50 as "
        f"permitted sender){fold}receiver=protection.outlook.com; client-ip=104.130.122.50; pr=C",
        f"Message-ID: <{_opaque(rng, 18)}@account.trimble.com>",
        f"X-MS-Exchange-Organization-Network-Message-Id: {rng.randbytes(16).hex()}",
        f"X-MS-Office365-Filtering-Correlation-Id: {rng.randbytes(16).hex()}",
        f"X-MS-TrafficTypeDiagnostic: {inner}:EE_|{outer}:EE_",
        *(
            f"X-MS-Exchange-Organization-{name}: {rng.choice(('0', '1', 'Anonymous', 'Incoming'))}"
            for name in ORGANIZATION
        ),
        f"X-Microsoft-Antispam: BCL:0;ARA:{'|'.join(rng.sample(RULES, 6))};",
        f"X-Forefront-Antispam-Report: CIP:104.130.122.50;CTRY:US;LANG:en;SCL:1;SRV:;IPV:NLI;SFV:NSPM;"
        f"H:account.trimble.com;PTR:account.trimble.com;CAT:NONE;SFS:({')('.join(rng.sample(RULES, 6))});DIR:INB;",
        *(f"X-MS-Exchange-CrossTenant-{name}: {rng.randbytes(8).hex()}" for name in CROSS_TENANT),
        f"X-MS-Exchange-AntiSpam-MessageData-0:{fold}{_opaque(rng, 620)}",
        f"X-Microsoft-Antispam-Message-Info:{fold}{_opaque(rng, 2000)}",
        "From: no-reply@account.trimble.com\r\nTo: probe@acme.example\r\nSubject: Your verification code",
        f"Date: {day} +0000",
    ]
    return "\r\n".join(fields) + "\r\n"


ORGANIZATION = (
    *("SCL", "ExpirationStartTime", "ExpirationStartTimeReason", "ExpirationInterval", "ExpirationIntervalReason"),
    *("MessageDirectionality", "AuthSource", "AuthAs", "PCL", "AVStatus", "Antispam-Report", "MxPointsToUs"),
    *("Transport-Properties", "HygienePolicy", "InitialCatAction", "OriginalSize", "FFO-ServiceTag", "Cross-Premises"),
)
CROSS_TENANT = (
    "Id",
    "OriginalArrivalTime",
    "FromEntityHeader",
    "AuthSource",
    "AuthAs",
    "Network-Message-Id",
    *("OriginalAttributedTenantConnectingIp", "RMS-PersistedConsumerOrg", "OriginalAttributedTenant", "Topology"),
)


def _opaque(rng: Random, octets: int) -> str:
    text = b64encode(rng.randbytes(octets)).decode()
    return "\r\n ".join(text[place : place + 72] for place in range(0, len(text), 72))
