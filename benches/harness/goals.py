"""What postseal wants to reach, as ratios within one run, so that the machine does not matter."""

KB = 1024
# What; who; through whom; at most. A time is (job, column); with several, the least counts.
RATIOS = [
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
    """Rows of (what, ratio, at most) for all that was measured."""
    times = {(row["job"], key): cell["us"] for part in ("import", "seal", "yardstick") for row in results.get(part, [])
             for key, cell in row["columns"].items() if "us" in cell}
    for what, ours, others, most in RATIOS:
        measured = [times[other] for other in others if other in times]
        if ours in times and measured:
            yield what, times[ours] / min(measured), most


def is_bounded(row):
    """Whether a row of memory has a goal: detached content is never held."""
    return "detached" in row["what"]
