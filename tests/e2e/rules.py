# SPDX-License-Identifier: Apache-2.0
"""
What must never happen to money, looked for after a run: violations() compares what customers did and were told (crowd.py)
with the ledger of the sandbox and the SMS that phones got. Each finding names its rule. It knows nothing of how the gateway
works, only what it promises.
"""
import collections
import concurrent.futures
import re

from crowd import ASKS_PIN, SECOND_MS, grouped, inboxes, pass_time, rand
from helpers import EMPLOYER, token_in

LIMIT_CENTS = 2400000
ATM_FEE, TRANSFER_FEE = 800, 100
NOTHING = "Nothing was paid."
FROM = " from "                 # in the text for another phone than the payer's
PROMISED = "The result comes by SMS."
ROUNDS = 12             # a code that reached nobody is cancelled and read in turns, a minute each
USABLE = ("PENDING", "SUCCESSFUL")
ENDED_TOGETHER_MS = 2000        # what ends while its SMS is on its way


def cents(text):
    return int(text.replace(".", ""))


class Books:
    """What the core says happened, by (payer, kind, cents)."""

    def __init__(self, state):
        wallets = {w["walletId"]: c["phone"] for c in state["customers"] for w in c["wallets"]}
        self.state = state
        self.transfers, self.withdrawals = collections.defaultdict(list), collections.defaultdict(list)
        for uid, debit in state["debits"].items():
            if debit["type"] == "TRANSFER":
                key = (wallets[debit["from"]], cents(debit["amount"]))
                self.transfers[key] += [{**debit, "uid": uid, "to_phone": wallets[debit["to"]]}] * debit["count"]
        for withdrawal in state["withdrawals"]:
            self.withdrawals[(withdrawal["owner"], cents(withdrawal["amount"]))].append(withdrawal)

    def of(self, attempt, employer):
        if attempt.kind == "transfer":
            return self.transfers.get((attempt.payer, attempt.cents), [])
        return self.withdrawals.get((attempt.payer or employer, attempt.cents), [])


