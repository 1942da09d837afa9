# SPDX-License-Identifier: Apache-2.0
"""
Plays a story (tests/tour/story.txt says how one is written) on a stage: types what it types, prints what is shown as the
customer sees it, and stops with Difference at the first thing that is not as the story says.
"""
import re

from phone import CODES, Phone
from stage import INTEGRATOR_KEY, TENANT_ID, until

PLACEHOLDERS = {"token": r"\d{4}(?: \d{1,4})*", "date": r"\d{1,2} [A-Z][a-z]{2}", "time": r"\d\d:\d\d"}
INTEGRATOR = "payroll"


class Difference(AssertionError):
    def __init__(self, line, expected, got):
        super().__init__(f"story, line {line}\n  expected: {expected}\n  got:      {got}")


class Story:
    sms_seconds = 15

    def __init__(self, stage, text, via="smpp", wallet_id=None, show=print):
        self.stage, self.via, self.show, self.wallet_id = stage, via, show, wallet_id
        self.lines = text.splitlines()
        self.phones, self.who, self.inboxes = {}, None, {}
        self.got, self.orders = None, 0         # what the next "<" lines must say
        self.login = INTEGRATOR_KEY
        self.at = 0
        self.verbs = [(re.compile(pattern + r"\Z"), verb) for pattern, verb in (
            (r"phone (\w+) (\d+)", self.phone),
            (r"customer (\w+) (\S+) (\S+)", self.customer),
            (r"top up (\w+) ([\d.]+)", self.top_up),
            (r"(\w+) dials", self.dials),
            (r"(\w+) hangs up", self.hangs_up),
            (r"sms (\w+) < (.*)", self.sms),
            (r"\(over\)", self.over),
            (rf"{INTEGRATOR} logs in", self.logs_in),
            (rf"{INTEGRATOR} withdraws ([\d.]+) for (\w+)(?:, (\d+) times)?", self.withdraws))]

    def play(self):
        while self.at < len(self.lines):
            line = self.lines[self.at]
            self.at += 1
            if line.startswith("< "):
                self.expect_screen(line)
            elif line.startswith("> "):
                self.types(line[2:])
            elif line.startswith("== "):
                self.settle()
                self.show(f"\n{line[3:]} ({'USSD over SMPP' if self.via == 'smpp' else 'USSD over HTTP'})\n")
            elif line and not line.startswith("#"):
                self.do(line)
        self.settle()
        self.books()

    def do(self, line):
        for pattern, verb in self.verbs:
            found = pattern.match(line)
            if found:
                verb(*found.groups())
                return
        raise ValueError(f"story, line {self.at}: cannot be read: {line}")

    # ---- what must be

    def differ(self, expected, got):
        raise Difference(self.at, expected, got)

    def pattern(self, text):
        parts = re.split(r"\{(\w+)\}", text)
        for i in range(1, len(parts), 2):
            parts[i] = re.escape(CODES[self.via]) if parts[i] == "code" else PLACEHOLDERS[parts[i]]
        parts[::2] = [re.escape(part) for part in parts[::2]]
        return re.compile("".join(parts) + r"\Z")

    def expect_screen(self, first):
        wanted = [first[2:]]
        while self.at < len(self.lines) and self.lines[self.at].startswith("< "):
            wanted.append(self.lines[self.at][2:])
            self.at += 1
        if self.got is None:
            self.differ(" / ".join(wanted), "nothing was shown")
        if not self.pattern("\n".join(wanted)).match(self.got):
            self.differ("\n".join(wanted), self.got)
        self.got = None
        over = self.at < len(self.lines) and self.lines[self.at] == "(over)"
        if self.who is not None and not over and not self.who.open:
            self.differ("the dialogue goes on", "it is over")

    def settle(self):
        """Nothing that was shown may go unread by the story."""
        if self.got is not None:
            self.differ("nothing more", self.got)
        for name, phone in self.phones.items():
            if self.inboxes[name] or phone.new_sms():
                self.differ(f"no other SMS to {name}", "there is one")

    def frame(self, title, text):
        self.show(f"  {title}")
        for line in text.split("\n"):
            self.show(f"      {line}")

    # ---- phones

    def phone(self, name, msisdn):
        self.phones[name], self.inboxes[name] = Phone(self.stage, msisdn, self.via), []

    def turn(self, title, act):
        if self.got is not None:
            self.differ("nothing more", self.got)
        self.got = act()
        self.frame(title, self.got)

    def dials(self, name):
        self.who = self.phones[name]
        self.turn(f"{name} dials {CODES[self.via]}", self.who.dial)

    def types(self, text):
        self.turn(f"> {text}", lambda: self.who.type(text))

    def hangs_up(self, name):
        self.show(f"  {name} hangs up")
        self.phones[name].hang_up()

    def over(self):
        if self.who.open:
            self.differ("the dialogue is over", "it goes on")

    def sms(self, name, wanted):
        inbox, pattern = self.inboxes[name], self.pattern(wanted)

        def look():
            inbox.extend(self.phones[name].new_sms())
            return next((text for text in inbox if pattern.match(text)), None)
        try:
            found = until(look, "SMS", self.sms_seconds)
        except AssertionError:
            self.differ(f"SMS to {name}: {wanted}", " / ".join(inbox) or "no SMS")
        inbox.remove(found)
        self.frame(f"SMS to {name}", found)

    # ---- the world

    def customer(self, name, first, last):
        self.stage.customer(self.phones[name].msisdn, firstName=first, lastName=last)
        self.show(f"  ({name} is a customer of the wallet core)")

    def top_up(self, name, amount):
        self.stage.top_up(amount, phone=self.phones[name].msisdn)
        self.show(f"  (R{amount} were paid in)")

    # ---- the integrator

    def logs_in(self):
        status, answer = self.stage.integrator("POST", "/authentication/login",
                                               {"identity": INTEGRATOR, "password": INTEGRATOR_KEY}, key=None)
        self.show(f"  {INTEGRATOR}: POST .../authentication/login -> {status}")
        if status != 200:
            self.differ("200", f"{status} {answer}")
        self.login = answer["headerValue"]

    def withdraws(self, amount, name, times):
        path = f"/tenants/{TENANT_ID}/wallets/{self.wallet_id}/withdrawals"
        for _ in range(int(times or 1)):
            self.orders += 1
            order = {"amount": float(amount), "type": "ZA_PAYCORP_ATM", "deliverToPhone": self.phones[name].msisdn,
                     "externalUniqueId": f"{self.via}-wages-{self.orders}"}
            status, answer = self.stage.integrator("POST", path, order, key=self.login)
            said = self.said(status, answer)
            self.show(f"  {INTEGRATOR}: POST ...{path}, R{amount} -> {said}")
            if times and status != 200:
                self.differ("200", said)
            if not times:
                self.got, self.who = said, None

    def said(self, status, answer):
        if status != 200:
            return f"{status} {answer[0]['code']} {answer[0]['description']}"
        tokens = [w["token"] for w in self.stage.state()["withdrawals"] if w["token"] in str(answer)]
        if tokens:
            self.differ("an answer without the token", "the token is in it")
        return f"{status} {answer['status']} R{answer['amount']:.2f}, fee R{answer['fee']:.2f}, " \
               f"for {answer['deliverToPhone']}"

    def books(self):
        state = self.stage.state()
        if not state["ledger"]["conserved"] or state["violations_n"]:
            self.differ("money conserved, no rule of a peer broken", f"{state['ledger']} {state['violations']}")
        twice = {uid: debit for uid, debit in state["debits"].items() if debit["count"] != 1}
        if twice:
            self.differ("every payment debited once", twice)
