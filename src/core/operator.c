/* SPDX-License-Identifier: Apache-2.0 */
#include "core/operator.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/str.h"

#define COUNT_MAX 200
#define REQUEST_MAX INT64_C(1000000000)

/*
 * The second person stands before what moves money on somebody's word (resolve), before what opens a door again
 * that was shut against a thief (unfreeze), and before what takes a payment out of sight (set-aside). Freezing must be quick, so one is enough. A resend goes to the same phone
 * only, is counted and capped; a cancel gives money back to whose it is; an unlock gives three tries and keeps the
 * lock's growth.
 */
#define NO_ARG { NULL, 0, false }
const struct operator_act operator_acts[OPERATOR_ACTS] = {
	/*                  name        roles         changes reason second noted */
	[ACT_PERSONS]  = { "persons",  ROLE_LOOK,    false, false, false, false, { NO_ARG, NO_ARG },
	    "Lists the payments whose outcome a person must decide" },
	[ACT_PHONE]    = { "phone",    ROLE_LOOK,    false, false, false, true,
	    { { "phone", OPARG_PHONE, false }, NO_ARG },
	    "Shows what is known of one phone and what happened there" },
	[ACT_REQUESTS] = { "requests", ROLE_LOOK | ROLE_APPROVE, false, false, false, false, { NO_ARG, NO_ARG },
	    "Lists what waits for the approval of a second person" },
	[ACT_AUDIT]    = { "audit",    ROLE_LOOK,    false, false, false, false,
	    { { "count", OPARG_COUNT, true }, { "whole", OPARG_FLAG, true } },
	    "Shows the newest entries of the audit and checks their chain; with whole, from its first entry on" },
	[ACT_RESOLVE]  = { "resolve",  ROLE_ACT,     true,  true,  true,  true,
	    { { "intent", OPARG_INTENT, false }, { "outcome", OPARG_OUTCOME, false } },
	    "Asks that a payment which is with a person ends as done or not_done" },
	[ACT_APPROVE]  = { "approve",  ROLE_APPROVE, true,  false, false, true,
	    { { "request", OPARG_REQUEST, false }, NO_ARG },
	    "Approves what another operator asked for" },
	[ACT_REJECT]   = { "reject",   ROLE_APPROVE, true,  true,  false, true,
	    { { "request", OPARG_REQUEST, false }, NO_ARG },
	    "Rejects what another operator asked for" },
	[ACT_UNLOCK]   = { "unlock",   ROLE_ACT,     true,  true,  false, true,
	    { { "phone", OPARG_PHONE, false }, NO_ARG },
	    "Ends the lock of a phone's PIN; the next lock is as long as it would have been" },
	[ACT_FREEZE]   = { "freeze",   ROLE_ACT,     true,  true,  false, true,
	    { { "phone", OPARG_PHONE, false }, NO_ARG },
	    "Lets a phone do nothing any more; payments under way still end" },
	[ACT_UNFREEZE] = { "unfreeze", ROLE_ACT,     true,  true,  true,  true,
	    { { "phone", OPARG_PHONE, false }, NO_ARG },
	    "Asks that a frozen phone may be used again" },
	[ACT_RESEND]   = { "resend",   ROLE_ACT,     true,  true,  false, true,
	    { { "phone", OPARG_PHONE, false }, { "intent", OPARG_INTENT, false } },
	    "Sends the code of a payment of this phone once more, to the phone that it went to" },
	[ACT_CANCEL]   = { "cancel",   ROLE_ACT,     true,  true,  false, true,
	    { { "phone", OPARG_PHONE, false }, { "intent", OPARG_INTENT, false } },
	    "Cancels an unused code of this phone at the wallet core" },
	[ACT_OPT_OUT]  = { "opt-out",  ROLE_ACT,     true,  true,  false, true,
	    { { "phone", OPARG_PHONE, false }, NO_ARG },
	    "The phone gets no notices any more" },
	[ACT_OPT_IN]   = { "opt-in",   ROLE_ACT,     true,  true,  false, true,
	    { { "phone", OPARG_PHONE, false }, NO_ARG },
	    "The phone gets notices again" },
	[ACT_SET_ASIDE] = { "set-aside", ROLE_ACT,   true,  true,  true,  true,
	    { { "phone", OPARG_PHONE, false }, NO_ARG },
	    "Asks that records of this phone which cannot be read are set aside, so that it can be used again" },
};

