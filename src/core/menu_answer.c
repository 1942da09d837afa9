/* SPDX-License-Identifier: Apache-2.0 */
#include "core/menu_answer.h"

#include <string.h>

#include "base/str.h"
#include "core/calls.h"
#include "core/money.h"

#define SPACES " \t\r\n"

const struct answer_row answer_rows[] = {
	{ "customer.find", NULL, "customer_id=1001 wallet_id=100001" },
	{ "signup.create", NULL, "customer_id=1001 wallet_id=100001" },
	{ "pin.check", NULL, "authed=1 locked_until=+24h" },
	{ "pin.check", "ok", "tries_left=3" },
	{ "pin.check", "wrong", "tries_left=2" },
	{ "pin.forgot", NULL, "reset_from=+24h reset_ok=1" },
	{ "pin.forgot_code", NULL, "reset_from=+24h" },
	{ "balance", NULL, "balance=R1250.00 pending_total=0" },
	{ "statement", NULL, "tx.1.at=-2h tx.1.amount=R50.00 tx.1.sign='-' tx.1.text='To S*** D***' "
	    "tx.2.at=-26h tx.2.amount=R1300.00 tx.2.sign='+' tx.2.text=Salary" },
	{ "limit.left", NULL, "left=R23500.00 limit_amount=R24000.00" },
	{ "send.find", NULL, "to_name='S*** D***' to_wallet=100002" },
	{ "send.check", NULL, "fee=R2.00 repeat_at=-5m" },
	{ "cash.kinds", NULL, "kind.1.type=ZA_PAYCORP_ATM kind.1.name=@kind.ZA_PAYCORP_ATM "
	    "kind.2.type=ZA_PNP_CASH kind.2.name=@kind.ZA_PNP_CASH" },
	{ "cash.check", NULL, "fee=R10.00 min=R50.00 max=R3000.00 step=R10.00 repeat_at=-5m" },
	{ "document.send", NULL, "refusal=unreadable" },
	{ "transfer", NULL, "reason=refused" },
	{ "withdrawal", "refused", "reason=refused" },
	{ "withdrawal", "limit", "reason=limit left=R500.00" },
	{ "pending.list", NULL, "pending.1.id=a1 pending.1.amount=R500.00 pending.1.phone=27821234567 "
	    "pending.1.kind=@kind.ZA_PAYCORP_ATM pending.1.until=+2d "
	    "pending.2.id=b2 pending.2.amount=R200.00 pending.2.phone=27837654321 "
	    "pending.2.kind=@kind.ZA_PNP_CASH pending.2.until=+3d" },
	{ PLAY_CONFIRM, "wrong", "tries_left=2" },
	{ PLAY_CONFIRM, "locked", "tries_left=0 locked_until=+24h" },
	{ NULL, "sim_changed", "sim_until=+72h" },
	{ NULL, "young", "young_cap=R500.00" },
};
const size_t answer_rows_n = NELEM(answer_rows);

/* ---- words and values ---- */

/* Octets of the word at `s`, with its quotes. */
static size_t
word_length(const char *s)
{
	size_t n = 0;

	while (s[n] != '\0' && strchr(SPACES, s[n]) == NULL) {
		const char *end = s[n] == '"' || s[n] == '\'' ? strchr(s + n + 1, s[n]) : NULL;

		n = end != NULL ? (size_t)(end - s) + 1 : n + 1;
	}
	return n;
}

bool
answer_word(const char **at, char out[ANSWER_WORD])
{
	const char *s = *at + strspn(*at, SPACES);
	size_t n = word_length(s);

	*at = s + n;
	return n > 0 && str_copyn(out, ANSWER_WORD, s, n);
}

bool
answer_span(const char *text, int64_t *ms)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { "d", 86400000 } };
	size_t n = strspn(text, "0123456789");
	char digits[16];

	for (size_t i = 0; i < NELEM(units); i++)
		if (strcmp(text + n, units[i].unit) == 0 && str_copyn(digits, sizeof digits, text, n) &&
		    str_to_i64(digits, 0, INT64_C(1000000000), ms)) {
			*ms *= units[i].ms;
			return true;
		}
	return false;
}

