/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/sim_core.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"

void
sim_core_init(struct sim_core *c, const char *profile, int index, uint64_t seed)
{
	memset(c, 0, sizeof *c);
	c->index = index;
	if (!rules_profile(&c->rules, profile))
		fatalx("sim: no profile %s", profile);
	c->rng.s = seed;
	c->bank = bank_new(&c->rules, seed + 1);
}

void
sim_core_clear(struct sim_core *c)
{
	bank_free(c->bank);
	free(c->identities);
	free(c->jwts);
	memset(c, 0, sizeof *c);
}

/* ---- refusals ---- */

static void
refuse(struct sim_core *c, struct wallet_answer *a, enum bank_end why)
{
	static const char *const code[] = {
		[BANK_OK] = "", [BANK_DUPLICATE] = "DUP001", [BANK_NO_FUNDS] = "WAL009",
		[BANK_NOT_FOUND] = "ARCH086", [BANK_BARRED] = "WAL011", [BANK_LIMIT] = "WAL010",
		[BANK_NO_KYC] = "WAL012", [BANK_NOT_CANCELLABLE] = "WDR001", [BANK_INVALID] = "VAL001",
	};

	a->end = WALLET_REFUSED;
	a->http = why == BANK_NOT_FOUND ? 404 : 400;
	if (why == BANK_DUPLICATE && c->rules.random_duplicate_code)
		str_format(a->code, sizeof a->code, "XYZ%03d", (int)rng_below(&c->rng, 1000));
	else
		str_copy(a->code, sizeof a->code, code[why]);
}

/* A create that was done may be answered without a body that can be read. */
static void
created(struct sim_core *c, struct wallet_answer *a)
{
	if (c->rules.create_status == 0 && rng_below(&c->rng, 3) == 0) {
		memset(a, 0, sizeof *a);
		a->end = WALLET_UNKNOWN;
		a->http = 204;
	}
}

/* ---- who asks ---- */

static const struct core_jwt *
jwt_find(const struct sim_core *c, int64_t now, const char *text)
{
	for (size_t i = c->jwts_n; i > 0; i--)
		if (strcmp(c->jwts[i - 1].text, text) == 0)
			return c->jwts[i - 1].exp_ms > now ? &c->jwts[i - 1] : NULL;
	return NULL;
}

static bool
may_use(struct sim_core *c, int64_t now, const struct wallet_req *q, const struct bank_wallet *w,
    struct wallet_answer *a)
{
	const struct core_jwt *j;

	if (w == NULL) {
		refuse(c, a, BANK_NOT_FOUND);
		return false;
	}
	if (q->jwt[0] == '\0')
		return true;
	j = jwt_find(c, now, q->jwt);
	if (j != NULL && j->customer_id == w->owner->id)
		return true;
	a->end = WALLET_AUTH;
	a->http = 401;
	return false;
}

static struct core_identity *
identity_find(struct sim_core *c, const char *identity)
{
	for (size_t i = 0; i < c->identities_n; i++)
		if (strcmp(c->identities[i].identity, identity) == 0)
			return &c->identities[i];
	return NULL;
}

static void
do_login(struct sim_core *c, int64_t now, const struct wallet_req *q, struct wallet_answer *a)
{
	const struct core_identity *i = identity_find(c, q->identity);
	struct core_jwt *j;

	if (i == NULL || strcmp(i->password, q->password) != 0) {
		a->end = WALLET_AUTH;
		a->http = 401;
		return;
	}
	c->jwts = xrealloc(c->jwts, c->jwts_n + 1, sizeof *c->jwts);
	j = &c->jwts[c->jwts_n++];
	j->customer_id = i->customer_id;
	j->exp_ms = now + c->rules.jwt_life_s * 1000;
	str_format(j->text, sizeof j->text, "Bearer %d-%" PRId64 "-%zu", c->index, i->customer_id, c->jwts_n);
	str_copy(a->jwt, sizeof a->jwt, j->text);
	a->jwt_exp_ms = j->exp_ms;
}

static void
do_identity(struct sim_core *c, int64_t now, const struct wallet_req *q, struct wallet_answer *a)
{
	struct core_identity *i = identity_find(c, q->identity);

	(void)now;
	if ((q->op == WALLET_IDENTITY_CREATE) != (i == NULL)) {
		refuse(c, a, i != NULL ? BANK_DUPLICATE : BANK_NOT_FOUND);
		return;
	}
	if (i == NULL) {
		c->identities = xrealloc(c->identities, c->identities_n + 1, sizeof *c->identities);
		i = &c->identities[c->identities_n++];
		str_copy(i->identity, sizeof i->identity, q->identity);
		i->customer_id = q->customer_id;
	}
	str_copy(i->password, sizeof i->password, q->password);
}

