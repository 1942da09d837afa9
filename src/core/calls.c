/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each call can end with, reads and sets. Whoever changes a call in service/calls_*.c changes its row: menus are
 * proven by what stands here.
 */
#include "core/calls.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "core/phone.h"

#define KIND(k) { .kind = KIND_##k }
#define MOST(k, n) { .kind = KIND_##k, .max = n }
#define WORD_OF(list) { .kind = KIND_WORD, .word = list, .words = NELEM(list) }
/* A row of `sets`: on every outcome, on some, and what there is to say besides. */
#define SET(var, t) { .name = var, .type = t }
#define ON(var, t, outcomes) { .name = var, .type = t, .on = outcomes }
#define HOW(var, t, outcomes, what) { .name = var, .type = t, .on = outcomes, .how = what }
#define WITH(var, t, outcomes, other) { .name = var, .type = t, .on = outcomes, .how = SET_WITH, .with = other }
#define NEED(name, k) { name, KIND_##k, NULL, KIND_TEXT }
#define EITHER(name, k, other, o) { name, KIND_##k, other, KIND_##o }

#define LIMIT_CENTS 2400000		/* R24 000.00, the most that one token can be of */
#define PENDING_PAGES 5			/* reads of open tokens at most */

static const char *const notices[] = { "done", "not_done", "checking", "opened", "not_opened" };
static const char *const reasons[] = { "short", "barred", "limit", "refused", "expired", "unknown", "busy", "closed" };
static const char *const refusals[] = { "unreadable", "type", "expired", "face", "file", "other" };
static const char *const yes[] = { "1" };
static const char *const channels[] = { "ussd", "sms", "whatsapp" };