static bool
unquote(char *word)
{
	size_t n = strlen(word);

	if (n < 2 || (word[0] != '"' && word[0] != '\'') || word[n - 1] != word[0])
		return false;
	memmove(word, word + 1, n - 2);
	word[n - 2] = '\0';
	return true;
}

/* The variable's value from what is written; false: it names a text that is not there. */
static bool
read_value(const struct play *p, char *word, const char **value, char number[24])
{
	int64_t n;

	*value = word;
	if (unquote(word))
		return true;
	if (word[0] == '@') {
		*value = texts_find(p->env.texts, p->dlg.lang, p->env.fallback_lang, word + 1);
		return *value != NULL;
	}
	if (word[0] == 'R' && money_parse(word + 1, &n))
		;
	else if ((word[0] == '+' || word[0] == '-') && answer_span(word + 1, &n))
		n = p->now + (word[0] == '-' ? -n : n);
	else
		return true;
	str_format(number, 24, "%lld", (long long)n);
	*value = number;
	return true;
}

/* ---- what may be set ---- */

/* "tx.2.at" is "tx.i.at". */
static bool
is_of(const char *set, const char *variable)
{
	const char *item = strstr(set, ".i."), *rest;
	size_t n = item != NULL ? (size_t)(item - set) + 1 : 0;

	if (item == NULL)
		return strcmp(set, variable) == 0;
	rest = strncmp(set, variable, n) == 0 ? variable + n + strspn(variable + n, "0123456789") : variable;
	return rest > variable + n && strcmp(rest, item + 2) == 0;
}

/* The engine's own texts for what every call and confirm may come to. */
static bool
is_told_of(const char *outcome, const char *variable)
{
	static const struct {
		const char *outcome, *text;
	} told[] = {
		{ "wrong", "error.pin_wrong" }, { "sim_changed", "error.sim_changed" }, { "young", "error.young" },
	};

	for (size_t i = 0; i < text_vars_n; i++)
		for (size_t k = 0; k < NELEM(told); k++)
			if (strcmp(told[k].outcome, outcome) == 0 && strcmp(told[k].text, text_vars[i].key) == 0 &&
			    strcmp(text_vars[i].var.name, variable) == 0)
				return true;
	return false;
}

static const struct call_set *
sets_of(const char *call)
{
	const struct call_row *row = call_find(call);

	return row != NULL ? row->sets : confirm_sets;
}

bool
answer_sets(const char *call, const char *outcome, const char *variable)
{
	const struct call_set *s = sets_of(call);

	for (int i = 0; i < CALL_SETS && s[i].name != NULL; i++)
		if (is_of(s[i].name, variable) && s[i].how != SET_NOT && call_sets_on(&s[i], outcome))
			return true;
	return is_told_of(outcome, variable);
}

/* What an answer may bring, and does not, is not what an earlier one brought. */
static void
unset_perhaps(struct play *p, const char *call, const char *outcome)
{
	const struct call_set *s = sets_of(call);

	for (int i = 0; i < CALL_SETS && s[i].name != NULL; i++)
		if (s[i].how != SET_ALWAYS && call_sets_on(&s[i], outcome))
			vars_unset(&p->dlg.vars, s[i].name);
}

/* ---- one variable ---- */

#define LISTS 4

struct giving {
	struct play *p;
	const char *call, *outcome;
	bool usual;			/* what does not belong to the outcome is passed over */
	char list[LISTS][VARS_NAME];	/* that were begun anew */
	int lists;
	char *problem;
	size_t size;
};

