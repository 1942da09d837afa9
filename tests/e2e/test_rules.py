# SPDX-License-Identifier: Apache-2.0
"""The rules of money themselves: nothing to say of a sound run, and each rule sees the run that breaks it."""
import copy

import pytest

from crowd import Attempt, identity_number
from rules import Judge

pytestmark = pytest.mark.plain_only("nothing of the gateway runs in it")
PAYER, PAYEE, EMPLOYER = "27821000001", "27821000002", "27829000000"
CONFIRM = "Send R10.00 + R1.00 fee to K*** N*** 082 100 0002. Enter your PIN to pay, 0 to cancel."
CASH = "Cash R50.00 + R8.00 fee, Cash Express ATM, code to 082 100 0001. Enter your PIN to pay, 0 to cancel."
TOKEN = "Acme Wallet: At any Pick n Pay till ask for R50.00 cash and give code 1234 5678 90 by 24 Nov. Tell nobody else."


def sound():
    """A payment, a code for the customer's own phone, and an order for it; everybody knows."""
    state = {
        "ledger": {"conserved": True, "why": ""},
        "customers": [{"phone": PAYER, "wallets": [{"walletId": 1}]}, {"phone": PAYEE, "wallets": [{"walletId": 2}]}],
        "debits": {"t": {"count": 1, "amount": "10.00", "fee": "1.00", "from": 1, "to": 2, "type": "TRANSFER"}},
        "withdrawals": [
            {"externalUniqueId": "w", "owner": PAYER, "amount": "50.00", "token": "1234567890", "status": "PENDING",
             "modified_ms": 1000},
            {"externalUniqueId": "o", "owner": EMPLOYER, "amount": "70.00", "token": "9876543210", "status": "SUCCESSFUL",
             "modified_ms": 9000}]}
    inboxes = {
        PAYER: [{"text": "Acme Wallet: You sent R10.00 to K*** N*** 082 100 0002. Fee R1.00.", "at_ms": 1500},
                {"text": TOKEN, "at_ms": 1500},
                {"text": "Acme Wallet: The cash-out code for R50.00 was sent to 082 100 0001.", "at_ms": 1600},
                {"text": TOKEN.replace("50.00", "70.00").replace("1234 5678 90", "9876 5432 10"), "at_ms": 1700}],
        PAYEE: [{"text": "Acme Wallet: You got R10.00 from 2782***0001. It is in your wallet.", "at_ms": 1500}]}
    attempts = [
        Attempt(PAYER, "transfer", 1000, PAYEE, CONFIRM, True, "Done: R10.00 sent to K*** N*** 082 100 0002."),
        Attempt(PAYER, "cash", 5000, PAYER, CASH, True, None),
        Attempt("", "order", 7000, PAYER, None, True, None, {"status": 200, "body": {}})]
    return {"state": state, "messages": inboxes, "attempts": attempts, "employer": EMPLOYER,
            "notices": {PAYER: ["Your payment of 14:02 went through."]}}


def test_a_sound_run():
    assert Judge(**sound()).violations() == []


def another_uid(run):
    run["state"]["debits"]["u"] = copy.copy(run["state"]["debits"]["t"])


def nobody_asked(run):
    run["state"]["debits"]["u"] = {**run["state"]["debits"]["t"], "amount": "11.00"}


def not_debited(run):
    run["state"]["debits"].clear()


def says(which, text, who=PAYER):
    def change(run):
        run["messages"][who][which]["text"] = text
    return change


def screen(which, text):
    def change(run):
        run["attempts"][which].screen = text
    return change


def forget(who, which):
    def change(run):
        del run["messages"][who][which]
    return change


def untold(run):
    run["attempts"][0].screen = None
    del run["messages"][PAYER][0]


def promised(run):
    not_debited(run)
    untold(run)
    run["messages"][PAYEE].clear()
    run["attempts"][0].screen = "We are still working on it. The result comes by SMS."


def another_token(run):
    run["messages"][PAYER].append({"text": TOKEN.replace("1234", "4321"), "at_ms": 1500})


def stale(run):
    run["state"]["withdrawals"][0]["status"] = "TIMEOUT"
    run["messages"][PAYER][1]["at_ms"] = 90000


def never_made(run):
    run["state"]["withdrawals"][0]["token"] = "1111111111"


def over_the_limit(run):
    run["state"]["withdrawals"][0]["amount"] = run["state"]["withdrawals"][1]["amount"] = "13000.00"
    for which, attempt in ((1, run["attempts"][1]), (3, run["attempts"][2])):
        attempt.cents = 1300000
        run["messages"][PAYER][which]["text"] = "R13 000.00 cash and give code 1234 5678 90 by 24 Nov."


def no_pin(run):
    run["attempts"][0].pinned = False


def said_less(run):
    run["attempts"][0].confirm = CONFIRM.replace(" + R1.00 fee", "")


def wrong_notice(run):
    run["notices"][PAYER] = ["Your payment of 14:02 did not go through."]


def false_order(status, made):
    def change(run):
        run["attempts"][2].answer = {"status": status, "body": None}
        if not made:
            del run["state"]["withdrawals"][1]
    return change


def not_conserved(run):
    run["state"]["ledger"] = {"conserved": False, "why": "a cent too many"}


@pytest.mark.parametrize("breaks, rule, words", [
    (lambda run: run["state"]["debits"]["t"].update(count=2), 1, "was debited 2 times"),
    (another_uid, 1, "2 times"), (not_conserved, 1, "a cent too many"), (nobody_asked, 5, "asked for by nobody"),
    (not_debited, 2, "told done, and it was not"), (not_debited, 2, "money that never came"),
    (screen(0, "Nothing was paid. Dial again"), 2, "told not done, and it was"),
    (says(0, "R10.00 to K*** was not sent. No money left"), 2, "told not done, and it was"),
    (untold, 2, "done, and left untold"), (promised, 2, "promised a result"),
    (forget(PAYEE, 0), 2, "the payee was told of nothing"), (forget(PAYER, 1), 4, "neither delivered nor cancelled"),
    (forget(PAYER, 3), 4, "neither delivered nor cancelled"), (forget(PAYER, 2), 2, "done, and left untold"),
    (says(2, "No code for R50.00 was made."), 2, "there is no code, and there is one"),
    (another_token, 4, "different tokens"), (stale, 4, "a stale token"), (never_made, 4, "never made"),
    (over_the_limit, 3, "usable tokens for R26 000.00"), (no_pin, 5, "nobody typed a PIN"),
    (said_less, 5, "'R1.00 fee' was not on the screen"), (wrong_notice, 2, "and everything did"),
    (false_order(200, False), 2, "answered as made"), (false_order(400, True), 2, "answered as refused"),
    (false_order(500, True), 2, "last answer")])
def test_each_rule_sees(breaks, rule, words):
    run = sound()
    breaks(run)
    found = Judge(**run).violations()
    assert [f for f in found if f.startswith(f"rule {rule}: ") and words in f], found


def test_what_an_operator_has_is_not_ours_to_judge():
    run = sound()
    forget(PAYER, 1)(run)
    assert Judge(**run).violations() != []
    assert Judge(**run, with_person={"w"}).violations() == []


def test_identity_numbers_are_not_alike():
    numbers = {identity_number(n) for n in range(5000)}
    assert len(numbers) == 5000 and {len(number) for number in numbers} == {13}