const struct call_row call_rows[] = {
	{ .name = "customer.find", .outcomes = { "found", "no_pin", "not_found", "barred", "failed" },
	    .sets = {
		ON("customer_id", KIND(ID), "found no_pin"),
		ON("wallet_id", KIND(ID), "found no_pin"),
		HOW("first_name", MOST(NAME, 100), "found no_pin", SET_TRUSTED),
		HOW("notice", WORD_OF(notices), "found not_found", SET_PERHAPS),
		WITH("notice_at", KIND(MOMENT), "found", "notice") },
	    .steps = { .read = 2 },
	    .help = "Finds the customer of the dialling phone and the wallet. notice says what became of the last "
	    "payment (done, not_done, checking or unset), once within 24 h; or of a sign-up that no screen told (opened, "
	    "not_opened). While one is under way it waits for it." },
	{ .name = "signup.check", .outcomes = { "free", "taken", "failed" },
	    .needs = { EITHER("id_number", ID_NUMBER, "passport", PASSPORT) },
	    .steps = { .read = 1 },
	    .help = "Looks for another customer with the same id_number or passport." },
	{ .name = "signup.create", .outcomes = { "done", "taken", "refused", "later", "failed" },
	    .wants_secret = CALL_NEW_PIN,
	    .sets = {
		ON("customer_id", KIND(ID), "done"),
		ON("wallet_id", KIND(ID), "done") },
	    .needs = { NEED("first_name", NAME), NEED("surname", NAME),
		EITHER("id_number", ID_NUMBER, "passport", PASSPORT), NEED("birth", DAY) },
	    .steps = { .read = 6, .money = 4, .outlasts = true },
	    .help = "Creates customer, identity (PIN), ratification and wallet from first_name, surname, id_number or "
	    "passport, birth; picks up where an earlier try stopped. It goes on by itself behind the screen." },
	{ .name = "activate.start", .outcomes = { "sent", "no_match", "blocked", "failed" },
	    .needs = { NEED("customer_id", ID), NEED("id_number", ID_NUMBER) },
	    .steps = { .read = 1 },
	    .help = "Compares id_number with the customer's and sends a code by SMS." },
	{ .name = "activate.finish", .outcomes = { "done", "wrong_code", "blocked", "failed" },
	    .wants_secret = CALL_NEW_PIN,
	    .needs = { NEED("code", DIGITS) },
	    .steps = { .money = 1, .outlasts = true },
	    .help = "Checks code and sets the new PIN." },
	{ .name = "pin.check", .outcomes = { "ok", "wrong", "locked", "failed" },
	    .wants_secret = CALL_PIN,
	    .sets = {
		ON("authed", WORD_OF(yes), "ok"),
		HOW("authed", WORD_OF(yes), "wrong locked failed", SET_NOT),
		SET("tries_left", MOST(COUNT, 3)),
		SET("locked_until", KIND(MOMENT)) },
	    .steps = { .read = 1 },
	    .help = "Checks the PIN; authed is 1 for the rest of the dialogue." },
	{ .name = "pin.change", .outcomes = { "done", "failed", "unsure" },
	    .wants_secret = CALL_NEW_PIN,
	    .needs = { NEED("authed", FLAG) },
	    .steps = { .money = 1, .outlasts = true },
	    .help = "Sets the new PIN; needs authed. unsure: no answer came, either PIN may be the right one." },
	{ .name = "pin.forgot", .outcomes = { "sent", "waiting", "ready", "no_match", "blocked", "failed" },
	    .sets = {
		ON("reset_from", KIND(MOMENT), "waiting"),
		ON("reset_ok", KIND(FLAG), "ready"),
		HOW("reset_ok", KIND(FLAG), "sent waiting no_match blocked failed", SET_NOT) },
	    .needs = { NEED("id_number", ID_NUMBER) },
	    .steps = { .read = 1 },
	    .help = "Compares id_number with the customer's and sends a code by SMS; while a wait goes on, until when; "
	    "after it the new PIN may be set. Not within 72 h of a changed SIM." },
	{ .name = "pin.forgot_code", .outcomes = { "waiting", "wrong_code", "blocked", "failed" },
	    .sets = { ON("reset_from", KIND(MOMENT), "waiting") },
	    .needs = { NEED("code", DIGITS) },
	    .help = "Checks code and begins the wait for a new PIN, which the right old PIN ends." },
	{ .name = "pin.reset", .outcomes = { "done", "failed", "unsure" },
	    .wants_secret = CALL_NEW_PIN,
	    .sets = { HOW("reset_ok", KIND(FLAG), "done", SET_NOT) },
	    .needs = { NEED("reset_ok", FLAG) },
	    .steps = { .money = 1, .outlasts = true },
	    .help = "Sets the new PIN in a dialogue in which pin.forgot said ready. unsure: no answer came." },
	{ .name = "balance", .outcomes = { "done", "failed" },
	    .sets = {
		ON("balance", KIND(MONEY), "done"),
		ON("pending_total", KIND(MONEY), "done") },
	    .needs = { NEED("authed", FLAG), NEED("wallet_id", ID) },
	    .steps = { .read = 1 + PENDING_PAGES },
	    .help = "Available balance and what pending tokens would take; needs authed." },
	{ .name = "statement", .outcomes = { "done", "empty", "failed" },
	    .sets = {
		ON("tx.n", MOST(COUNT, 5), "done empty"),
		ON("tx.i.at", KIND(MOMENT), "done"),
		ON("tx.i.amount", KIND(MONEY), "done"),
		ON("tx.i.sign", KIND(SIGN), "done"),
		HOW("tx.i.text", KIND(TEXT), "done", SET_TRUSTED) },
	    .needs = { NEED("authed", FLAG), NEED("wallet_id", ID) },
	    .steps = { .read = 1 },
	    .help = "The newest transactions; needs authed." },
	{ .name = "limit.left", .outcomes = { "done", "failed" },
	    .sets = {
		ON("left", MOST(MONEY, LIMIT_CENTS), "done"),
		ON("limit_amount", MOST(MONEY, LIMIT_CENTS), "done") },
	    .needs = { NEED("authed", FLAG) },
	    .help = "What this phone can still receive in tokens this month; needs authed." },
	{ .name = "send.find", .outcomes = { "found", "not_found", "self", "barred", "too_many", "failed" },
	    .sets = {
		ON("to_name", KIND(MASKED_NAME), "found"),
		ON("to_wallet", KIND(ID), "found") },
	    .needs = { NEED("to", PHONE) },
	    .steps = { .read = 2 },
	    .help = "Finds the recipient `to`; the name is masked. Look-ups are capped a day." },
	{ .name = "send.check", .outcomes = { "ok", "repeat", "short", "refused", "busy", "failed" },
	    .sets = {
		SET("fee", KIND(FEE)),
		ON("total", KIND(MONEY), "ok repeat"),
		ON("repeat_at", KIND(MOMENT), "repeat") },
	    .needs = { NEED("to", PHONE), NEED("to_wallet", ID), NEED("amount", MONEY), NEED("wallet_id", ID) },
	    .steps = { .read = 2 + PENDING_PAGES },
	    .help = "Checks amount and funds before the confirm screen." },
	{ .name = "cash.kinds", .outcomes = { "done", "none", "closed", "busy", "off" },
	    .open = true,
	    .sets = {
		ON("kind.n", MOST(COUNT, KINDS_MAX), "done none"),
		ON("kind.i.type", KIND(ID), "done"),
		ON("kind.i.name", KIND(LABEL), "done") },
	    .help = "The ways to cash out that are open now. none: there are none; closed: no token is made just now; busy: a "
	    "payment of this phone is on its way; off: no payment is taken now." },
	{ .name = "send.open", .outcomes = { "open", "busy", "off" },
	    .help = "Whether money can be sent now, before anything is typed. busy: a payment of this phone is on its way; "
	    "off: no payment is taken now." },
	{ .name = "cash.check",
	    .outcomes = { "ok", "repeat", "step", "small", "large", "short", "capped", "closed", "busy", "failed" },
	    .sets = {
		ON("fee", KIND(FEE), "ok repeat short"),
		ON("total", KIND(MONEY), "ok repeat short"),
		ON("min", MOST(MONEY, LIMIT_CENTS), "ok repeat step small large short capped closed busy"),
		ON("max", MOST(MONEY, LIMIT_CENTS), "ok repeat step small large short capped closed busy"),
		ON("step", MOST(MONEY, LIMIT_CENTS), "ok repeat step small large short capped closed busy"),
		ON("repeat_at", KIND(MOMENT), "repeat") },
	    .needs = { NEED("type", ID), NEED("amount", MONEY), NEED("to_phone", PHONE), NEED("wallet_id", ID) },
	    .steps = { .read = 2 + PENDING_PAGES },
	    .help = "Checks amount against the kind (type) and funds before the confirm screen. closed: no token is "
	    "made just now." },
	{ .name = "transfer", .outcomes = { "done", "refused", "later" },
	    .intent = true,
	    .sets = { ON("reason", WORD_OF(reasons), "refused"),
		HOW("reason", WORD_OF(reasons), "done later", SET_NOT) },
	    .needs = { NEED("to", PHONE), NEED("to_name", MASKED_NAME), NEED("to_wallet", ID), NEED("amount", MONEY),
		NEED("fee", FEE), NEED("wallet_id", ID), NEED("customer_id", ID) },
	    .shows = { NEED("amount", MONEY), EITHER("fee", FEE, "total", MONEY),
		EITHER("to", PHONE, "to_name", MASKED_NAME) },
	    .steps = { .read = 1, .money = 1, .outlasts = true },
	    .help = "Runs the accepted transfer." },
	{ .name = "withdrawal", .outcomes = { "done", "limit", "refused", "later" },
	    .intent = true,
	    .sets = {
		ON("reason", WORD_OF(reasons), "limit refused"),
		HOW("reason", WORD_OF(reasons), "done later", SET_NOT),
		HOW("left", MOST(MONEY, LIMIT_CENTS), "limit", SET_TRUSTED) },
	    .needs = { NEED("type", ID), NEED("to_phone", PHONE), NEED("amount", MONEY), NEED("fee", FEE),
		NEED("wallet_id", ID), NEED("customer_id", ID) },
	    .shows = { NEED("amount", MONEY), EITHER("fee", FEE, "total", MONEY), NEED("to_phone", PHONE) },
	    .steps = { .read = 1, .money = 1, .outlasts = true },
	    .help = "Runs the accepted withdrawal. limit: own phone: left is set; another phone: one refusal for all "
	    "reasons that the phone may have." },
	{ .name = "pending.list", .outcomes = { "done", "empty", "failed" },
	    .sets = {
		ON("pending.n", MOST(COUNT, 8), "done empty"),
		ON("pending.i.id", KIND(ID), "done"),
		ON("pending.i.amount", MOST(MONEY, LIMIT_CENTS), "done"),
		HOW("pending.i.phone", KIND(PHONE), "done", SET_TRUSTED),
		ON("pending.i.kind", KIND(LABEL), "done"),
		ON("pending.i.until", KIND(MOMENT), "done") },
	    .needs = { NEED("authed", FLAG), NEED("wallet_id", ID) },
	    .steps = { .read = PENDING_PAGES },
	    .help = "Tokens that can still be used; needs authed." },
	{ .name = "pending.resend", .outcomes = { "done", "too_many", "failed" },
	    .needs = { NEED("authed", FLAG), NEED("pick", ID) },
	    .help = "Sends the same token of the item `pick` again; needs authed." },
	{ .name = "pending.cancel", .outcomes = { "done", "refused", "later", "failed" },
	    .needs = { NEED("authed", FLAG), NEED("pick", ID) },
	    .steps = { .read = 1, .money = 1, .outlasts = true },
	    .help = "Cancels the item `pick` at the wallet core; needs authed." },
	{ .name = "document.send", .outcomes = { "done", "refused", "too_big", "gone", "failed" },
	    .sets = {
		ON("refusal", WORD_OF(refusals), "refused"),
		HOW("refusal", WORD_OF(refusals), "done too_big gone failed", SET_NOT) },
	    .needs = { NEED("customer_id", ID), NEED("document", WORD) },
	    .help = "Gives the wallet core what was just sent in a chat, as the document that the question wanted. gone: the "
	    "chat's network has it no more; failed: it did not come through, or nothing was sent." },
	{ .name = "kyc.ratify", .outcomes = { "started", "failed" },
	    .needs = { NEED("customer_id", ID) },
	    .help = "Has the wallet core check the customer's documents; what it finds follows by message." },
	{ .name = "chat.link", .outcomes = { "done", "wrong", "failed" },
	    .needs = { NEED("authed", FLAG), NEED("link_code", DIGITS) },
	    .help = "The chat that shows link_code, because its network tells no phone, belongs to this phone from now on; "
	    "needs authed. wrong: none shows it, or it did so more than 10 minutes ago." },
	{ .name = "language.set", .outcomes = { "done" },
	    .open = true,
	    .needs = { NEED("lang", WORD) },
	    .help = "Remembers the language `lang` for this phone." },
	{ .name = "notices.stop", .outcomes = { "done", "failed" },
	    .open = true,
	    .help = "Sends this phone no notices any more; tokens, results of payments and security messages go on." },
	{ .name = "notices.start", .outcomes = { "done", "failed" },
	    .open = true,
	    .help = "Sends this phone notices again." },
};
const size_t call_rows_n = NELEM(call_rows);

