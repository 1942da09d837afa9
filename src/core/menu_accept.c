/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `accept` of an ask may demand, one row per check. The parsing itself is checks.c, money.c
 * and phone.c; here is what a menu may say about it and which reason the customer reads.
 */
#include <string.h>

#include <sodium.h>

#include "base/str.h"
#include "core/checks.h"
#include "core/kyc.h"
#include "core/menu_model.h"
#include "core/money.h"
#include "core/phone.h"

#define MAC_OCTETS 16

static const char *
accept_phone(const struct menu_accept *a, const char *typed, struct vars *vars,
    const struct menu_env *env, char value[MENU_VALUE])
{
	if (!phone_parse(typed, env->country, value))
		return "error.phone";
	if (a->of != NULL && strcmp(value, vars_get(vars, a->of)) != 0)
		return "error.phone_differs";
	return NULL;
}

/* The reason shows the bound that was missed, so it must be a variable. */
static const char *
bounded(struct vars *vars, const char *var, int64_t bound, const char *reason)
{
	/* If there is no room the number is missing; the reason stays. */
	(void)vars_set_i64(vars, var, bound);
	return reason;
}

static const char *
accept_money(const struct menu_accept *a, const char *typed, struct vars *vars,
    const struct menu_env *env, char value[MENU_VALUE])
{
	int64_t cents;

	(void)env;
	if (!money_parse(typed, &cents) || cents <= 0)
		return "error.money";
	if (a->has_min && cents < a->min)
		return bounded(vars, "min", a->min, "error.money_small");
	if (a->has_max && cents > a->max)
		return bounded(vars, "max", a->max, "error.money_large");
	if (a->has_step && cents % a->step != 0)
		return bounded(vars, "step", a->step, "error.money_step");
	str_format(value, MENU_VALUE, "%lld", (long long)cents);
	return NULL;
}

bool
accept_pin_form(const char *typed, const struct menu_env *env)
{
	return strlen(typed) == (size_t)env->pin_length && strlen(typed) < MENU_SECRET &&
	    str_all_digits(typed);
}

static const char *
accept_pin(const struct menu_accept *a, const char *typed, struct vars *vars,
    const struct menu_env *env, char value[MENU_VALUE])
{
	(void)a;
	(void)vars;
	value[0] = '\0';
	return accept_pin_form(typed, env) ? NULL : "error.pin";
}

/* A new PIN is compared with its repetition across two turns, and the session must not hold it. */
static void
pin_mac(const char *pin, const struct menu_env *env, char hex[MAC_OCTETS * 2 + 1])
{
	unsigned char mac[MAC_OCTETS];
	crypto_generichash_state st;

	crypto_generichash_init(&st, env->mac_key, 32, sizeof mac);
	crypto_generichash_update(&st, (const unsigned char *)env->phone, strlen(env->phone) + 1);
	crypto_generichash_update(&st, (const unsigned char *)pin, strlen(pin));
	crypto_generichash_final(&st, mac, sizeof mac);
	str_hex(mac, sizeof mac, hex);
	mem_wipe(&st, sizeof st);
}

static const char *
accept_new_pin(const struct menu_accept *a, const char *typed, struct vars *vars,
    const struct menu_env *env, char value[MENU_VALUE])
{
	struct pin_about about = { env->phone, vars_get(vars, "birth"), vars_get(vars, "id_number"),
		vars_get(vars, "service_code") };

	(void)a;
	if (!accept_pin_form(typed, env))
		return "error.pin";
	if (check_new_pin(typed, env->pin_length, &about) != PIN_OK)
		return "error.pin_weak";
	pin_mac(typed, env, value);
	return NULL;
}

static const char *
accept_repeat_pin(const struct menu_accept *a, const char *typed, struct vars *vars,
    const struct menu_env *env, char value[MENU_VALUE])
{
	char mac[MAC_OCTETS * 2 + 1];
	const char *first = vars_get(vars, a->of);

	value[0] = '\0';
	if (!accept_pin_form(typed, env))
		return "error.pin";
	pin_mac(typed, env, mac);
	if (strlen(first) != MAC_OCTETS * 2 || !str_equal_secret(mac, first, MAC_OCTETS * 2))
		return "error.pin_differs";
	return NULL;
}

static const char *
accept_id_number(const struct menu_accept *a, const char *typed, struct vars *vars,
    const struct menu_env *env, char value[MENU_VALUE])
{
	char birth[9];

	(void)a;
	if (!check_za_id(typed, env->today, birth) || !str_copy(value, MENU_VALUE, typed) ||
	    !vars_set(vars, "birth", birth))
		return "error.id_number";
	return NULL;
}

static const char *
accept_passport(const struct menu_accept *a, const char *typed, struct vars *vars,
    const struct menu_env *env, char value[MENU_VALUE])
{
	(void)a;
	(void)vars;
	(void)env;
	return check_passport(typed, value) ? NULL : "error.passport";
}