class Judge:
    """messages: msisdn -> [{"text":, "at_ms":}]. with_person: ids of intents that an operator has in front of him."""

    def __init__(self, state, messages, attempts, notices=(), employer=None, with_person=()):
        self.books, self.inboxes, self.attempts = Books(state), messages, attempts
        self.notices, self.employer, self.with_person = notices, employer, with_person
        self.found = []

    def say(self, rule, attempt, what):
        who = "" if attempt is None else f"{attempt.kind} {attempt.payer} {rand(attempt.cents)} to {attempt.to}: "
        self.found.append(f"rule {rule}: {who}{what}")

    def violations(self):
        self.ledger()
        self.strangers()
        for attempt in self.attempts:
            happened = self.books.of(attempt, self.employer)
            if len(happened) > 1:
                self.say(1, attempt, f"{len(happened)} times")
            if happened and not attempt.pinned:
                self.say(5, attempt, "nobody typed a PIN")
            if happened and attempt.kind != "order":
                self.confirm_screen(attempt)
            if attempt.kind == "transfer":
                self.transfer(attempt, bool(happened))
            else:
                self.token(attempt, happened)
        self.notices_of_redials()
        self.limit()
        return self.found

    # ---- 1: one debit

    def ledger(self):
        for uid, debit in self.books.state["debits"].items():
            if debit["count"] != 1:
                self.say(1, None, f"{uid} was debited {debit['count']} times")
        if not self.books.state["ledger"]["conserved"]:
            self.say(1, None, self.books.state["ledger"]["why"])

    def strangers(self):
        """Money that moved without anybody having asked for it."""
        asked = {(a.payer, a.cents) for a in self.attempts if a.kind == "transfer"}
        tokens = {(a.payer or self.employer, a.cents) for a in self.attempts if a.kind != "transfer"}
        for key in set(self.books.transfers) - asked | set(self.books.withdrawals) - tokens:
            self.say(5, None, f"{key} was asked for by nobody")

    # ---- 2: the truth

    def texts(self, msisdn):
        return [m["text"] for m in self.inboxes.get(msisdn, [])]

    def was_said(self, msisdn, pattern):
        return any(re.search(pattern, text) for text in self.texts(msisdn))

    def transfer(self, a, happened):
        amount = re.escape(rand(a.cents))
        screen = a.screen or ""
        done = screen.startswith(f"Done: {rand(a.cents)} sent") or self.was_said(a.payer, rf"You sent {amount} to ")
        not_done = NOTHING in screen or self.was_said(a.payer, rf"{amount} to .* was not sent\.")
        self.told(a, happened, done, not_done, PROMISED in screen)
        heard = self.was_said(a.to, rf"You got {amount} from .*{a.payer[-4:]}\.")
        if heard != happened:
            self.say(2, a, "the payee was told of nothing" if happened else "the payee was told of money that never came")

    def told(self, a, happened, done, not_done, promised):
        if done and not happened:
            self.say(2, a, "told done, and it was not")
        if not_done and happened:
            self.say(2, a, "told not done, and it was")
        if happened and not done:
            self.say(2, a, "done, and left untold")
        if promised and not (done or not_done):
            self.say(2, a, "promised a result, and left untold")

    # ---- 4: tokens

    def tokens_said(self, a, made):
        """The SMS with a token for this attempt: (token, when)."""
        known = {w["token"] for w in made if w["token"]}
        found = []
        for message in self.inboxes.get(a.to, []):
            token = token_in(message["text"])
            ours = token in known or (a.to == a.payer and rand(a.cents) in message["text"] and FROM not in message["text"])
            if token is not None and ours:
                found.append((token, message["at_ms"]))
        return found

    def token(self, a, made):
        said = self.tokens_said(a, made)
        real = [w for w in made if w["status"] != "CANCELLED"]
        if len({token for token, _ in said}) > 1:
            self.say(4, a, "two messages with different tokens")
        for token, at in said:
            for w in made:
                ended = w["status"] in ("CANCELLED", "TIMEOUT") and w["modified_ms"] + ENDED_TOGETHER_MS < at
                if w["token"] == token and ended:
                    self.say(4, a, "a stale token was sent")
        if {token for token, _ in said} - {w["token"] for w in made}:
            self.say(4, a, "a token that the core never made")
        if any(w["externalUniqueId"] in self.with_person for w in made):
            return          # what the customer hears is that person's business
        if real and not said:
            self.say(4, a, f"issued ({real[0]['status']}), and neither delivered nor cancelled")
        if a.kind == "order":
            self.order(a, bool(made))
        else:
            self.cash(a, bool(said), bool(real))

    def cash(self, a, delivered, real):
        amount = re.escape(rand(a.cents))
        screen = a.screen or ""
        done = screen.startswith(f"Done: the code for {rand(a.cents)}") or \
            self.was_said(a.payer, rf"cash-out code for {amount} was sent")
        not_done = NOTHING in screen or self.was_said(a.payer, rf"No code for {amount} was made\.")
        self.told(a, delivered, done, not_done, PROMISED in screen)
        if not_done and real:
            self.say(2, a, "told that there is no code, and there is one")

    def order(self, a, made):
        status = a.answer["status"]
        if status == 200 and not made:
            self.say(2, a, "the order was answered as made, and was not")
        if status == 400 and any(w["status"] in USABLE for w in self.books.of(a, self.employer)):
            self.say(2, a, "the order was answered as refused, and was made")
        if status not in (200, 400):
            self.say(2, a, f"the order's last answer is {a.answer}")

    # ---- 2: what the next dial says

    def notices_of_redials(self):
        """A notice names no payment: it must be true of one of that customer's at least."""
        for msisdn, notices in dict(self.notices).items():
            ends = [self.is_done(a) for a in self.attempts if a.payer == msisdn and a.pinned]
            for notice in notices:
                if "went through" in notice and True not in ends:
                    self.say(2, None, f"{msisdn} was told {notice!r}, and nothing did")
                if "did not go through" in notice and False not in ends:
                    self.say(2, None, f"{msisdn} was told {notice!r}, and everything did")

    def is_done(self, a):
        happened = self.books.of(a, self.employer)
        return bool(happened) if a.kind == "transfer" else bool(self.tokens_said(a, happened))

    # ---- 3: the limit

    def usable_cents(self, msisdn):
        """Of tokens for this phone."""
        return sum(cents(w["amount"]) for a in self.attempts if a.kind != "transfer" and a.to == msisdn
                   for w in self.books.of(a, self.employer) if w["status"] in USABLE)

    def limit(self):
        for msisdn in sorted({a.to for a in self.attempts}):
            total = self.usable_cents(msisdn)
            if total > LIMIT_CENTS:
                self.say(3, None, f"{msisdn} has usable tokens for {rand(total)}")

    # ---- 5: only a PIN on a screen that says everything

    def confirm_screen(self, a):
        fee = TRANSFER_FEE if a.kind == "transfer" else ATM_FEE
        screen = a.confirm or ""
        for words in (rand(a.cents), f"{rand(fee)} fee", grouped(a.to), ASKS_PIN):
            if words not in screen:
                self.say(5, a, f"{words!r} was not on the screen that was confirmed: {screen!r}")


def with_person(stage):
    """As the gateways' logs say."""
    return {found[1] for gateway in stage.gateways for found in
            re.finditer(r" intent end .*?intent=(\S+) state=person", gateway.log.read_text(errors="replace"))}


def judge(stage, customers, employer):
    """Over all that a stage has seen."""
    attempts = [a for c in customers for a in c.attempts] + employer.attempts
    notices = {c.msisdn: c.notices for c in customers}
    return Judge(stage.state(), inboxes(stage), attempts, notices, EMPLOYER, with_person(stage))


def limits_agree(stage, customers, employer, gateway):
    """What the menu says is left of each phone's month is what the ledger says, at the latest when all of that is over."""
    wrong = customers
    for _ in range(ROUNDS):
        books = judge(stage, customers, employer)
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            left = list(pool.map(lambda customer: customer.limit_left(gateway), wrong))
        says = {c: (cents_left, LIMIT_CENTS - books.usable_cents(c.msisdn)) for c, cents_left in zip(wrong, left)}
        wrong = [c for c, (menu, ledger) in says.items() if menu != ledger]
        if not wrong:
            return
        pass_time(stage, 70 * SECOND_MS)
    raise AssertionError(f"left of the month, in the menu and by the ledger: { {c.msisdn: says[c] for c in wrong} }")
