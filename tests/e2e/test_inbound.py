# SPDX-License-Identifier: Apache-2.0
"""SMS from customers: words in each language, the menu, parts on two links, forgers, floods, and PINs that were sent."""
import pytest

from helpers import PIN, SIPHO, THANDI, cash_out, sign_up, token_in, token_sms, wait_sms
from phone import Phone
from stage import read_jsonc, until

STOPPED = {"en": "No more notices", "zu": "Azisekho izaziso", "af": "Geen kennisgewings meer"}
HELP = "STOP ends notices"
LONG = "Please " + "tell me how to use this wallet, since I have lost the paper. " * 6


def quiet(stage, sent):
    """All that was sent has been taken by the gateway."""
    until(lambda: stage.state()["smsc"]["mo_taken"] == sent, f"{sent} SMS to be taken")


def two_links(config, _tenant):
    config["binds"][0]["links"] = 2


def without_menu(_config, tenant):
    del tenant["sms_menu"]


def hourly(most):
    def edit(_config, tenant):
        tenant["sms_answers"] = most
    return edit


@pytest.mark.parametrize("word, language", [
    ("STOP", "en"), ("stop!", "en"), ("  S.T.O.P. please", "en"), ("Quit", "en"), ("\u0161t\u00f3p", "en"),
    ("Yima", "zu"), ("YIMA", "zu"), ("STAAK", "af"), ("staak,asseblief", "af")])
def test_stop_in_any_case_and_language(stage, word, language):
    phone = Phone(stage, THANDI)
    phone.send(word)
    assert STOPPED[language] in phone.sms()
    assert stage.gateway.metric("isango_inbound_stops_total") == 1


def test_stop_ends_notices_and_start_brings_them_back(stage):
    """Tokens and results still come. A word that is repeated is obeyed, and answered once."""
    phone = sign_up(stage)
    phone.send("STOP")
    assert "Send START" in phone.sms()
    phone.send("stop")
    phone.send("STOPALL")
    quiet(stage, 3)
    cash_out(phone)
    assert token_in(token_sms(phone))
    phone.send("Start")
    wait_sms(phone, "gets notices again")
    quiet(stage, 4)
    assert [m["text"] for m in phone.inbox() if STOPPED["en"] in m["text"]] != []
    assert sum(STOPPED["en"] in m["text"] for m in phone.inbox()) == 1
    assert stage.gateway.metric("isango_inbound_stops_total") == 1
    assert stage.gateway.metric("isango_inbound_starts_total") == 1
    assert {m["from"] for m in phone.inbox() if "notices" in m["text"]} == {"30384"}


def test_the_same_word_from_many_phones(stage):
    phones = [Phone(stage, f"2782000000{number}") for number in range(5)]
    for phone in phones:
        phone.send("STOP")
    for phone in phones:
        assert STOPPED["en"] in phone.sms()


def test_the_language_that_was_chosen_answers(stage):
    phone = sign_up(stage, language="3")
    phone.send("HELP")
    assert "Moet nooit" in phone.sms()


def test_a_dialogue_by_sms(stage):
    phone = Phone(stage, THANDI)
    phone.send("Hello there")
    assert "1. How to pay" in phone.sms()
    phone.send("2")
    assert "2. isiZulu" in phone.sms()
    phone.send(" 3 ")
    assert "Afrikaans" in phone.sms()
    phone.send("Goeiedag")
    assert "1. Hoe om te betaal" in phone.sms()
    phone.send("1", to="27830000384")
    assert "*120*384#" in phone.sms()


def test_without_a_menu_there_is_help_once(make_stage):
    stage = make_stage(edit=without_menu)
    phone = Phone(stage, THANDI)
    for text in ("Hello", "Is anybody there?", "Hello?"):
        phone.send(text)
    assert HELP in phone.sms()
    quiet(stage, 3)
    assert len(phone.inbox()) == 1
    assert stage.gateway.metric("isango_inbound_limited_total") == 2


@pytest.mark.parametrize("way", ["udh8", "udh16", "sar"])
def test_a_long_one_in_any_order_over_two_links(make_stage, way):
    stage = make_stage(edit=two_links)
    phone = Phone(stage, THANDI)
    assert phone.send("STOP " + LONG, way=way, order=[3, 1, 3, 1, 2, 2, 3]) == 3
    assert STOPPED["en"] in phone.sms()
    quiet(stage, 7)
    assert len(phone.inbox()) == 1
    assert stage.gateway.metric("isango_inbound_repeated_total") == 4


