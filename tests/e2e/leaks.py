# SPDX-License-Identifier: Apache-2.0
"""
No secret anywhere: what a test used is asked of the sandbox and looked for in everything that its gateways and its Redis have
left: logs (they hold both output streams), metrics, answers of /readyz, names of keys, the append-only file, cores. Folders that
hold secrets on purpose (keys, configuration) are left out.
"""
import json
import os
import re
import subprocess

from helpers import PHONES
from phone import Phone
from stage import http

JWT = r"eyJ[A-Za-z0-9_-]{10,}\."
SURE = 8                # a shorter text may stand in the middle of a number by chance
SEEN = ("isango*.log", "redis.log", "seen.*", "core", "core.*", "redis/**/*")


def groups(text, n):
    return " ".join(text[i:i + n] for i in range(0, len(text), n))


def of_phone(msisdn):
    """As the world writes it, and as one country does."""
    forms = {msisdn}
    if msisdn.startswith("27"):
        local = "0" + msisdn[2:]
        forms |= {local, f"{local[:3]} {local[3:6]} {local[6:]}"}
    return forms


class Leaks:
    """Of one stage. gather() while its processes live, and scan() when they have ended."""

    def __init__(self, stage):
        self.stage, self.words = stage, set(stage.secrets)
        for msisdn in PHONES:
            self.words |= of_phone(msisdn)

    def gather(self):
        if self.stage.sandbox is not None and self.stage.sandbox.alive():
            state = self.stage.state()
            for withdrawal in state["withdrawals"]:
                token = withdrawal["token"]
                self.words |= {token, groups(token, 4)}
            for customer in state["customers"]:
                self.words |= {customer["nationalIdentityNumber"], customer["passportNumber"]} | of_phone(customer["phone"])
            _, phones = http("GET", f"{self.stage.control_url}/phones")
            for row in json.loads(phones):
                self.words |= of_phone(row["msisdn"])
                if row["sms"]:
                    self.words |= {line for sms in Phone(self.stage, row["msisdn"]).inbox() for line in sms["text"].split("\n")}
            for chat in self.stage.chats:
                self.words |= {word for name in chat.known_as for word in of_phone(name)}
                # A digit or a word of a screen may stand anywhere.
                self.words |= {line for m in chat.messages() for line in m["text"].split("\n") if len(line) >= 2 * SURE}
        for gateway in self.stage.gateways:
            if gateway.alive() and gateway.ports_file.exists():
                said = [gateway.admin(path)[1] for path in ("/metrics", "/readyz", "/healthz")]
                self.seen(gateway.name, "\n".join(said))
        if self.stage.redis is not None and self.stage.redis.alive():
            self.seen("keys", self.stage.redis_cli("--raw", "KEYS", "*"))

    def seen(self, name, text):
        (self.stage.folder / f"seen.{name}").write_text(text)

    def grep(self, *arguments, words=None):
        files = [str(path) for pattern in SEEN for path in self.stage.folder.glob(pattern) if path.is_file()]
        if not files:
            return []
        done = subprocess.run(["grep", "-a", "-o", "-m", "5", *arguments, "--", *files, "/dev/null"], capture_output=True,
                              input=words, encoding="utf-8", errors="replace", check=False,
                              env={**os.environ, "LC_ALL": "C"})
        assert done.returncode in (0, 1), done.stderr
        return done.stdout.splitlines()

    def scan(self):
        """Where there is one: lines "FILE:SECRET"."""
        words = {word for word in self.words if word}
        short = {word for word in words if len(word) < SURE}
        found = self.grep("-E", "-e", JWT)
        for chosen, more in ((words - short, ()), (short, ("-w",))):
            if chosen:
                found += self.grep("-F", *more, "-f", "-", words="\n".join(sorted(chosen)))
        return [re.sub(rf"^{re.escape(str(self.stage.folder))}/", "", line) for line in found]
