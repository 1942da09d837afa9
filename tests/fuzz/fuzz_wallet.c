/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A body of any octets as the answer to each request, with each kind of status. What is believed is
 * within its range and is what was asked for; what is not believed leaves nothing behind.
 */
#include "base/str.h"
#include "core/money.h"
#include "core/wallet.h"
#include "tests/fuzz/fuzz.h"

#define UID "387c6075-5b7c-4737-8d4b-b3d42a8efe2f"
#define TEXT_OK(s) must(is_text(s, sizeof(s)))

static struct wallet_answer a, nothing;		/* too big for a stack */

/* Ends, and is one line of UTF-8. */
static bool
is_text(const char *s, size_t size)
{
	if (memchr(s, 0, size) == NULL || !utf8_valid(s, strlen(s)))
		return false;
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return false;
	return true;
}

static bool
ends(const char *s, size_t size)
{
	return memchr(s, 0, size) != NULL;
}

static bool
is_amount(int64_t cents)
{
	return cents >= -MONEY_MAX && cents <= MONEY_MAX;
}

static void
check_customer(const struct wallet_customer *c)
{
	TEXT_OK(c->first_name);
	TEXT_OK(c->surname);
	TEXT_OK(c->status);
	must(c->id >= 0 && (c->phone[0] == '\0' || phone_valid(c->phone)));
	must(ends(c->id_number, sizeof c->id_number) && ends(c->uid, sizeof c->uid));
}

static void
check_wallet(const struct wallet_wallet *w)
{
	TEXT_OK(w->status);
	must(w->id >= 0 && w->customer_id >= 0 && w->type_id >= 0);
	must(is_amount(w->balance) && is_amount(w->available));
	must(ends(w->currency, sizeof w->currency) && ends(w->uid, sizeof w->uid));
}

static void
check_tx(const struct wallet_tx *t)
{
	TEXT_OK(t->type);
	TEXT_OK(t->text);
	must(t->id >= 0 && t->at_ms >= 0 && is_amount(t->amount) && ends(t->uid, sizeof t->uid));
}

static void
check_withdrawal(const struct wallet_withdrawal *w)
{
	TEXT_OK(w->status);
	TEXT_OK(w->type);
	TEXT_OK(w->problem);
	TEXT_OK(w->token);
	must(w->id >= 0 && w->wallet_id >= 0 && w->created_ms >= 0 && w->expires_ms >= 0);
	must(is_amount(w->amount) && w->amount >= 0 && is_amount(w->fee) && w->fee >= 0);
	must(strspn(w->token, "0123456789-abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") ==
	    strlen(w->token));
	must(w->phone[0] == '\0' || phone_valid(w->phone));
	must(ends(w->uid, sizeof w->uid) && ends(w->currency, sizeof w->currency));
}

/* The one thing that was asked for, and nothing else, is believed. */
static void
check_asked(const struct wallet_req *req)
{
	const struct wallet_withdrawal *w = &a.withdrawal[0];

	if (req->op == WALLET_CUSTOMER_GET)
		must(a.customer[0].id == req->customer_id);
	else if (req->op == WALLET_GET)
		must(a.wallet[0].id == req->wallet_id);
	else if (req->op == WALLET_WITHDRAWAL_GET)
		must(w->id == req->withdrawal_id && w->amount > 0);
	else if (req->op == WALLET_WITHDRAWAL_CREATE)
		must(w->id > 0 && w->amount == req->amount &&
		    (w->uid[0] == '\0' || strcmp(w->uid, req->uid) == 0));
	else if (req->op == WALLET_LOGIN)
		must(a.jwt[0] != '\0' && a.jwt_exp_ms >= 0);
}

static void
check_rows(void)
{
	must(is_amount(a.fee) && a.fee >= 0);
	for (int i = 0; i < a.n; i++) {
		check_customer(&a.customer[i]);
		check_wallet(&a.wallet[i]);
		check_tx(&a.tx[i]);
		check_withdrawal(&a.withdrawal[i]);
		(void)wallet_status(a.withdrawal[i].status);
		must(a.wallet_type[i] >= 0);
	}
}

static void
check(const struct wallet_req *req, int http)
{
	must(a.http == http && a.n >= 0 && a.n <= WALLET_ITEMS && wallet_end_name(a.end) != NULL);
	TEXT_OK(a.code);
	TEXT_OK(a.trace);
	TEXT_OK(a.about);
	TEXT_OK(a.jwt);
	if (a.end == WALLET_DONE) {
		must(http >= 200 && http <= 299);
		check_rows();
		check_asked(req);
		return;
	}
	must(a.end != WALLET_REFUSED || (http >= 400 && http <= 499 && a.code[0] != '\0'));
	nothing.end = a.end;
	nothing.http = http;
	memcpy(nothing.code, a.code, sizeof nothing.code);
	memcpy(nothing.trace, a.trace, sizeof nothing.trace);
	memcpy(nothing.about, a.about, sizeof nothing.about);
	must(memcmp(&a, &nothing, sizeof a) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int status[] = { 200, 400, 401, 404, 429, 500 };
	struct wallet_req req = { .uid = UID, .customer_id = 1234567, .wallet_id = 100001,
		.withdrawal_id = 50001, .amount = 10010 };

	for (int op = 0; op < WALLET_OPS; op++)
		/* Of the errors only the login's mean something else. */
		for (size_t i = 0; i < (op <= WALLET_CUSTOMERS ? NELEM(status) : 1); i++) {
			req.op = (enum wallet_op)op;
			memset(&a, 0xa5, sizeof a);
			wallet_parse(&req, status[i], (const char *)data, size, &a);
			check(&req, status[i]);
		}
	return 0;
}
