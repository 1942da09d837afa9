# SPDX-License-Identifier: Apache-2.0
"""USSD over SMPP in every dialect: the sandbox's SMSC ends a dialogue only by that dialect's own rule."""
import pytest

from helpers import HOME, PIN, cash_out, sign_up
from stage import until

DIALECTS = ["its", "mica", "sixdee", "digitalpulse", "tops", "huawei", "smpp_plus", "vendor_tlv", "no_op"]
MORE = {"vendor_tlv": {"session_tlv": 0x1401}, "digitalpulse": {"send_as": "data_sm"}, "smpp_plus": {"payload": True}}


@pytest.fixture(params=DIALECTS)
def stage(request, make_stage):
    def speak(config, _tenant):
        config["binds"][0]["ussd"] = {"dialect": request.param, **MORE.get(request.param, {})}
    made = make_stage(edit=speak, sandbox=("--set", f"ussd_dialect={DIALECTS.index(request.param)}"))
    made.dialect = request.param
    return made


def violations(stage):
    return stage.state()["violations"]


def test_signs_up_and_ends(stage):
    phone = sign_up(stage)
    phone.dial()
    assert "R1 000.00" in phone.walk("1", PIN), phone.screen
    assert phone.open
    phone.hang_up()
    done = cash_out(phone)
    assert not phone.open, done
    assert violations(stage) == []


def test_a_hang_up_is_no_input(stage):
    phone = sign_up(stage)
    phone.dial()
    submits = stage.state()["smsc"]["ussd_submits"]
    phone.hang_up()
    assert phone.dial() == HOME
    until(lambda: stage.state()["smsc"]["ussd_submits"] == submits + 1, "the answer to the second call alone")
    assert violations(stage) == []


def test_an_input_to_a_gateway_that_forgot(stage):
    """The dialogue goes on with a screen: never silence."""
    phone = sign_up(stage)
    assert phone.dial() == HOME
    assert stage.stop_gateways() == [0]
    stage.start_gateway()
    until(lambda: stage.state()["smsc"]["links"] == 1, "the link")
    assert "Enter your PIN" in phone.type("1")
    phone.hang_up()
    assert violations(stage) == []
