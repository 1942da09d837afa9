# SPDX-License-Identifier: Apache-2.0
"""A gateway whose tenant has another menu than the wallet: the merchant's desk, with its own texts and a shared part."""
import subprocess

from helpers import PIN, SENT, SIPHO, core_customer, sign_up, token_sms, withdrawals
from phone import Phone
from stage import until


def test_a_desk(make_stage):
    menu = ["wallet"]

    def chosen(_config, tenant):
        tenant["menu"] = menu[0]
    stage = make_stage(edit=chosen)
    core_customer(stage)
    merchant = sign_up(stage)
    # What is published says which menu it is: nobody has to be stopped for another one, and who starts takes it too.
    menu[0] = "payout"
    stage.configure()
    stage.start_gateway()
    assert merchant.dial().startswith("Acme Wallet\n1. Balance")
    subprocess.run([stage.program, "publish", "-c", stage.config], check=True, timeout=60)
    until(lambda: merchant.dial().startswith("Enter your PIN:"), "the desk to be there")
    assert stage.stop_gateways() == [0, 0]
    stage.start_gateway()

    # The PIN first; then a code for a customer's phone, and what it became.
    assert merchant.dial().startswith("Enter your PIN:")
    assert merchant.type(PIN).startswith("Acme Wallet: payouts\n1. Pay out a cash code")
    customer = "0" + SIPHO[2:]
    merchant.walk("1", "1", customer, customer, "100")
    assert merchant.screen.startswith("Pay out R100.00 + "), merchant.screen
    assert merchant.type(PIN).startswith("Paid out: the code for R100.00 goes by SMS to 083 765 4321.")
    assert token_sms(Phone(stage, SIPHO))
    assert len(withdrawals(stage)) == 1

    # A customer is looked up, and the name is on the screen before the money is on the way.
    merchant.dial()
    merchant.walk(PIN, "2", customer)
    assert "083 765 4321. Is that the customer?\n1. Yes, pay" in merchant.screen
    merchant.walk("1", "50")
    assert SENT.match(merchant.type(PIN)), merchant.screen
