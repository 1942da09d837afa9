# SPDX-License-Identifier: Apache-2.0
"""
Plays a story (tests/tour/story.txt says how one is written) on a stage: types what it types, prints what is shown as the
customer sees it, and stops with Difference at the first thing that is not as the story says.
"""
import re

from chat import Chat
from phone import CODES, Phone
from stage import INTEGRATOR_KEY, TENANT_ID, until

PLACEHOLDERS = {"token": r"\d{4}(?: \d{1,4})*", "date": r"\d{1,2} [A-Z][a-z]{2}", "time": r"\d\d:\d\d"}
INTEGRATOR = "payroll"
PHOTO = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 400      # as a JPEG begins
SUBMIT_FAILED = 0x45
CHANNELS = {"smpp": "USSD over SMPP", "http": "USSD over HTTP", "chat": "WhatsApp"}


class Difference(AssertionError):
    def __init__(self, line, expected, got):
        super().__init__(f"story, line {line}\n  expected: {expected}\n  got:      {got}")


class Story:
    sms_seconds = 15

    def __init__(self, stage, text, via="smpp", wallet_id=None, show=print):
        self.stage, self.via, self.show, self.wallet_id = stage, via, show, wallet_id
        self.lines = text.splitlines()
        self.phones, self.who, self.inboxes, self.chats = {}, None, {}, {}
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
            (r"(\w+) writes (.*)", self.writes),
            (r"(\w+) taps (.*)", self.taps),
            (r"(\w+) sends a photo", self.sends_photo),
            (r"(\w+) reads", self.reads),
            (r"(\w+) is called up", self.called_up),
            (r"nobody can be called up", self.no_calls),
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
                self.show(f"\n{line[3:]} ({CHANNELS[self.via]})\n")
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
            parts[i] = re.escape(self.code) if parts[i] == "code" else PLACEHOLDERS[parts[i]]
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
        for name, chat in self.chats.items():
            if chat.unread():
                self.differ(f"no other message to {name}", "there is one")

    def frame(self, title, text):
        self.show(f"  {title}")
        for line in text.split("\n"):
            self.show(f"      {line}")

    # ---- phones

    @property
    def code(self):
        return CODES[self.phone_via]

    @property
    def phone_via(self):
        """A chat is on a phone too, which dials over SMPP."""
        return "smpp" if self.via == "chat" else self.via

    def phone(self, name, msisdn):
        self.phones[name], self.inboxes[name] = Phone(self.stage, msisdn, self.phone_via), []

    def turn(self, title, act):
        if self.got is not None:
            self.differ("nothing more", self.got)
        self.got = act()
        self.frame(title, self.got)

    def dials(self, name):
        self.who = self.phones[name]
        self.turn(f"{name} dials {self.code}", self.who.dial)

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

    # ---- chats

    def chat(self, name):
        self.who = None         # an end on the phone is no end of the chat
        return self.chats.setdefault(name, Chat(self.stage, self.phones[name].msisdn))

    def message(self, title, chat):
        def read():
            text = chat.read()
            titles = chat.titles()
            if chat.last["type"] == "list":
                return "\n".join([text, *(f"- {t}" for t in titles)])
            return "\n".join([text, *([" ".join(f"[{t}]" for t in titles)] if titles else [])])
        self.turn(title, read)

    def writes(self, name, text):
        chat = self.chat(name)
        chat.write(text)
        self.message(f"{name} writes: {text}", chat)

    def taps(self, name, title):
        chat = self.chat(name)
        chat.tap(title)
        self.message(f"{name} taps: {title}", chat)

    def sends_photo(self, name):
        chat = self.chat(name)
        chat.photo(PHOTO)
        self.message(f"{name} sends a photo", chat)

    def reads(self, name):
        self.message(f"{name}'s chat", self.chat(name))

    def called_up(self, name):
        self.who = self.phones[name]
        self.turn(f"{name}'s phone shows", self.who.called_up)

    def no_calls(self):
        self.stage.faults({"where": "smsc", "match": {"method": "submit_sm"}, "do": "error",
                           "status": SUBMIT_FAILED, "times": 1})

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
