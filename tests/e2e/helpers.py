# SPDX-License-Identifier: Apache-2.0
"""What many tests do: customers who sign up, pay and cash out, and what they should then see."""
import re
import urllib.parse

from phone import Phone
from stage import SOURCE, http, read_jsonc

PIN, OTHER_PIN = "24680", "97531"
THANDI, SIPHO, EMPLOYER = "27821234567", "27837654321", "27829000000"
PHONES = {THANDI, SIPHO, EMPLOYER}
ID_NUMBERS = {THANDI: "8001015009087", SIPHO: "8506125030088", EMPLOYER: "7502280219088"}
NAMES = {THANDI: ("Thandi", "Mokoena"), SIPHO: ("Sipho", "Dlamini")}
HOME = "Acme Wallet\n1. Balance\n2. Send money\n3. Cash out\n4. My codes\n5. Statement\n6. My limit\n7. More"
TEXTS = read_jsonc(SOURCE / "templates" / "en.json")
SENT = re.compile(r"Done: R[\d .]+ sent to ")
TOKEN = re.compile(r"code ((?:\d+ ?)+) and|Code ((?:\d+ ?)+),|give code ((?:\d+ ?)+) by")
INTEGRATOR_PATH = "/tenants/5987/wallets/100001/withdrawals"
WITHDRAW = {"amount": 100.00, "type": "ZA_PAYCORP_ATM", "deliverToPhone": SIPHO, "externalUniqueId": "order-0001"}


def open_stage(stage):
    stage.start_redis()
    stage.start_sandbox()
    # The first wallet is the one that the sample configuration gives to its integrator.
    stage.wallet_id = stage.customer(EMPLOYER, firstName="Acme", lastName="Wages", balance="100000.00",
                                     nationalIdentityNumber=ID_NUMBERS[EMPLOYER])["walletId"]
    stage.configure()
    stage.start_gateway()


def sign_up(stage, msisdn=THANDI, via="smpp", pin=PIN, balance="1000.00", language="1"):
    """A customer who has just signed up, hung up, read the SMS, and has money."""
    phone = Phone(stage, msisdn, via)
    phone.dial()
    phone.walk(language, "1", *NAMES[msisdn], "1", ID_NUMBERS[msisdn], "1", pin, pin)
    assert "1." in phone.screen and phone.open, phone.screen
    phone.hang_up()
    phone.sms()
    if balance is not None:
        stage.top_up(balance, phone=msisdn)
    return phone


def core_customer(stage, msisdn=SIPHO, **fields):
    first, last = NAMES[msisdn]
    return stage.customer(msisdn, firstName=first, lastName=last, nationalIdentityNumber=ID_NUMBERS[msisdn], **fields)


def to_send_confirm(phone, to=SIPHO, amount="50"):
    phone.dial()
    phone.walk("2", "0" + to[2:], amount)
    assert "Enter your PIN to pay, 0 to cancel." in phone.screen, phone.screen
    return phone.screen


def to_cash_confirm(phone, amount="100", other=None, kind="1"):
    phone.dial()
    if other is None:
        phone.walk("3", kind, "1", amount)
    else:
        phone.walk("3", kind, "2", "0" + other[2:], "0" + other[2:], amount)
    assert "Enter your PIN to pay, 0 to cancel." in phone.screen, phone.screen
    return phone.screen


def cash_out(phone, amount="100", pin=PIN, **more):
    to_cash_confirm(phone, amount, **more)
    return phone.type(pin)


def token_in(text):
    found = TOKEN.search(text)
    return "".join(group for group in found.groups() if group).replace(" ", "") if found else None


def token_sms(phone, seconds=20):
    """The next SMS that holds a token, whatever comes before it."""
    for _ in range(10):
        text = phone.sms(seconds)
        if token_in(text):
            return text
    raise AssertionError("no token")


def wait_sms(phone, words, seconds=20):
    """The next SMS with these words; others may come before it."""
    for _ in range(20):
        text = phone.sms(seconds)
        if words in text:
            return text
    raise AssertionError(f"no SMS with {words!r}")


def wallet(stage, msisdn):
    for customer in stage.state()["customers"]:
        if customer["phone"] == msisdn:
            return customer["wallets"][0]
    raise AssertionError("no such customer")


def debits(stage):
    return list(stage.state()["debits"].values())


def withdrawals(stage, **like):
    return [w for w in stage.state()["withdrawals"] if all(w[k] == v for k, v in like.items())]


def paid_once(stage, amount):
    """One transfer, debited once."""
    found = debits(stage)
    assert [(d["count"], d["amount"]) for d in found] == [(1, amount)], found


def at_post(gateway, text="", session="ATUid_1", phone=THANDI, key="aggregator-key-0123456789", channel="acme-ussd-at",
            **more):
    """What Africa's Talking would post; (status, text)."""
    fields = {"sessionId": session, "serviceCode": "*384*123#", "phoneNumber": f"+{phone}", "networkCode": "65501",
              "text": text, **more}
    body = urllib.parse.urlencode({k: v for k, v in fields.items() if v is not None}).encode()
    return http("POST", gateway.url(f"/ussd/{channel}" + (f"?key={key}" if key else "")), body,
                {"Content-Type": "application/x-www-form-urlencoded"})
