"""A mail server of our own, over a real socket: for tests, and to watch e-mails arrive.

python -m tests.smtp_server 8025
"""

from __future__ import annotations

import email.policy
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Self, cast


@dataclass
class Letter:
    sender: str
    recipients: list[str]
    message: EmailMessage
    raw: bytes


class SmtpServer(ThreadingTCPServer):
    """Start it with `with SmtpServer() as server:`. `says` replaces its answer to a command, such as `RCPT`."""

    allow_reuse_address = daemon_threads = True

    def __init__(self, port: int = 0, *, show: Callable[[Letter], None] | None = None) -> None:
        super().__init__(("127.0.0.1", port), _Session)
        self.letters: list[Letter] = []
        self.says: dict[str, str] = {}
        # Recipients that are refused, with the answer.
        self.refused: dict[str, str] = {}
        # A command after which nothing more is said; or one that is answered a byte at a time.
        self.silent_at = self.dripping_at = ""
        self.sign_ins: list[str] = []
        self.show = show or (lambda _letter: None)
        self.ended = threading.Event()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def reply(self, word: str, usual: str, about: str) -> str:
        """Give the answer to a command; `about` is what came with it."""
        return self.says.get(word, usual)

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.shutdown()
        self.server_close()


class _Session(StreamRequestHandler):
    @property
    def mail(self) -> SmtpServer:
        return cast(SmtpServer, self.server)

    def handle(self) -> None:
        self.sender, self.recipients = "", list[str]()
        try:
            self._say("CONNECT", "220 ready")
            for line in self.rfile:
                word, _, rest = line.decode().strip().partition(" ")
                if not self._take(word.upper(), rest):
                    return
        except OSError:
            return  # the client went away

    def _take(self, word: str, rest: str) -> bool:
        if word == "EHLO":
            self._say(word, "250-here\r\n250-AUTH PLAIN\r\n250 8BITMIME")
        elif word == "AUTH":
            self.mail.sign_ins.append(rest)
            self._say(word, "235 welcome", rest)
        elif word == "RCPT":
            address = rest.partition("<")[2].partition(">")[0]
            answer = self.mail.refused.get(address)
            self.recipients += [] if answer else [address]
            self._say(word, answer or "250 ok", rest)
        elif word == "DATA":
            self._data()
        else:
            self.sender = rest if word == "MAIL" else self.sender
            self._say(word, "221 bye" if word == "QUIT" else "250 ok")
        return word not in ("QUIT", self.mail.silent_at)

    def _data(self) -> None:
        if self._say("DATA", "354 go on").startswith("354"):
            raw = b"".join(self._lines_of_letter())
            parsed = email.message_from_bytes(raw, policy=email.policy.default)
            letter = Letter(self.sender, self.recipients, cast(EmailMessage, parsed), raw)
            said = self.mail.reply("END", "250 2.0.0 queued as 7F3A", "")
            if said.startswith("250"):
                # Before the answer: whoever has it may look at once.
                self.mail.letters.append(letter)
                self.mail.show(letter)
            self._write("END", said)

    def _lines_of_letter(self) -> Iterator[bytes]:
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                raise ConnectionResetError("the client went away amid its letter")
            yield line

    def _say(self, word: str, usual: str, about: str = "") -> str:
        said = self.mail.reply(word, usual, about)
        self._write(word, said)
        return said

    def _write(self, word: str, said: str) -> None:
        if word == self.mail.silent_at:
            self.mail.ended.wait(30)
        elif word == self.mail.dripping_at:
            for byte in said.encode() * 20:
                self.wfile.write(bytes([byte]))
                if self.mail.ended.wait(0.2):
                    break
        else:
            self.wfile.write(f"{said}\r\n".encode())


def main() -> None:
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8025
    print(f"EMAIL_URL=smtp://127.0.0.1:{port}", flush=True)
    try:
        SmtpServer(port, show=lambda letter: print(letter.raw.decode(), flush=True)).serve_forever()
    except KeyboardInterrupt:
        print("stopped")


if __name__ == "__main__":
    main()
