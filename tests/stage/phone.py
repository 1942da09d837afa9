# SPDX-License-Identifier: Apache-2.0
"""
A customer's phone, as the sandbox has it: dials, types, and reads what comes. Every PIN that it types and every number
that it has is noted in `secrets`, so that the tests can look for them where they must not be.
"""
import json

from stage import http, until

CODES = {"smpp": "*120*384#", "http": "*384*123#"}


class Phone:
    def __init__(self, stage, msisdn, via="smpp"):
        self.stage, self.msisdn, self.via = stage, msisdn, via
        self.screen, self.open, self.seen_sms = None, False, 0

    def _ask(self, verb, body=None, method="POST"):
        status, text = http(method, f"{self.stage.control_url}/phone/{self.msisdn}/{verb}",
                            None if body is None else json.dumps(body).encode(), timeout=130)
        return status, json.loads(text)

    def _show(self, verb, body):
        status, answer = self._ask(verb, body)
        assert status == 200, f"{self.msisdn} {verb}: {status} {answer}"
        self.screen, self.open = answer["screen"], answer["open"]
        return self.screen

    def dial(self, code=None, **more):
        return self._show("dial", {"code": code or CODES[self.via], "via": self.via, **more})

    def called_up(self, seconds=20):
        """The screen of a dialogue that the gateway has begun."""
        def look():
            answer = self._ask("screen", method="GET")[1]
            return answer if answer["open"] else None
        answer = until(look, f"{self.msisdn} to be called up", seconds)
        self.screen, self.open = answer["screen"], True
        return self.screen

    def type(self, text, **more):
        return self._show("type", {"text": text, **more})

    def repeat(self, **more):
        """The network delivers the last input once more."""
        return self._show("repeat", more)

    def hang_up(self):
        self.open = False
        self._ask("hangup", {})

    def look(self):
        """What is on the screen now, also what nobody asked for; "": nothing."""
        _, answer = self._ask("screen", method="GET")
        self.screen, self.open = answer["screen"], answer["open"]
        return self.screen or ""

    def attempt(self, verb, **body):
        """Without the demand that a screen comes: (status, answer)."""
        return self._ask(verb, body)

    def walk(self, *inputs):
        """Types one after the other; the last screen."""
        for text in inputs:
            assert self.open, f"{self.msisdn}: the dialogue is over: {self.screen!r}"
            self.type(text)
        return self.screen

    def send(self, text, to="30384", **more):
        """Sends an SMS; how many parts it took. More: from, way, order, see isango-sandbox(1)."""
        status, answer = self._ask("send", {"to": to, "text": text, **more})
        assert status == 200, f"{self.msisdn} send: {status} {answer}"
        return answer["parts"]

    def inbox(self):
        return self._ask("sms?after=0", method="GET")[1]

    def sms(self, seconds=20):
        """The next message that was not looked at yet."""
        _, new = self._ask(f"sms?after={self.seen_sms}&wait_ms={int(seconds * 1000)}", method="GET")
        assert new, f"{self.msisdn}: no SMS within {seconds} s"
        self.seen_sms = new[0]["n"]
        return new[0]["text"]

    def new_sms(self):
        """Those that have come and were not looked at yet."""
        new = [m["text"] for m in self.inbox() if m["n"] > self.seen_sms]
        self.seen_sms += len(new)
        return new