const struct call_made call_mades[] = {
	{ "to", "to_name" }, { "to", "to_wallet" }, { "to", "fee" }, { "to", "total" },
	{ "amount", "fee" }, { "amount", "total" },
	{ "type", "fee" }, { "type", "total" },
	{ "to_phone", "fee" }, { "to_phone", "total" },
};
const size_t call_mades_n = NELEM(call_mades);

/* A wrong PIN is answered by the screen itself: what it says of the tries is among text_vars. */
const struct call_set confirm_sets[] = {
	ON("tries_left", MOST(COUNT, 3), "locked"),
	ON("locked_until", KIND(MOMENT), "locked"),
	{ .name = NULL },
};
const struct call_steps confirm_steps = { .read = 1 };

const struct call_set dialogue_vars[] = {
	SET("phone", KIND(OWN_PHONE)),
	SET("service_code", KIND(SERVICE_CODE)),
	SET("help_phone", KIND(HELP_PHONE)),
	SET("title", KIND(TITLE)),
	SET("channel", WORD_OF(channels)),
	SET("pin_length", MOST(COUNT, 8)),
	HOW("lang", KIND(WORD), NULL, SET_PERHAPS),
	HOW("had_pin", KIND(FLAG), NULL, SET_PERHAPS),
	HOW("chats", WORD_OF(yes), NULL, SET_PERHAPS),
	{ .name = NULL },
};