/* Items of a list replace those that it had, and count themselves. */
static void
count_item(struct giving *g, const char *name)
{
	struct vars *v = &g->p->dlg.vars;
	const char *dot = strchr(name, '.'), *end = dot != NULL ? strchr(dot + 1, '.') : NULL;
	char list[VARS_NAME], digits[8], count[VARS_NAME + 2];
	int64_t i;
	int known = 0;

	if (end == NULL || !str_copyn(list, sizeof list, name, (size_t)(dot - name)) ||
	    !str_copyn(digits, sizeof digits, dot + 1, (size_t)(end - dot - 1)) || !str_to_i64(digits, 1, 99, &i))
		return;
	while (known < g->lists && strcmp(g->list[known], list) != 0)
		known++;
	if (known == g->lists && known < LISTS) {
		str_copy(g->list[g->lists++], VARS_NAME, list);
		vars_unset_list(v, list);
	}
	str_format(count, sizeof count, "%s.n", list);
	if (vars_get_i64(v, count) < i)
		(void)vars_set_i64(v, count, i);
}

static bool
give_one(struct giving *g, char *word)
{
	char *eq = strchr(word, '=');
	char number[24];
	const char *value;

	if (eq == NULL || eq == word || (size_t)(eq - word) >= VARS_NAME) {
		str_format(g->problem, g->size, "\"%s\" should be VARIABLE=VALUE", word);
		return false;
	}
	*eq = '\0';
	if (!answer_sets(g->call, g->outcome, word)) {
		str_format(g->problem, g->size, "%s %s sets no variable \"%s\"", g->call, g->outcome, word);
		return g->usual;
	}
	if (!read_value(g->p, eq + 1, &value, number)) {
		str_format(g->problem, g->size, "there is no text \"%s\"", eq + 2);
		return false;
	}
	count_item(g, word);
	if (vars_set(&g->p->dlg.vars, word, value))
		return true;
	str_format(g->problem, g->size, "there is no room for %s", word);
	return false;
}

static bool
give_all(struct giving *g, const char *values)
{
	char word[ANSWER_WORD];

	while (answer_word(&values, word))
		if (!give_one(g, word))
			return false;
	if (*values == '\0')
		return true;
	str_format(g->problem, g->size, "a value is longer than %d characters", ANSWER_WORD - 1);
	return false;
}

/* ---- a whole answer ---- */

static bool
concerns(const struct answer_row *row, const struct giving *g)
{
	return (row->call == NULL || strcmp(row->call, g->call) == 0) &&
	    (row->outcome == NULL || strcmp(row->outcome, g->outcome) == 0);
}

/* What has no usual value in this installation, as the name of a kind that it does not have, is left out. */
static void
give_usual(const struct giving *like)
{
	for (size_t i = 0; i < answer_rows_n; i++)
		if (concerns(&answer_rows[i], like)) {
			struct giving g = *like;

			g.usual = true;
			(void)give_all(&g, answer_rows[i].values);
		}
}

/* A confirm may show what both come to. */
static void
add_up(struct giving *g)
{
	struct vars *v = &g->p->dlg.vars;

	if (answer_sets(g->call, g->outcome, "total"))
		(void)vars_set_i64(v, "total", vars_get_i64(v, "amount") + vars_get_i64(v, "fee"));
}

void
answer_choices(const struct play *p, char *out, size_t size)
{
	const char *list[PLAY_OUTCOMES];
	int n = play_outcomes(p, list);

	out[0] = '\0';
	for (int i = 0; i < n; i++)
		str_format(out + strlen(out), size - strlen(out), "%s%s", i > 0 ? ", " : "", list[i]);
}

bool
answer_give(struct play *p, const char *text, char *problem, size_t size)
{
	struct giving g = { .p = p, .call = play_call(p), .problem = problem, .size = size };
	char word[ANSWER_WORD], choices[ANSWER_WORD];

	if (g.call == NULL || !answer_word(&text, word)) {
		str_format(problem, size, g.call == NULL ? "no call waits for an answer" : "an outcome is missing");
		return false;
	}
	g.outcome = play_meaning(p, word);
	if (g.outcome == NULL) {
		answer_choices(p, choices, sizeof choices);
		str_format(problem, size, "%s has no outcome \"%s\": it may be %s", g.call, word, choices);
		return false;
	}
	unset_perhaps(p, g.call, g.outcome);
	give_usual(&g);
	add_up(&g);
	return give_all(&g, text) && play_outcome(p, g.outcome);
}
