/* SPDX-License-Identifier: Apache-2.0 */
#include "core/calls.h"

#include <string.h>

#include "base/mem.h"

const struct call_row call_rows[] = {
	{ "customer.find", { "found", "no_pin", "not_found", "barred", "failed" }, false, false, false,
	    "customer_id wallet_id first_name notice notice_at",
	    "Finds the customer of the dialling phone and the wallet. notice says what became of the last payment "
	    "(done, not_done, checking or unset), once within 24 h; or of a sign-up that no screen told (opened, "
	    "not_opened). While one is under way it waits for it." },
	{ "signup.check", { "free", "taken", "failed" }, false, false, false, "",
	    "Looks for another customer with the same id_number or passport." },
	{ "signup.create", { "done", "taken", "refused", "later", "failed" }, CALL_NEW_PIN, false, false,
	    "customer_id wallet_id",
	    "Creates customer, identity (PIN), ratification and wallet from first_name, surname, id_number or "
	    "passport, birth; picks up where an earlier try stopped. It goes on by itself behind the screen." },
	{ "activate.start", { "sent", "no_match", "blocked", "failed" }, false, false, false, "",
	    "Compares id_number with the customer's and sends a code by SMS." },
	{ "activate.finish", { "done", "wrong_code", "blocked", "failed" }, CALL_NEW_PIN, false, false, "",
	    "Checks code and sets the new PIN." },
	{ "pin.check", { "ok", "wrong", "locked", "failed" }, true, false, false, "authed tries_left locked_until",
	    "Checks the PIN; authed is 1 for the rest of the dialogue." },
	{ "pin.change", { "done", "failed", "unsure" }, CALL_NEW_PIN, false, false, "",
	    "Sets the new PIN; needs authed. unsure: no answer came, either PIN may be the right one." },
	{ "pin.forgot", { "sent", "waiting", "ready", "no_match", "blocked", "failed" }, false, false, false,
	    "reset_from",
	    "Compares id_number with the customer's and sends a code by SMS; while a wait goes on, until when; after it "
	    "the new PIN may be set. Not within 72 h of a changed SIM." },
	{ "pin.forgot_code", { "waiting", "wrong_code", "blocked", "failed" }, false, false, false, "reset_from",
	    "Checks code and begins the wait for a new PIN, which the right old PIN ends." },
	{ "pin.reset", { "done", "failed", "unsure" }, CALL_NEW_PIN, false, false, "",
	    "Sets the new PIN in a dialogue in which pin.forgot said ready. unsure: no answer came." },
	{ "balance", { "done", "failed" }, false, false, false, "balance pending_total",
	    "Available balance and what pending tokens would take; needs authed." },
	{ "statement", { "done", "empty", "failed" }, false, false, false,
	    "tx.n tx.i.at tx.i.amount tx.i.sign tx.i.text", "The newest transactions; needs authed." },
	{ "limit.left", { "done", "failed" }, false, false, false, "left limit_amount",
	    "What this phone can still receive in tokens this month; needs authed." },
	{ "send.find", { "found", "not_found", "self", "barred", "too_many", "failed" }, false, false, false,
	    "to_name to_wallet", "Finds the recipient `to`; the name is masked. Look-ups are capped a day." },
	{ "send.check", { "ok", "repeat", "short", "refused", "busy", "failed" }, false, false, false,
	    "fee total repeat_at", "Checks amount and funds before the confirm screen." },
	{ "cash.kinds", { "done", "none" }, false, false, true, "kind.n kind.i.type kind.i.name",
	    "The ways to cash out." },
	{ "cash.check", { "ok", "repeat", "step", "small", "large", "short", "capped", "closed", "busy",
		"failed" }, false, false, false,
	    "fee total min max step repeat_at",
	    "Checks amount against the kind (type) and funds before the confirm screen. closed: no token is made just now." },
	{ "transfer", { "done", "refused", "later" }, false, true, false, "reason", "Runs the accepted transfer." },
	{ "withdrawal", { "done", "limit", "refused", "later" }, false, true, false, "reason left",
	    "Runs the accepted withdrawal. limit: own phone: left is set; another phone: one refusal for all reasons "
	    "that the phone may have." },
	{ "pending.list", { "done", "empty", "failed" }, false, false, false,
	    "pending.n pending.i.id pending.i.amount pending.i.phone pending.i.kind pending.i.until",
	    "Tokens that can still be used; needs authed." },
	{ "pending.resend", { "done", "too_many", "failed" }, false, false, false, "",
	    "Sends the same token of the item `pick` again; needs authed." },
	{ "pending.cancel", { "done", "refused", "later", "failed" }, false, false, false, "",
	    "Cancels the item `pick` at the wallet core; needs authed." },
	{ "language.set", { "done" }, false, false, true, "", "Remembers the language `lang` for this phone." },
	{ "notices.stop", { "done", "failed" }, false, false, true, "",
	    "Sends this phone no notices any more; tokens, results of payments and security messages go on." },
	{ "notices.start", { "done", "failed" }, false, false, true, "", "Sends this phone notices again." },
};
const size_t call_rows_n = NELEM(call_rows);

const struct call_row *
call_find(const char *name)
{
	for (size_t i = 0; i < call_rows_n; i++)
		if (strcmp(call_rows[i].name, name) == 0)
			return &call_rows[i];
	return NULL;
}