const struct text_var text_vars[] = {
	{ "error.money_small", SET("min", KIND(MONEY)) },
	{ "error.money_large", SET("max", KIND(MONEY)) },
	{ "error.money_step", SET("step", KIND(MONEY)) },
	{ "error.digits", SET("min", KIND(COUNT)) },
	{ "error.digits", SET("max", MOST(COUNT, 255)) },
	{ "error.digits_exact", SET("max", MOST(COUNT, 255)) },
	{ "error.text", SET("max", MOST(COUNT, 255)) },
	{ "error.pin_wrong", SET("tries_left", MOST(COUNT, 3)) },
	{ "error.sim_changed", SET("sim_until", KIND(MOMENT)) },
	{ "error.young", SET("young_cap", MOST(MONEY, LIMIT_CENTS)) },
	{ "language.item", SET("name", KIND(LABEL)) },
	{ "sms.*", SET("title", KIND(TITLE)) },
	{ "sms.*", SET("help_phone", KIND(HELP_PHONE)) },
	{ "sms.result.kyc.*", SET("service_code", KIND(SERVICE_CODE)) },
	{ "sms.result.signup.*", SET("service_code", KIND(SERVICE_CODE)) },
	{ "sms.answer.*", SET("service_code", KIND(SERVICE_CODE)) },
	{ "sms.menu.*", SET("service_code", KIND(SERVICE_CODE)) },
	{ "chat.*", SET("title", KIND(TITLE)) },
	{ "chat.*", SET("help_phone", KIND(HELP_PHONE)) },
	{ "chat.*", SET("service_code", KIND(SERVICE_CODE)) },
	{ "chat.link", SET("code", MOST(DIGITS, 8)) },
	{ "sms.activation", SET("code", MOST(DIGITS, 6)) },
	{ "sms.pin_reset", SET("reset_from", KIND(MOMENT)) },
#define OF_INTENT(key) \
	{ key, SET("amount", MOST(MONEY, LIMIT_CENTS)) }, \
	{ key, SET("fee", KIND(FEE)) }, \
	{ key, SET("to_name", KIND(MASKED_NAME)) }, \
	{ key, SET("to_phone", KIND(PHONE)) }, \
	{ key, SET("at", KIND(MOMENT)) }, \
	{ key, SET("until", KIND(MOMENT)) }, \
	{ key, SET("from", KIND(MASKED_PHONE)) }, \
	{ key, SET("reason_text", KIND(REASON)) }, \
	{ key, SET("kind_name", KIND(LABEL)) }
	OF_INTENT("sms.result.transfer.*"),
	OF_INTENT("sms.result.withdrawal.*"),
	OF_INTENT("sms.result.token_*"),
	OF_INTENT("sms.notice.*"),
	OF_INTENT("sms.token.*"),
	{ "sms.notice.*", SET("from", KIND(TITLE)) },	/* where an integrator sends */
	{ "sms.token.*", SET("token", MOST(DIGITS, 20)) },
};
const size_t text_vars_n = NELEM(text_vars);