static const char *
accept_name(const struct menu_accept *a, const char *typed, struct vars *vars,
    const struct menu_env *env, char value[MENU_VALUE])
{
	(void)a;
	(void)vars;
	(void)env;
	return check_name(typed, value) ? NULL : "error.name";
}

static const char *
accept_date(const struct menu_accept *a, const char *typed, struct vars *vars,
    const struct menu_env *env, char value[MENU_VALUE])
{
	(void)a;
	(void)vars;
	if (!check_date(typed, value) || strcmp(value, env->today) >= 0 ||
	    strcmp(value, "19000101") < 0)
		return "error.date";
	return NULL;
}

static const char *
accept_digits(const struct menu_accept *a, const char *typed, struct vars *vars,
    const struct menu_env *env, char value[MENU_VALUE])
{
	int64_t n = (int64_t)strlen(typed);

	(void)env;
	if (!str_all_digits(typed) || (a->has_min && n < a->min) || (a->has_max && n > a->max) ||
	    !str_copy(value, MENU_VALUE, typed)) {
		(void)bounded(vars, "min", a->min, NULL);
		return bounded(vars, "max", a->max, a->min == a->max ? "error.digits_exact" : "error.digits");
	}
	return NULL;
}

static int64_t
characters(const char *s)
{
	int64_t n = 0;

	for (; *s != '\0'; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static const char *
accept_text(const struct menu_accept *a, const char *typed, struct vars *vars,
    const struct menu_env *env, char value[MENU_VALUE])
{
	(void)env;
	if (!utf8_valid(typed, strlen(typed)) || typed[0] == '\0' || characters(typed) > a->max ||
	    !str_copy(value, MENU_VALUE, typed))
		return bounded(vars, "max", a->max, "error.text");
	for (char *c = value; *c != '\0'; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = ' ';
	return NULL;
}

static const char *
accept_choice(const struct menu_accept *a, const char *typed, struct vars *vars,
    const struct menu_env *env, char value[MENU_VALUE])
{
	(void)vars;
	(void)env;
	for (int i = 0; i < a->words; i++)
		if (str_equal_fold(a->word[i], typed) && str_copy(value, MENU_VALUE, a->word[i]))
			return NULL;
	return "error.choice";
}

/* What can be typed is none; what was sent is taken by menu_step.c. */
static const char *
accept_document(const struct menu_accept *a, const char *typed, struct vars *vars,
    const struct menu_env *env, char value[MENU_VALUE])
{
	(void)a;
	(void)typed;
	(void)vars;
	(void)env;
	(void)value;
	return "error.document";
}

bool
accept_is_document(const struct menu_accept *a)
{
	return (a->row->args & ARG_DOCUMENT) != 0;
}

const struct accept_row accept_rows[] = {
	{ "phone", ARG_OF, false, false, true, accept_phone,
	    { "error.phone", "error.phone_differs" } },
	{ "money", ARG_MONEY, false, false, true, accept_money,
	    { "error.money", "error.money_small", "error.money_large", "error.money_step" } },
	{ "pin", 0, true, false, false, accept_pin, { "error.pin" } },
	{ "new_pin", 0, false, false, true, accept_new_pin, { "error.pin", "error.pin_weak" } },
	{ "repeat_pin", ARG_OF, true, true, false, accept_repeat_pin,
	    { "error.pin", "error.pin_differs" } },
	{ "id_number", 0, false, false, true, accept_id_number, { "error.id_number" } },
	{ "passport", 0, false, false, true, accept_passport, { "error.passport" } },
	{ "name", 0, false, false, true, accept_name, { "error.name" } },
	{ "date", 0, false, false, true, accept_date, { "error.date" } },
	{ "digits", ARG_COUNT, false, false, true, accept_digits, { "error.digits", "error.digits_exact" } },
	{ "text", ARG_LENGTH, false, false, true, accept_text, { "error.text" } },
	{ "choice", ARG_WORDS, false, false, true, accept_choice, { "error.choice" } },
	{ "document", ARG_DOCUMENT, false, false, true, accept_document, { "error.document" } },
};
const size_t accept_rows_n = NELEM(accept_rows);

const struct accept_row *
accept_find(const char *name)
{
	for (size_t i = 0; i < NELEM(accept_rows); i++)
		if (strcmp(accept_rows[i].name, name) == 0)
			return &accept_rows[i];
	return NULL;
}

static bool
read_bound(struct menu_reading *l, const json_t *args, const char *name, bool is_money,
    int64_t *out)
{
	const json_t *v = json_object_get(args, name);

	if (v == NULL)
		return false;
	if (is_money && json_is_string(v) && money_parse_decimal(json_string_value(v), out))
		return true;
	if (!is_money && json_is_integer(v) && json_integer_value(v) >= 0 &&
	    json_integer_value(v) < MENU_VALUE) {
		*out = json_integer_value(v);
		return true;
	}
	PROBLEM(l, v, is_money ? "\"%s\" must be an amount in quotes, as \"10.00\"" :
	    "\"%s\" must be a number of characters, 0 to 255", name);
	return false;
}

static void
read_words(struct menu_reading *l, const json_t *args, struct menu_accept *a)
{
	const json_t *v = json_object_get(args, "of");
	size_t n = json_array_size(v);
	const char *word;

	if (n == 0 || n > MENU_WORDS)
		PROBLEM(l, args, "choice needs \"of\": a list of 1 to %d words", MENU_WORDS);
	for (size_t i = 0; i < n && i < MENU_WORDS; i++)
		if ((word = menu_word(l, json_array_get(v, i), v, "of", MENU_VALUE)) != NULL)
			a->word[a->words++] = word;
}

static void
read_document(struct menu_reading *l, const json_t *args, struct menu_accept *a)
{
	const char *names[KYC_DOCUMENTS], *word = json_string_value(json_object_get(args, "type"));
	enum kyc_document d;

	for (int i = 0; i < KYC_DOCUMENTS; i++)
		names[i] = kyc_document_word((enum kyc_document)i);
	a->word[a->words++] = names[0];
	if (word == NULL)
		PROBLEM(l, args, "document needs \"type\": what it is to be, as \"%s\"", names[0]);
	else if (kyc_document_find(word, &d))
		a->word[0] = kyc_document_word(d);
	else
		menu_unknown(l, args, "type of document", word, names, KYC_DOCUMENTS);
}

static const struct argument {
	const char *name;
	unsigned of;			/* the kinds of check that have it */
} arguments[ACCEPT_ARGS] = {
	{ "min", ARG_MONEY | ARG_COUNT }, { "max", ARG_MONEY | ARG_COUNT | ARG_LENGTH }, { "step", ARG_MONEY },
	{ "of", ARG_OF | ARG_WORDS }, { "type", ARG_DOCUMENT },
};

size_t
accept_args(const struct accept_row *row, const char *names[ACCEPT_ARGS])
{
	size_t n = 0;

	for (size_t i = 0; i < NELEM(arguments); i++)
		if ((arguments[i].of & row->args) != 0)
			names[n++] = arguments[i].name;
	return n;
}

static void
read_bounds(struct menu_reading *l, const json_t *args, struct menu_accept *a)
{
	bool is_money = (a->row->args & ARG_MONEY) != 0;

	a->has_min = read_bound(l, args, "min", is_money, &a->min);
	a->has_max = read_bound(l, args, "max", is_money, &a->max);
	a->has_step = is_money && read_bound(l, args, "step", true, &a->step);
	if (a->has_step && a->step <= 0) {
		PROBLEM(l, args, "\"step\" must be more than 0");
		a->has_step = false;
	}
	if (a->has_min && a->has_max && a->min > a->max)
		PROBLEM(l, args, "\"min\" is more than \"max\"");
	if (!is_money && !a->has_max) {
		PROBLEM(l, args, "\"%s\" needs \"max\"", a->row->name);
		a->max = MENU_VALUE - 1;
	}
}

static void
read_args(struct menu_reading *l, const json_t *args, struct menu_accept *a)
{
	const char *names[ACCEPT_ARGS];
	unsigned has = a->row->args;

	menu_known(l, args, "argument", names, accept_args(a->row, names));
	if ((has & (ARG_MONEY | ARG_COUNT | ARG_LENGTH)) != 0)
		read_bounds(l, args, a);
	if ((has & ARG_OF) != 0 && (a->row->of_needed || json_object_get(args, "of") != NULL))
		a->of = menu_word(l, json_object_get(args, "of"), args, "of", VARS_NAME);
	if ((has & ARG_WORDS) != 0)
		read_words(l, args, a);
	if ((has & ARG_DOCUMENT) != 0)
		read_document(l, args, a);
}

void
accept_read(struct menu_reading *l, const json_t *v, const json_t *owner, struct menu_accept *out)
{
	const char *names[NELEM(accept_rows)];
	void *it = json_object_iter((json_t *)v);
	const json_t *args;

	out->row = accept_find("text");
	out->max = MENU_VALUE - 1;
	if (!json_is_object(v) || json_object_size(v) != 1) {
		PROBLEM(l, v != NULL ? v : owner,
		    "\"accept\" must be one check, as {\"phone\": {}}");
		return;
	}
	for (size_t i = 0; i < NELEM(accept_rows); i++)
		names[i] = accept_rows[i].name;
	if (accept_find(json_object_iter_key(it)) == NULL) {
		menu_unknown(l, v, "check", json_object_iter_key(it), names, NELEM(names));
		return;
	}
	out->row = accept_find(json_object_iter_key(it));
	args = json_object_iter_value(it);
	if (json_is_object(args))
		read_args(l, args, out);
	else
		PROBLEM(l, v, "the arguments of \"%s\" must be an object, as {}", out->row->name);
}
