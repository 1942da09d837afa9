# SPDX-License-Identifier: Apache-2.0
"""
Many customers, each of whom notes what was asked for, what was typed and every word that was shown: rules.py then compares
that with the ledger. Amounts are never used twice by one customer for the same thing, so that each payment can be told
from every other without knowing any id of the gateway's.
"""
import concurrent.futures
import dataclasses
import itertools
import json
import time

from helpers import HOME, PIN, at_post
from phone import CODES, Phone
from stage import INTEGRATOR_KEY, http, until

ASKS_PIN = "Enter your PIN to pay, 0 to cancel."
SIGNED_UP = "Your wallet is open."
OPENING = "We are still opening your wallet."
SECOND_MS, HOUR_MS = 1000, 3600 * 1000
STILL_S = 0.25
OVERDUE_MS = -3000      # among hundreds of tokens one is always just due; a process looks at each list about once a second
ORDER_ROUNDS = 6
ORDER_S = 6             # an integrator who waits no longer, and asks again some time
_sessions = itertools.count(1)


def rand(cents):
    """As the gateway writes it: R1 000.00."""
    return f"R{cents // 100:,}.{cents % 100:02d}".replace(",", " ")


def national(msisdn):
    return "0" + msisdn[2:]


def grouped(msisdn):
    local = national(msisdn)
    return f"{local[:3]} {local[3:6]} {local[6:]}"


def identity_number(n):
    """A South African one, with its check digit; no two are alike."""
    digits = f"80{1 + n // 28 % 12:02d}{1 + n % 28:02d}{5000 + n // 336:04d}08"
    total = sum(int(d) if k % 2 == 0 else sum(divmod(2 * int(d), 10)) for k, d in enumerate(digits))
    return digits + str(-total % 10)


@dataclasses.dataclass
class Attempt:
    """One payment that somebody wanted. kind: transfer, cash, or order (an integrator's)."""
    payer: str
    kind: str
    cents: int
    to: str
    confirm: str = None         # the screen that showed it
    pinned: bool = False        # the right PIN was typed there
    screen: str = None          # what was shown then; None: nothing came
    answer: dict = None         # to an order: the last one


class Direct:
    """A phone whose aggregator posts straight to one gateway."""

    def __init__(self, msisdn):
        self.msisdn, self.screen, self.open, self.gateway = msisdn, None, False, None
        self.session, self.history = None, ""

    def dial(self, gateway):
        self.gateway, self.session, self.history = gateway, f"ATUid_{next(_sessions)}", ""
        return self._post()

    def type(self, text):
        self.history = f"{self.history}*{text}".lstrip("*")
        return self._post()

    def hang_up(self):
        """An aggregator tells nobody."""
        self.open = False

    def repeat(self, gateway):
        """The aggregator posts the last input once more, to this one."""
        self.gateway = gateway
        return self._post()

    def _post(self):
        status, text = at_post(self.gateway, self.history, self.session, self.msisdn)
        self.screen = text[4:] if status == 200 else None
        self.open = status == 200 and text.startswith("CON ")
        return self.screen


class Ussd(Phone):
    """The same over SMPP, whichever gateway has the link. Who sees nothing for a while hangs up."""
    patience = {"wait_ms": 4000}

    def dial(self, _gateway=None):
        return self._seen(*self._ask("dial", {"code": CODES["smpp"], "via": "smpp", **self.patience}))

    def type(self, text):
        return self._seen(*self._ask("type", {"text": text, **self.patience}))

    def repeat(self, _gateway=None):
        return self._seen(*self._ask("repeat", self.patience))

    def _seen(self, status, answer):
        self.screen, self.open = (answer["screen"], answer["open"]) if status == 200 else (None, False)
        return self.screen