/* ---- people ---- */

static void
say_customer(const struct bank_customer *b, struct wallet_customer *out)
{
	out->id = b->id;
	str_copy(out->first_name, sizeof out->first_name, b->profile.first_name);
	str_copy(out->surname, sizeof out->surname, b->profile.last_name);
	str_copy(out->phone, sizeof out->phone, b->profile.phone);
	str_copy(out->id_number, sizeof out->id_number, b->profile.id_number);
	str_copy(out->uid, sizeof out->uid, b->profile.uid);
	str_copy(out->status, sizeof out->status, b->barred ? "BARRED" : "ACTIVE");
}

static void
do_customers(struct sim_core *c, int64_t now, const struct wallet_req *q, struct wallet_answer *a)
{
	struct bank_customer *const *v;
	size_t n;

	(void)now;
	if (q->phone[0] != '\0')
		n = bank_customers_by(c->bank, INDEX_PHONE, q->phone, &v);
	else if (c->rules.ignore_filters)
		n = bank_customers(c->bank, &v);
	else if (q->id_number[0] != '\0')
		n = bank_customers_by(c->bank, INDEX_ID_NUMBER, q->id_number, &v);
	else
		n = bank_customers_by(c->bank, INDEX_PASSPORT, q->passport, &v);
	for (size_t i = 0; i < n && a->n < WALLET_ITEMS; i++)
		say_customer(v[i], &a->customer[a->n++]);
}

static void
do_customer(struct sim_core *c, int64_t now, const struct wallet_req *q, struct wallet_answer *a)
{
	struct bank_customer *found = NULL;
	struct bank_profile p = { 0 };
	enum bank_end end = BANK_OK;

	if (q->op == WALLET_CUSTOMER_GET) {
		found = bank_customer_find(c->bank, q->customer_id);
	} else {
		str_copy(p.uid, sizeof p.uid, q->uid);
		str_copy(p.first_name, sizeof p.first_name, q->first_name);
		str_copy(p.last_name, sizeof p.last_name, q->surname);
		str_copy(p.phone, sizeof p.phone, q->phone);
		str_copy(p.id_number, sizeof p.id_number, q->id_number);
		str_copy(p.passport, sizeof p.passport, q->passport);
		end = bank_customer_create(c->bank, now, &p, &found);
	}
	if (end != BANK_OK || found == NULL) {
		refuse(c, a, end != BANK_OK ? end : BANK_NOT_FOUND);
		return;
	}
	a->n = 1;
	say_customer(found, &a->customer[0]);
	if (q->op == WALLET_CUSTOMER_CREATE)
		created(c, a);
}

static void
say_kyc(const struct bank_customer *b, struct wallet_answer *a)
{
	static const enum wallet_kyc kyc[] = { WALLET_KYC_NONE, WALLET_KYC_PASSED, WALLET_KYC_FAILED,
		WALLET_KYC_PENDING };

	a->n = 1;
	a->kyc = kyc[b->kyc];
	a->kyc_passed = b->kyc == KYC_PASSED;
	a->kyc_ms = b->kyc_at;
}

/* Documents come by another port (do_document): here is nothing that could be one. */
static void
do_nothing(struct sim_core *c, int64_t now, const struct wallet_req *q, struct wallet_answer *a)
{
	(void)c, (void)now, (void)q, (void)a;
}

static void
do_ratify(struct sim_core *c, int64_t now, const struct wallet_req *q, struct wallet_answer *a)
{
	struct bank_customer *b = bank_customer_find(c->bank, q->customer_id);

	if (b == NULL)
		refuse(c, a, BANK_NOT_FOUND);
	else {
		bank_ratify(c->bank, now, b);
		say_kyc(b, a);
	}
}

static void
do_ratified(struct sim_core *c, int64_t now, const struct wallet_req *q, struct wallet_answer *a)
{
	struct bank_customer *b = bank_customer_find(c->bank, q->customer_id);

	(void)now;
	if (b == NULL)
		refuse(c, a, BANK_NOT_FOUND);
	else if (b->kyc != KYC_NONE)
		say_kyc(b, a);
}

/* ---- wallets ---- */