def one_link_each(stage):
    """Whoever starts first takes both, so they start together, again until it comes out so."""
    for _ in range(10):
        stage.stop_gateways()
        pair = [stage.start_gateway(wait=False) for _ in range(2)]
        until(lambda: all(g.listening() and g.ready() for g in pair) and stage.state()["smsc"]["links"] == 2, "two links")
        if all(g.metric("isango_link_slots_held") == 1 for g in pair):
            return
    raise AssertionError("never one link for each")


def test_parts_that_come_to_different_processes(make_stage):
    stage = make_stage(edit=two_links)
    phone = Phone(stage, THANDI)
    one_link_each(stage)
    phone.send("STOP " + LONG, order=[2, 3, 1])
    assert STOPPED["en"] in phone.sms()
    counts = [gateway.metric("isango_inbound_total") for gateway in stage.gateways if gateway.alive()]
    assert sum(counts) == 3 and 0 not in counts, counts


def test_whole_in_message_payload(stage):
    phone = Phone(stage, THANDI)
    assert phone.send("Help! " + LONG, way="payload") == 1
    assert HELP in phone.sms()


@pytest.mark.parametrize("text", [PIN, f"  {PIN[:2]} {PIN[2:]}.", "1234"])
def test_a_pin_by_sms_is_not_kept(stage, text):
    """The stage looks for it in every log and in Redis."""
    stage.secrets |= {text.strip(), "1234"}
    phone = Phone(stage, THANDI)
    phone.send("Hello")
    phone.sms()
    phone.send(text)
    assert "Never send a PIN by SMS" in phone.sms()
    assert stage.gateway.metric("isango_inbound_pins_total") == 1


@pytest.mark.parametrize("sender", ["ACME", "30384", "27830000384", "12345"])
def test_no_machine_is_answered(stage, sender):
    phone = Phone(stage, THANDI)
    phone.send("HELP", **{"from": sender})
    quiet(stage, 1)
    assert stage.gateway.metric("isango_inbound_unanswerable_total") == 1
    assert stage.gateway.metric("isango_messages_put_total") == 0


def split(config, tenant):
    """A bind that only sends and one that only hears."""
    for bind, mode in ((config["binds"][0], "transmitter"), (dict(config["binds"][0], name="ear"), "receiver")):
        bind["mode"] = mode
        bind.pop("ussd", None)
        if mode == "receiver":
            config["binds"].append(bind)
    tenant["channels"] = [c for c in tenant["channels"] if c["kind"] != "ussd-smpp"]


def test_a_bind_that_only_hears(make_stage):
    stage = make_stage(edit=split)
    phone = Phone(stage, THANDI)
    phone.send("STOP")
    assert STOPPED["en"] in phone.sms()
    # The receipt of what the one bind sent comes by the other.
    until(lambda: stage.gateway.metric("isango_messages_delivered_total") == 1, "the receipt")


def test_a_number_that_is_nobodys(stage):
    Phone(stage, THANDI).send("HELP", to="30385")
    quiet(stage, 1)
    assert stage.gateway.metric("isango_inbound_unknown_total") == 1


def test_a_flood_from_one_phone_is_bounded(make_stage):
    stage = make_stage(edit=hourly(5))
    phone, other = Phone(stage, THANDI), Phone(stage, SIPHO)
    for number in range(60):
        phone.send(f"Hello number {number}, are you there?")
    other.send("Hello")
    assert "1. How to pay" in other.sms()
    quiet(stage, 61)
    until(lambda: len(phone.inbox()) == 5, "five answers")
    phone.send("STOP")
    quiet(stage, 62)
    assert stage.gateway.metric("isango_inbound_stops_total") == 1
    assert len(phone.inbox()) == 5


def test_redis_is_away_and_the_network_delivers_again(stage):
    phone = Phone(stage, THANDI)
    stage.redis_cli("CLIENT", "PAUSE", "3000", "ALL")
    phone.send("STOP")
    assert STOPPED["en"] in phone.sms()
    quiet(stage, 1)
    assert len(phone.inbox()) == 1


def test_what_only_looks_like_a_receipt_is_a_message(stage):
    phone = Phone(stage, THANDI)
    phone.send("STOP id:123456 sub:001 dlvrd:001 submit date:2603011200 done date:2603011200 stat:DELIVRD err:000")
    assert STOPPED["en"] in phone.sms()
    assert stage.gateway.metric("isango_receipts_unmatched_total") == 0


def test_the_sample_sends_notices_from_a_number(stage):
    tenant = read_jsonc(stage.folder / "tenants.d" / "acme.json")
    senders = {c["name"]: c.get("sender", "") for c in tenant["channels"]}
    assert all(senders[name].isdigit() for name in tenant["routes"]["notice"])
