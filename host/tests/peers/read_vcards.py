"""Prints the address and the certificate of each vCard, one in each, in a file, both in base64. Exit code 77: no vobject."""
import base64
import io
import sys

try:
    import vobject
except ImportError:
    sys.exit(77)

PREFIX = "data:application/pkix-cert;base64,"
with open(sys.argv[1], encoding="utf-8", newline="") as file:
    text = file.read()
cards = list(vobject.readComponents(text))
# vobject takes every value for text; that of KEY is a URI, whose commas are its own (RFC 6350 6.8.1), so it is taken as it stands.
lines = [vobject.base.parseLine(line) for line, _ in vobject.base.getLogicalLines(io.StringIO(text), allowQP=False)]
keys = [value for name, _, value, _ in lines if name.upper() == "KEY"]
assert len(keys) == len(cards), (len(keys), len(cards))
for card, key in zip(cards, keys):
    assert card.version.value == "4.0" and card.fn.value == card.email.value, card
    assert key.startswith(PREFIX), key[:60]
    print(base64.b64encode(card.email.value.encode()).decode(), key[len(PREFIX):])
