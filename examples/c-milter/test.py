#!/usr/bin/env python3
"""Speaks the milter protocol (version 6) to `c_milter`, as Postfix does:  test.py FOLDER PROGRAM...

PROGRAM is `c_milter`, or valgrind and it. FOLDER has `alice.eml` and `henry.eml`, signed under `anchors.pem`; they read no authenticated
content encryption in common. A mail that was sealed to her is left in `sealed.eml` there.
"""

import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

LEADING_SPACE, ACTIONS = 0x100000, 0x1FF


class Connection:
    """One client of the mail server, and what the milter answers."""

    def __init__(self, path: Path):
        self.socket = socket.socket(socket.AF_UNIX)
        for _ in range(600):
            try:
                self.socket.connect(str(path))
                break
            except OSError:
                time.sleep(0.1)
        self.send(b"O", struct.pack(">III", 6, ACTIONS, 0x1FFFFF))
        command, data = self.receive()
        assert command == b"O" and struct.unpack(">III", data[:12])[2] & LEADING_SPACE, (command, data)
        self.ask(b"C", b"client.example\x004" + struct.pack(">H", 4242) + b"127.0.0.1\0")
        self.ask(b"H", b"client.example\0")

    def send(self, command, data=b""):
        self.socket.sendall(struct.pack(">I", len(data) + 1) + command + data)

    def receive(self):
        length = struct.unpack(">I", self.octets(4))[0]
        packet = self.octets(length)
        return packet[:1], packet[1:]

    def octets(self, count):
        data = b""
        while len(data) < count:
            more = self.socket.recv(count - len(data))
            assert more, "the milter has hung up"
            data += more
        return data

    def ask(self, command, data=b"", expect=b"c"):
        self.send(command, data)
        answer = self.receive()
        assert answer[0] == expect, (command, answer)

    def mail(self, sender, recipients, mail):
        """The mail after what the milter changed in it, or the code and text with which it refuses it."""
        self.ask(b"M", f"<{sender}>\0".encode())
        for recipient in recipients:
            self.ask(b"R", f"<{recipient}>\0".encode())
        header, _, body = mail.partition(b"\r\n\r\n")
        fields = []
        for line in header.split(b"\r\n"):
            if line[:1] in b" \t" and fields:
                fields[-1] += b"\n" + line
            else:
                fields.append(line)
        fields = [field.split(b":", 1) for field in fields]
        for name, value in fields:
            self.ask(b"L", name + b"\0" + value + b"\0")
        self.ask(b"N")
        for at in range(0, len(body), 65535):
            self.ask(b"B", body[at : at + 65535])
        self.send(b"E")
        replaced = b""
        while True:
            command, data = self.receive()
            if command == b"m":
                number, (name, value) = struct.unpack(">I", data[:4])[0], data[4:].split(b"\0")[:2]
                assert not value
                found = [field for field in fields if field[0].lower() == name.lower()]
                fields = [field for field in fields if field is not found[number - 1]]
            elif command == b"h":
                fields.append(data.split(b"\0")[:2])
            elif command == b"b":
                replaced += data
            elif command == b"y":
                return data.rstrip(b"\0")
            else:
                assert command in (b"c", b"a"), (command, data)
                header = b"\r\n".join(name + b":" + value.replace(b"\n", b"\r\n") for name, value in fields)
                return header + b"\r\n\r\n" + (replaced or body)


def main():
    folder, program = Path(sys.argv[1]), sys.argv[2:]
    alice, me = "alice@goal.example", "me@ours.example"
    configuration = folder / "postseal.toml"
    configuration.write_text(
        f'trust = ["{folder}/anchors.pem"]\nimport = true\nstore = "sqlite:milter.db"\n'
        '[encrypt]\npreset = "strict-aead"\n'
    )
    socket_path = folder / "milter.sock"
    process = subprocess.Popen([*program, str(configuration), f"unix:{socket_path}", "ours.example"])
    plain = f"To: Alice <{alice}>\r\nSubject: hello\r\nContent-Type: text/plain;\r\n charset=utf-8\r\n\r\nin confidence\r\n".encode()
    try:
        connection = Connection(socket_path)
        signed = (folder / "alice.eml").read_bytes()
        tampered = signed.replace(b"is signed", b"is changed")
        assert tampered != signed
        assert connection.mail(me, [alice], plain) == b"550 5.7.5 postseal: no-certificate"
        assert connection.mail("alice@goal.example", [me], tampered) == tampered
        assert connection.mail(me, [alice], plain) == b"550 5.7.5 postseal: no-certificate", "nothing was learned"
        assert connection.mail("alice@goal.example", [me], signed) == signed
        sealed = connection.mail(me, [alice], plain)
        assert b"enveloped-data" in sealed.lower() and b"in confidence" not in sealed and b"Subject: hello" in sealed
        (folder / "sealed.eml").write_bytes(sealed)
        large = plain + b"0123456789abcde\r\n" * 20_000
        assert len(connection.mail(me, [alice], large)) > len(large), "a body in several packets, both ways"
        hidden = b"550 5.7.5 postseal: a hidden recipient needs a message of its own"
        assert connection.mail(me, [alice, "boss@goal.example"], plain) == hidden
        assert connection.mail(me, [alice, "lice@goal.example"], plain) == hidden, "only a part of an address"
        assert connection.mail(me, [alice], sealed) == b"550 5.7.5 postseal: already-encrypted"
        again = connection.mail(me, [alice, "Alice@GOAL.example", alice], plain)
        assert b"enveloped-data" in again.lower(), "one recipient, named several times"
        henry = "henry@goal.example"
        assert connection.mail(henry, [me], (folder / "henry.eml").read_bytes()), "he reads AES-128-GCM and nothing else"
        assert b"enveloped-data" in connection.mail(me, [henry], plain.replace(alice.encode(), henry.encode())).lower()
        both = plain.replace(b"To: ", f"To: {henry}, ".encode())
        assert connection.mail(me, [alice, henry], both) == b"550 5.7.5 postseal: the recipients need messages of their own"
        too_large = b"550 5.7.5 postseal: the mail is too large"
        for mail in [signed + b"0123456789abcde\r\n" * (50 << 16), (b"A: " + b"b" * 60_000 + b"\r\n") * 900 + signed]:
            assert connection.mail(alice, [me], mail) == mail, "only learned from, so it passes"
            assert connection.mail(me, [alice], mail) == too_large
        # A mail that is given up, and a client that is gone.
        connection.ask(b"M", f"<{me}>\0".encode())
        connection.send(b"A")
        assert connection.mail(me, [alice], plain) != plain
        connection.socket.close()
        print("all is as it must be")
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(60)
    sys.exit(code)


main()