static void
say_wallet(const struct bank_wallet *w, struct wallet_wallet *out)
{
	out->id = w->id;
	out->customer_id = w->owner->id;
	out->type_id = BANK_WALLET_TYPE;
	out->balance = w->balance;
	out->available = bank_available(w);
	str_copy(out->currency, sizeof out->currency, "ZAR");
	str_copy(out->status, sizeof out->status, w->barred ? "BARRED" : "ACTIVE");
}

static void
do_types(struct sim_core *c, int64_t now, const struct wallet_req *q, struct wallet_answer *a)
{
	(void)c, (void)now, (void)q;
	a->n = 1;
	a->wallet_type[0] = BANK_WALLET_TYPE;
}

static void
do_wallet_create(struct sim_core *c, int64_t now, const struct wallet_req *q, struct wallet_answer *a)
{
	struct bank_customer *b = bank_customer_find(c->bank, q->customer_id);
	struct bank_wallet_in in = { .uid = q->uid, .type = q->wallet_type_id };
	struct bank_wallet *made;
	enum bank_end end = BANK_NOT_FOUND;

	if (b != NULL)
		end = bank_wallet_create(c->bank, now, b, &in, &made);
	if (end != BANK_OK) {
		refuse(c, a, end);
		return;
	}
	a->n = 1;
	say_wallet(made, &a->wallet[0]);
	created(c, a);
}

static void
do_wallets(struct sim_core *c, int64_t now, const struct wallet_req *q, struct wallet_answer *a)
{
	const struct bank_customer *b = bank_customer_find(c->bank, q->customer_id);

	(void)now;
	for (size_t i = 0; b != NULL && i < b->wallets_n && a->n < WALLET_ITEMS; i++)
		say_wallet(b->wallets[i], &a->wallet[a->n++]);
}

static void
do_wallet_get(struct sim_core *c, int64_t now, const struct wallet_req *q, struct wallet_answer *a)
{
	const struct bank_wallet *w = bank_wallet_find(c->bank, q->wallet_id);

	if (!may_use(c, now, q, w, a))
		return;
	a->n = 1;
	say_wallet(w, &a->wallet[0]);
}

static void
do_transactions(struct sim_core *c, int64_t now, const struct wallet_req *q, struct wallet_answer *a)
{
	const struct bank_wallet *w = bank_wallet_find(c->bank, q->wallet_id);
	int skip = q->offset;

	if (!may_use(c, now, q, w, a))
		return;
	for (size_t i = w->lines_n; i > 0; i--) {
		const struct bank_line *l = &w->lines[i - 1];
		struct wallet_tx *tx = &a->tx[a->n];

		if (l->visible_at > now || l->at < q->from_ms || l->at >= q->to_ms || skip-- > 0)
			continue;
		if (a->n == WALLET_ITEMS) {
			a->more = true;
			break;
		}
		tx->id = l->id;
		tx->at_ms = l->at;
		tx->amount = l->amount;
		str_copy(tx->type, sizeof tx->type, l->type);
		if (c->rules.rows_without_uid)
			a->rows_without_id = true;
		else if (l->uid != NULL)
			str_copy(tx->uid, sizeof tx->uid, l->uid);
		a->n++;
	}
}

/* ---- money ---- */

static void
do_transfer(struct sim_core *c, int64_t now, const struct wallet_req *q, struct wallet_answer *a)
{
	struct bank_transfer_in in = { .uid = q->uid, .text = q->text, .amount = q->amount,
		.only_check = q->op == WALLET_TRANSFER_CHECK };
	enum bank_end end;

	in.from = bank_wallet_find(c->bank, q->wallet_id);
	in.to = bank_wallet_find(c->bank, q->to_wallet_id);
	if (!may_use(c, now, q, in.from, a))
		return;
	end = in.to != NULL ? bank_transfer(c->bank, now, &in) : BANK_NOT_FOUND;
	if (end != BANK_OK)
		refuse(c, a, end);
}

static void
do_fee(struct sim_core *c, int64_t now, const struct wallet_req *q, struct wallet_answer *a)
{
	const struct bank_kind *k = bank_kind_find(q->type);

	(void)now;
	if (k == NULL)
		refuse(c, a, BANK_INVALID);
	else
		a->fee = k->fee;
}

static void
say_withdrawal(const struct sim_core *c, const struct bank_withdrawal *w, bool read,
    struct wallet_withdrawal *out)
{
	out->id = w->id;
	out->wallet_id = w->wallet->id;
	out->amount = w->amount;
	out->fee = w->fee;
	out->created_ms = w->created;
	out->expires_ms = w->expires;
	str_copy(out->status, sizeof out->status, bank_wstatus_name(w->status));
	str_copy(out->type, sizeof out->type, w->kind->type);
	str_copy(out->phone, sizeof out->phone, w->phone);
	if (!c->rules.rows_without_uid || !read)
		str_copy(out->uid, sizeof out->uid, w->uid);
	if (read ? c->rules.token_on_read != 0 : w->phone[0] == '\0' || c->rules.token_with_phone)
		str_copy(out->token, sizeof out->token, w->token);
}