class Customer:
    def __init__(self, stage, n, via="http"):
        self.stage, self.n, self.msisdn = stage, n, f"278210{n:05d}"
        self.names = ("Kagiso", "Nkosi")
        self.id_number = identity_number(n)
        self.phone = Direct(self.msisdn) if via == "http" else Ussd(stage, self.msisdn)
        self.attempts, self.notices = [], []
        self.deposited = 0

    # ---- dialogues: None where nothing was shown

    def dial(self, gateway=None):
        screen = self.phone.dial(gateway or self.stage.gateway)
        if screen is not None and screen.startswith("Your payment of "):
            self.notices.append(screen.split("\n")[0])
        return screen

    def walk(self, *inputs):
        for text in inputs:
            if not self.phone.open:
                return None
            self.phone.type(text)
        return self.phone.screen

    def sign_up(self, gateway=None, balance=500000):
        self.dial(gateway)
        screen = self.walk("1", "1", *self.names, "1", self.id_number, "1", PIN, PIN)
        if screen is not None and screen.startswith(OPENING):       # an answer was lost: it is found behind the screen
            until(lambda: any(SIGNED_UP in sms["text"] for sms in Phone(self.stage, self.msisdn).inbox()), "the wallet to be open")
        else:
            assert screen is not None and screen.startswith(SIGNED_UP), f"{self.msisdn}: {screen!r}"
        self.phone.hang_up()
        self.stage.top_up(f"{balance // 100}.{balance % 100:02d}", phone=self.msisdn)
        self.deposited = balance
        return self

    def _new_amount(self, kind):
        k = sum(a.kind == kind for a in self.attempts)
        return 1000 + k if kind == "transfer" else 5000 * (2 * k + 1)

    def to_confirm(self, kind, to=None, gateway=None):
        """The attempt whose confirm screen is shown, or None where it did not come to that."""
        attempt = Attempt(self.msisdn, kind, self._new_amount(kind), to or self.msisdn)
        screen = self.dial(gateway)
        if screen is None or not screen.endswith(HOME):
            return None
        amount = f"{attempt.cents // 100}.{attempt.cents % 100:02d}"
        if kind == "transfer":
            screen = self.walk("2", national(attempt.to), amount)
        elif attempt.to == self.msisdn:
            screen = self.walk("3", "1", "1", amount)
        else:
            screen = self.walk("3", "1", "2", national(attempt.to), national(attempt.to), amount)
        if screen is None or ASKS_PIN not in screen:
            return None
        attempt.confirm = screen
        self.attempts.append(attempt)
        return attempt

    def pay(self, attempt, pin=PIN):
        attempt.pinned = pin == PIN
        attempt.screen = self.phone.type(pin)
        return attempt.screen

    def limit_left(self, gateway=None):
        """What the menu says, in cents."""
        start = "This phone can still get codes for R"

        def shown():
            """The link to the network may just be changing hands, and the core be left alone for another moment."""
            screen = self.walk("6", PIN) if (self.dial(gateway) or "").endswith(HOME) else None
            return screen if screen is not None and screen.startswith(start) else None
        screen = until(shown, f"the limit of {self.msisdn}")
        return int(screen[len(start):].split(" this month")[0].replace(" ", "").replace(".", ""))


class Employer:
    """The integrator: what it orders is a token for somebody."""

    def __init__(self, stage):
        self.stage, self.attempts = stage, []

    def wants(self, to):
        """A new order; order() sends it, and the same one again each time."""
        n = len(self.attempts)
        # Never an amount of a customer's.
        self.attempts.append(Attempt("", "order", 5000 * (2 * n + 2), to, pinned=True))
        return self.attempts[-1]

    def order(self, gateway, attempt):
        n = self.attempts.index(attempt)
        order = {"amount": attempt.cents / 100, "type": "ZA_PAYCORP_ATM", "deliverToPhone": attempt.to,
                 "externalUniqueId": f"order-{n}"}
        path = f"/eclipse-conductor/rest/v1/tenants/5987/wallets/{self.stage.wallet_id}/withdrawals"
        status, text = http("POST", gateway.url(path), json.dumps(order).encode(),
                            {"Content-Type": "application/json", "Authorization": INTEGRATOR_KEY}, ORDER_S)
        attempt.answer = {"status": status, "body": json.loads(text) if status else None}

    def finish(self, gateway):
        """Each order once more, and those without a clear answer until there is one."""
        left = self.attempts
        for _ in range(ORDER_ROUNDS):
            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                list(pool.map(lambda attempt: self.order(gateway, attempt), left))
            left = [a for a in left if a.answer["status"] not in (200, 400)]
            if not left:
                return
            pass_time(self.stage, 70 * SECOND_MS)


def inboxes(stage):
    """msisdn -> its SMS, of all phones that ever got one."""
    _, text = http("GET", f"{stage.control_url}/phones")
    return {row["msisdn"]: Phone(stage, row["msisdn"]).inbox() for row in json.loads(text) if row["sms"]}


def quiet(stage, seconds=30):
    """Nothing is overdue, and nothing has moved for a moment. A crowd's messages take their time: only a standstill is too long."""
    before = moved = still = None

    def look():
        nonlocal before, moved, still
        due, n = stage.waiting()
        now = (n, stage.state()["sms"])
        if now != before:
            before, moved, still = now, time.monotonic(), time.monotonic()
        elif n > 0 and due <= OVERDUE_MS:
            still = time.monotonic()
        assert time.monotonic() - moved < seconds, f"{n} to do, {due} ms, and nothing moved for {seconds} s"
        return time.monotonic() - still >= STILL_S
    until(look, "all that is due to be carried on", 20 * seconds)


def pass_time(stage, *steps_ms):
    """The time of day moves on in steps; at each all that has become due is carried on."""
    for step in steps_ms:
        stage.advance(step)
        quiet(stage)


def pass_hours(stage, hours):
    """And what is put off for some seconds then, since only so much is read at once."""
    pass_time(stage, hours * HOUR_MS)
    for _ in range(40):
        due, n = stage.waiting()
        if n == 0 or due > 60 * SECOND_MS:
            return
        pass_time(stage, 5 * SECOND_MS)


def pass_to_the_end(stage):
    """
    What was not found is looked for again; codes lapse; what has lapsed is looked at an hour, a day and three days later, after
    the core has noticed. False: something still waits after all that.
    """
    for hours in (1, 6, 25, 60, 1, 2, 25, 73, 25, 73):
        pass_hours(stage, hours)
        if stage.waiting() == (0, 0):
            return True
    return False


def redeem_every_other(stage):
    """At the till; how many. The others are left to their end."""
    open_ones = [w for w in stage.state()["withdrawals"] if w["status"] == "PENDING" and w["token"]]
    for withdrawal in open_ones[::2]:
        stage.control("POST", "/control/redeem", {"token": withdrawal["token"]})
    return len(open_ones[::2])