const struct call_row *
call_find(const char *name)
{
	for (size_t i = 0; i < call_rows_n; i++)
		if (strcmp(call_rows[i].name, name) == 0)
			return &call_rows[i];
	return NULL;
}

/* The canonical form only: nothing makes another one of it later. */
static bool
is_constant(enum var_kind kind, const char *value)
{
	char phone[PHONE_MAX];
	int64_t cents;

	if (kind == KIND_PHONE)
		return phone_parse(value, "", phone) && strcmp(phone, value) == 0;
	return kind == KIND_MONEY && str_to_i64(value, 1, INT64_MAX, &cents);
}

enum var_kind
call_constant(const char *name, const char *value)
{
	for (size_t i = 0; i < call_rows_n; i++)
		for (const struct call_need *n = call_rows[i].needs; n->name != NULL; n++)
			if (strcmp(n->name, name) == 0 && is_constant(n->kind, value))
				return n->kind;
	return KIND_WORD;
}

bool
call_sets_on(const struct call_set *set, const char *outcome)
{
	size_t n = strlen(outcome);

	for (const char *at = set->on; at != NULL && *at != '\0'; at += strspn(at, " ")) {
		size_t len = strcspn(at, " ");

		if (len == n && memcmp(at, outcome, n) == 0)
			return true;
		at += len;
	}
	return set->on == NULL;
}

bool
call_is_private(const struct call_row *row)
{
	for (const struct call_need *n = row->needs; n->name != NULL; n++)
		if (strcmp(n->name, "authed") == 0)
			return true;
	return false;
}
