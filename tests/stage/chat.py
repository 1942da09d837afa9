# SPDX-License-Identifier: Apache-2.0
"""A customer's WhatsApp chat, as the sandbox has it: writes, taps, sends pictures, and reads what comes."""
import base64
import json

from stage import http


class Chat:
    def __init__(self, stage, who):
        """who: a number, or an identity like "ZA.1" of somebody whose number nobody tells."""
        self.stage, self.who, self.seen = stage, who, 0
        self.last = None            # the newest message of the business's
        self.known_as = {who}       # what tells a reader who it is
        stage.chats.append(self)

    def _ask(self, verb, body=None, method="POST"):
        status, text = http(method, f"{self.stage.control_url}/chat/{self.who}/{verb}",
                            None if body is None else json.dumps(body).encode(), timeout=130)
        assert status == 200, f"{self.who} {verb}: {status} {text}"
        return json.loads(text)

    def profile(self, **fields):
        self.known_as |= {fields[name] for name in ("user", "identity") if fields.get(name)}
        return self._ask("profile", fields)

    def write(self, *texts):
        """Several are one webhook."""
        return self._ask("write", {"text": texts[0]} if len(texts) == 1 else {"texts": texts})["id"]

    def tap(self, title=None, **more):
        return self._ask("tap", {"title": title, **more} if title else more)["id"]

    def photo(self, octets, kind="image", mime="image/jpeg", **more):
        return self._ask("send_media", {"kind": kind, "type": mime, "base64": base64.b64encode(octets).decode(), **more})["id"]

    def send(self, **message):
        """A message of any type, as it stands in a webhook."""
        return self._ask("send", {"message": message})["id"]

    def repeat(self):
        return self._ask("repeat", {})["id"]

    def move(self, to):
        self.known_as.add(to)
        return self._ask("move", {"to": to})["id"]

    def messages(self, after=0, seconds=0.0):
        return self._ask(f"messages?after={after}&wait_ms={int(seconds * 1000)}", method="GET")

    def read(self, seconds=20.0):
        """The next message of the business's that was not looked at yet; its text."""
        while True:
            new = self.messages(self.seen, seconds)
            assert new, f"{self.who}: nothing came within {seconds} s"
            self.seen = new[0]["n"]
            if new[0]["from"] == "business":
                self.last = new[0]
                return new[0]["text"]

    def read_until(self, words):
        for _ in range(10):
            if words in self.read():
                return self.last["text"]
        raise AssertionError(f"{self.who}: no message with {words!r}")

    def unread(self):
        """Those of the business's that have come and were not looked at."""
        new = self.messages(self.seen)
        self.seen = new[-1]["n"] if new else self.seen
        return [m["text"] for m in new if m["from"] == "business"]

    def titles(self):
        return [choice["title"] for choice in self.last["choices"]]

    def say(self, text):
        self.write(text)
        return self.read()

    def choose(self, title):
        self.tap(title)
        return self.read()