static const struct {
	enum operator_role role;
	const char *name;
} roles[] = {
	{ ROLE_LOOK, "look" }, { ROLE_ACT, "act" }, { ROLE_APPROVE, "approve" },
};

const struct operator_act *
operator_act_find(const char *name)
{
	for (size_t i = 0; i < NELEM(operator_acts); i++)
		if (strcmp(operator_acts[i].name, name) == 0)
			return &operator_acts[i];
	return NULL;
}

const char *
operator_role_name(enum operator_role r)
{
	for (size_t i = 0; i < NELEM(roles); i++)
		if (roles[i].role == r)
			return roles[i].name;
	return "";
}

void
operator_act_roles(const struct operator_act *a, char *out, size_t size)
{
	struct buf b = { 0 };

	for (size_t i = 0; i < NELEM(roles); i++)
		if ((a->roles & roles[i].role) != 0)
			buf_addf(&b, "%s%s", b.len > 0 ? " or " : "", roles[i].name);
	str_format(out, size, "%s", buf_str(&b));
	buf_clear(&b);
}

const char *
operator_arg_kind_name(enum operator_arg_kind k)
{
	static const char *const name[] = {
		[OPARG_PHONE] = "PHONE", [OPARG_INTENT] = "INTENT", [OPARG_REQUEST] = "REQUEST",
		[OPARG_OUTCOME] = "done|not_done", [OPARG_COUNT] = "COUNT", [OPARG_FLAG] = "true|false",
	};

	return name[k];
}

bool
operator_may(const struct operator *o, const struct operator_act *a)
{
	return (o->roles & a->roles) != 0;
}

bool
operator_sees(const struct operator *o, int tenant)
{
	for (int i = 0; i < o->tenants_n; i++)
		if (o->tenants[i] == tenant)
			return true;
	return o->all_tenants;
}

/* ---- orders ---- */

/* A UUID: nothing else is ever looked up. */
static bool
is_intent(const char *text)
{
	size_t n = strspn(text, "0123456789abcdef-");

	return n == 36 && text[n] == '\0' && text[8] == '-' && text[13] == '-' && text[18] == '-' && text[23] == '-';
}

static bool
take_number(const json_t *v, int64_t most, int64_t *out)
{
	*out = json_is_integer(v) ? json_integer_value(v) : 0;
	return *out >= 1 && *out <= most;
}

static bool
take_outcome(const json_t *v, bool *done)
{
	const char *word = json_is_string(v) ? json_string_value(v) : "";

	*done = strcmp(word, "done") == 0;
	return *done || strcmp(word, "not_done") == 0;
}

static bool
take(const struct operator_arg *arg, const json_t *v, const char *country, struct operator_order *o)
{
	switch (arg->kind) {
	case OPARG_PHONE:
		return json_is_string(v) && phone_parse(json_string_value(v), country, o->phone);
	case OPARG_INTENT:
		return json_is_string(v) && is_intent(json_string_value(v)) &&
		    str_copy(o->intent, sizeof o->intent, json_string_value(v));
	case OPARG_REQUEST:
		return take_number(v, REQUEST_MAX, &o->request);
	case OPARG_OUTCOME:
		return take_outcome(v, &o->done);
	case OPARG_COUNT:
		return take_number(v, COUNT_MAX, &o->count);
	case OPARG_FLAG:
		o->flag = json_is_true(v);
		return json_is_boolean(v);
	}
	return false;
}

static const char *
expected(enum operator_arg_kind k)
{
	static const char *const words[] = {
		[OPARG_PHONE] = "a phone number like 27821234567", [OPARG_INTENT] = "the id of a payment",
		[OPARG_REQUEST] = "the number of a request", [OPARG_OUTCOME] = "done or not_done",
		[OPARG_COUNT] = "a number from 1 to 200", [OPARG_FLAG] = "true or false",
	};

	return words[k];
}

