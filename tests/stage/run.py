# SPDX-License-Identifier: Apache-2.0
"""What scripts/run does once everything is built: the stage, and on it a person with a phone, or the tour."""
import argparse
import pathlib
import signal
import subprocess
import sys
import time

from phone import CODES
from stage import SOURCE, Stage, StageError
from story import Difference, Story

EMPLOYER = "27829000000"
# Where a new token stands neither in the answer nor in what is read later, nobody can send it, and money that lands
# late makes another story: both are right, but not this one.
HOSTILE = ("--set", "create_status=201", "--set", "late_permille=0")


def add_fee(_config, tenant):
    tenant["transfer_fee"] = "1.00"


def open_stage(options):
    def edit(config, tenant):
        add_fee(config, tenant)
        tenant["channels"].append(stage.whatsapp())
        config["documents"] = {"hosts": ["127.0.0.1"]}      # where the sandbox keeps pictures

    stage = Stage(options.build, edit=edit, profile=options.profile, keep=options.keep,
                  sandbox=HOSTILE if options.profile == "hostile" else ())
    try:
        stage.start_redis()
        stage.start_sandbox()
        # The first wallet of the sandbox is the one that the sample configuration gives to its integrator.
        stage.employer = stage.customer(EMPLOYER, firstName="Acme", lastName="Wages", balance="100000.00",
                                        nationalIdentityNumber="7502280219088")
        stage.configure()
        stage.start_gateway()
        stage.whatsapp_to(stage.gateway)
    except BaseException:
        stage.kill()
        raise
    return stage


def close_stage(stage):
    try:
        stage.stop()
    finally:
        stage.kill()
    if stage.keep:
        print(f"Logs and configuration are kept in {stage.folder}")


def tour(options):
    began = time.monotonic()
    for via, name in (*((via, "story.txt") for via in CODES), ("chat", "chat.txt")):
        text = (SOURCE / "tests" / "tour" / name).read_text()
        stage = open_stage(options)
        try:
            Story(stage, text, via, stage.employer["walletId"]).play()
        except Difference as difference:
            print(f"\nThe tour ends here: {difference}", file=sys.stderr)
            return 1
        finally:
            close_stage(stage)
    print(f"\nEverything was as it must be, over SMPP, over HTTP and on WhatsApp ({time.monotonic() - began:.1f} s).")
    return 0


def phone(options):
    stage = open_stage(options)
    try:
        print(f"isango serves, with a wallet core, an SMSC and an aggregator of its own. Metrics: "
              f"http://127.0.0.1:{stage.gateway.listening()['admin']}/metrics\n"
              f"To pay money into your wallet, in another terminal:\n"
              f"  curl -d '{{\"phone\":\"{options.msisdn}\",\"amount\":\"500.00\"}}' {stage.control_url}/control/topup\n"
              f"To write to it on WhatsApp, in another one:\n"
              f"  {stage.build}/isango dial --whatsapp --sandbox {stage.control_url} --from {options.msisdn}\n",
              flush=True)
        return subprocess.call([stage.build / "isango", "dial", "--sandbox", stage.control_url, CODES["smpp"],
                                "--from", options.msisdn])
    finally:
        close_stage(stage)


def main():
    parser = argparse.ArgumentParser(prog="scripts/run", description="isango and everything around it, on this machine.")
    parser.add_argument("--tour", action="store_true", help="play the whole story; 0 only if all was as it must be")
    parser.add_argument("--profile", choices=("friendly", "hostile"), default="friendly",
                        help="how the wallet core of the sandbox behaves where its documents are silent")
    parser.add_argument("--from", dest="msisdn", default="27821234567", help="the number of your phone")
    parser.add_argument("--keep", action="store_true", help="keep the folder with logs and configuration")
    parser.add_argument("--build", type=pathlib.Path, default=SOURCE / "build" / "plain", help=argparse.SUPPRESS)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGHUP, lambda *_: sys.exit(129))
    try:
        sys.exit(tour(options) if options.tour else phone(options))
    except StageError as error:
        sys.exit(f"scripts/run: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
