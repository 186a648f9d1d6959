"""What postseal wants to reach, as ratios within one run, so that the machine does not matter."""

KB = 1024
KINDS = {"rsa": "RSA-2048", "ec": "P-256"}
# What; who; through whom; at most. A time is (job, column); with several, the least counts.
RATIOS = [
    ("import RSA-2048, detached, 2 KB, full / OpenSSL 3.0", ("import-rsa-detached-2k", "postseal-full"), [("import-rsa-detached-2k", "openssl30")], 0.5),
    ("the same, warm", ("import-rsa-detached-2k", "postseal-warm"), [("import-rsa-detached-2k", "openssl30")], 0.2),
    ("the same, hot", ("import-rsa-detached-2k", "postseal-hot"), [("import-rsa-detached-2k", "openssl30")], 0.1),
    ("import P-256, detached, 2 KB, full / OpenSSL 3.0", ("import-ec-detached-2k", "postseal-full"), [("import-ec-detached-2k", "openssl30")], 0.8),
    ("the same, warm", ("import-ec-detached-2k", "postseal-warm"), [("import-ec-detached-2k", "openssl30")], 0.5),
    *((f"seal 2 KB for {count} {KINDS[keys]} / OpenSSL 3.0", (f"seal-{keys}-2k-{count}-cbc-v15-smime", "postseal"),
       [(f"seal-{keys}-2k-{count}-cbc-v15-smime", "openssl30")], 0.8) for keys in KINDS for count in (1, 1000)),
    ("import 25 MB detached / SHA-256 over the same octets", ("import-rsa-detached-25m", "postseal-warm"),
     [("import-rsa-detached-25m-sha256", "postseal"), ("import-rsa-detached-25m-sha256", "openssl30")], 1.15),
    ("import 25 MB opaque / SHA-256 over its content", ("import-rsa-opaque-25m", "postseal-warm"),
     [("import-rsa-detached-25m-sha256", "postseal"), ("import-rsa-detached-25m-sha256", "openssl30")], 1.5),
    ("import 25 MB BER / SHA-256 over its content", ("import-rsa-ber-25m", "postseal-warm"),
     [("import-rsa-detached-25m-sha256", "postseal"), ("import-rsa-detached-25m-sha256", "openssl30")], 1.5),
    ("seal 25 MB AES-256-CBC to a sink / the cipher alone", ("seal-rsa-25m-1-cbc-v15-sink-stream", "postseal"),
     [("seal-rsa-25m-1-cbc-v15-raw", "postseal"), ("seal-rsa-25m-1-cbc-v15-raw", "openssl30")], 1.25),
    ("seal 25 MB AES-256-GCM to a sink / OpenSSL 3.0", ("seal-rsa-25m-1-gcm-v15-sink-stream", "postseal"),
     [("seal-rsa-25m-1-gcm-v15-sink-stream", "openssl30")], 0.7),
    ("seal 25 MB AES-256-GCM in memory / OpenSSL 3.0", ("seal-rsa-25m-1-gcm-v15-smime", "postseal"),
     [("seal-rsa-25m-1-gcm-v15-smime", "openssl30"), ("seal-rsa-25m-1-gcm-v15-smime-stream", "openssl30")], 0.7),
]
# Octets beyond the input while a detached mail is imported.
MEMORY = 2 * KB * KB
# time(2n) / time(n).
GROWTH = 2.2


def ratios(results):
    """Rows of (what, ratio, at most); the ratio is None when a side was not measured."""
    times = {(row["job"], key): cell["us"] for part in ("import", "seal", "yardstick") for row in results.get(part, [])
             for key, cell in row["columns"].items() if "us" in cell}
    for what, ours, others, most in RATIOS:
        measured = [times[other] for other in others if other in times]
        yield what, times[ours] / min(measured) if ours in times and measured else None, most


def is_bounded(row):
    """Whether a row of memory has a goal: detached content is never held, nor is what is sealed in pieces."""
    return "detached" in row["what"] or "in pieces" in row["what"]