static bool
is_known(const struct operator_act *a, const char *name)
{
	for (size_t i = 0; i < OPERATOR_ARGS; i++)
		if (a->arg[i].name != NULL && strcmp(a->arg[i].name, name) == 0)
			return true;
	return a->changes && strcmp(name, "reason") == 0;
}

/* Printable, so that it reads in a log and on a terminal as it was written. */
static bool
take_reason(const struct operator_act *a, const json_t *v, struct operator_order *o)
{
	if (v == NULL)
		return !a->reason;
	if (!json_is_string(v) || json_string_length(v) < OPERATOR_REASON_LEAST ||
	    !str_copyn(o->reason, sizeof o->reason, json_string_value(v), json_string_length(v)))
		return false;
	for (const char *p = o->reason; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return false;
	return true;
}

static bool
fill(const struct operator_act *a, json_t *root, const char *country, struct operator_order *o, char *problem,
    size_t size)
{
	const char *name;
	json_t *v;

	json_object_foreach(root, name, v)
		if (!is_known(a, name)) {
			str_format(problem, size, "%s does not take the argument %.40s", a->name, name);
			return false;
		}
	for (size_t i = 0; i < OPERATOR_ARGS && a->arg[i].name != NULL; i++) {
		v = json_object_get(root, a->arg[i].name);
		if (v == NULL && a->arg[i].optional)
			continue;
		if (v == NULL || !take(&a->arg[i], v, country, o)) {
			str_format(problem, size, "%s must be %s", a->arg[i].name, expected(a->arg[i].kind));
			return false;
		}
	}
	if (take_reason(a, json_object_get(root, "reason"), o))
		return true;
	str_format(problem, size, "reason must be a text of %d to %d octets on one line", OPERATOR_REASON_LEAST,
	    OPERATOR_REASON - 1);
	return false;
}

bool
operator_order_parse(const struct operator_act *a, const char *json, size_t len, const char *country,
    struct operator_order *out, char *problem, size_t size)
{
	json_t *root = len > 0 ? json_loadb(json, len, JSON_REJECT_DUPLICATES, NULL) : json_object();
	bool ok = json_is_object(root);

	memset(out, 0, sizeof *out);
	out->what = (enum operator_what)(a - operator_acts);
	if (ok)
		ok = fill(a, root, country, out, problem, size);
	else
		str_format(problem, size, "the body must be a JSON object");
	json_decref(root);
	return ok;
}

static json_t *
value_of(const struct operator_arg *arg, const char *text)
{
	int64_t number;

	switch (arg->kind) {
	case OPARG_REQUEST:
	case OPARG_COUNT:
		return str_to_i64(text, 1, REQUEST_MAX, &number) ? json_integer(number) : NULL;
	case OPARG_FLAG:
		return strcmp(text, "true") == 0 ? json_true() : strcmp(text, "false") == 0 ? json_false() : NULL;
	default:
		return json_string(text);
	}
}

bool
operator_order_print(const struct operator_act *a, const char *const value[OPERATOR_ARGS], const char *reason,
    struct buf *json, char *problem, size_t size)
{
	json_t *root = json_object();
	bool ok = reason == NULL || json_object_set_new(root, "reason", json_string(reason)) == 0;
	char *text;

	if (!ok)
		str_format(problem, size, "reason must be a text on one line");
	for (size_t i = 0; ok && i < OPERATOR_ARGS; i++)
		if (a->arg[i].name != NULL && value[i] != NULL &&
		    json_object_set_new(root, a->arg[i].name, value_of(&a->arg[i], value[i])) != 0) {
			str_format(problem, size, "%s must be %s", a->arg[i].name, expected(a->arg[i].kind));
			ok = false;
		}
	text = ok ? json_dumps(root, JSON_COMPACT) : NULL;
	if (text != NULL)
		buf_add_str(json, text);
	free(text);
	json_decref(root);
	return ok;
}