static void
do_withdraw(struct sim_core *c, int64_t now, const struct wallet_req *q, struct wallet_answer *a)
{
	struct bank_withdrawal_in in = { .uid = q->uid, .type = q->type, .phone = q->phone,
		.amount = q->amount, .expires = q->expires_ms };
	struct bank_withdrawal *made;
	enum bank_end end;

	in.wallet = bank_wallet_find(c->bank, q->wallet_id);
	if (!may_use(c, now, q, in.wallet, a))
		return;
	if ((end = bank_withdraw(c->bank, now, &in, &made)) != BANK_OK) {
		refuse(c, a, end);
		return;
	}
	a->n = 1;
	say_withdrawal(c, made, false, &a->withdrawal[0]);
	created(c, a);
}

static void
do_withdrawals(struct sim_core *c, int64_t now, const struct wallet_req *q, struct wallet_answer *a)
{
	const struct bank_wallet *w = bank_wallet_find(c->bank, q->wallet_id);
	int skip = q->offset;

	bank_expire(c->bank, now);
	if (!may_use(c, now, q, w, a))
		return;
	for (size_t i = w->withdrawals_n; i > 0; i--) {
		const struct bank_withdrawal *b = w->withdrawals[i - 1];

		if (b->visible_at > now || b->created < q->from_ms || b->created >= q->to_ms || skip-- > 0)
			continue;
		if (a->n == WALLET_ITEMS) {
			a->more = true;
			break;
		}
		a->rows_without_id |= c->rules.rows_without_uid != 0;
		say_withdrawal(c, b, true, &a->withdrawal[a->n++]);
	}
}

static void
do_withdrawal(struct sim_core *c, int64_t now, const struct wallet_req *q, struct wallet_answer *a)
{
	struct bank_withdrawal *w = bank_withdrawal_find(c->bank, q->withdrawal_id);
	enum bank_end end = BANK_OK;

	bank_expire(c->bank, now);
	if (w == NULL || !may_use(c, now, q, w->wallet, a)) {
		if (w == NULL)
			refuse(c, a, BANK_NOT_FOUND);
		return;
	}
	if (q->op == WALLET_WITHDRAWAL_CANCEL)
		end = bank_withdrawal_set(c->bank, now, w, BW_CANCELLED);
	if (end != BANK_OK) {
		refuse(c, a, end);
		return;
	}
	a->n = 1;
	say_withdrawal(c, w, true, &a->withdrawal[0]);
}

typedef void core_fn(struct sim_core *, int64_t, const struct wallet_req *, struct wallet_answer *);
static core_fn *const does[WALLET_OPS] = {
	[WALLET_LOGIN] = do_login,
	[WALLET_CUSTOMERS] = do_customers,
	[WALLET_CUSTOMER_GET] = do_customer,
	[WALLET_CUSTOMER_CREATE] = do_customer,
	[WALLET_IDENTITY_CREATE] = do_identity,
	[WALLET_IDENTITY_UPDATE] = do_identity,
	[WALLET_RATIFY] = do_ratify,
	[WALLET_RATIFIED] = do_ratified,
	[WALLET_DOCUMENT] = do_nothing,
	[WALLET_TYPES] = do_types,
	[WALLET_CREATE] = do_wallet_create,
	[WALLET_LIST] = do_wallets,
	[WALLET_GET] = do_wallet_get,
	[WALLET_TRANSACTIONS] = do_transactions,
	[WALLET_TRANSFER] = do_transfer,
	[WALLET_TRANSFER_CHECK] = do_transfer,
	[WALLET_WITHDRAWAL_FEE] = do_fee,
	[WALLET_WITHDRAWAL_CREATE] = do_withdraw,
	[WALLET_WITHDRAWAL_GET] = do_withdrawal,
	[WALLET_WITHDRAWAL_LIST] = do_withdrawals,
	[WALLET_WITHDRAWAL_CANCEL] = do_withdrawal,
};

void
sim_core_do(struct sim_core *c, int64_t now, const struct wallet_req *q, struct wallet_answer *a)
{
	memset(a, 0, sizeof *a);
	a->end = WALLET_DONE;
	a->http = 200;
	does[q->op](c, now, q, a);
}
