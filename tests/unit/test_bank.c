/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sandbox's bank: money is conserved whatever is tried, ids are used once, tokens live and die
 * as documented.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "sandbox/bank.h"
#include "sandbox/rng.h"

#define NOW INT64_C(1774346400000)		/* 2026-03-24T10:00:00Z */
#define DAY INT64_C(86400000)

struct world {
	struct rules rules;
	struct bank *b;
	struct bank_customer *ann, *ben;
	struct bank_wallet *a, *z;
	int final[6];			/* status changes seen, by status */
	int64_t now;
};

static void
on_status(void *arg, const struct bank_withdrawal *w)
{
	struct world *x = arg;

	x->final[w->status]++;
}

static struct bank_customer *
customer(struct world *x, const char *uid, const char *phone, const char *id_number)
{
	struct bank_profile p = { 0 };
	struct bank_customer *c = NULL;

	str_copy(p.uid, sizeof p.uid, uid);
	str_copy(p.phone, sizeof p.phone, phone);
	str_copy(p.first_name, sizeof p.first_name, "Ann");
	str_copy(p.last_name, sizeof p.last_name, "Dlamini");
	str_copy(p.id_number, sizeof p.id_number, id_number);
	assert_int_equal(bank_customer_create(x->b, x->now, &p, &c), BANK_OK);
	return c;
}

static struct bank_wallet *
wallet(struct world *x, struct bank_customer *c, const char *uid, int64_t cents)
{
	struct bank_wallet_in in = { .uid = uid, .type = BANK_WALLET_TYPE };
	struct bank_wallet *w = NULL;

	assert_int_equal(bank_ratify(x->b, x->now, c), KYC_PASSED);
	assert_int_equal(bank_wallet_create(x->b, x->now, c, &in, &w), BANK_OK);
	if (cents > 0)
		assert_int_equal(bank_deposit(x->b, x->now, w, cents, "Deposit"), BANK_OK);
	return w;
}

static int
start(void **state, const char *profile)
{
	static struct world x;

	memset(&x, 0, sizeof x);
	assert_true(rules_profile(&x.rules, profile));
	x.now = NOW;
	x.b = bank_new(&x.rules, 7);
	bank_on_status(x.b, on_status, &x);
	x.ann = customer(&x, "customer-ann", "27821234567", "9001015009087");
	x.ben = customer(&x, "customer-ben", "27831234567", "8001015009087");
	x.a = wallet(&x, x.ann, "wallet-ann", 100000);
	x.z = wallet(&x, x.ben, "wallet-ben", 0);
	*state = &x;
	return 0;
}

static int
friendly(void **state)
{
	return start(state, "friendly");
}

static int
hostile(void **state)
{
	return start(state, "hostile");
}

static int
stop(void **state)
{
	struct world *x = *state;
	char why[160];
	bool good = bank_check(x->b, why, sizeof why);

	if (!good)
		print_error("%s\n", why);
	bank_free(x->b);
	return good ? 0 : -1;
}

static enum bank_end
pay(struct world *x, const char *uid, struct bank_wallet *from, struct bank_wallet *to,
    int64_t cents)
{
	return bank_transfer(x->b, x->now, &(struct bank_transfer_in){ .uid = uid, .text = "t",
	    .from = from, .to = to, .amount = cents });
}

static enum bank_end
withdraw(struct world *x, const char *uid, int64_t cents, const char *phone,
    struct bank_withdrawal **out)
{
	return bank_withdraw(x->b, x->now, &(struct bank_withdrawal_in){ .uid = uid,
	    .type = "ZA_PAYCORP_ATM", .wallet = x->a, .amount = cents, .phone = phone }, out);
}

static void
test_transfer_moves_and_takes_the_fee(void **state)
{
	struct world *x = *state;
	const struct bank_line *l;

	x->rules.transfer_fee = 100;
	assert_int_equal(pay(x, "transfer-1", x->a, x->z, 5010), BANK_OK);
	assert_int_equal(x->a->balance, 100000 - 5010 - 100);
	assert_int_equal(x->z->balance, 5010);
	assert_int_equal(bank_fees(x->b), 100);
	assert_int_equal(x->a->lines_n, 3);
	l = &x->a->lines[1];
	assert_int_equal(l->amount, -5010);
	assert_int_equal(l->balance, 94990);
	assert_int_equal(l->other, x->z->id);
	assert_string_equal(x->a->lines[2].type, "FEE");
	assert_string_equal(x->a->lines[2].uid, "transfer-1");
}

static void
test_an_id_debits_once(void **state)
{
	struct world *x = *state;
	const struct bank_transfer *t;

	assert_int_equal(pay(x, "transfer-1", x->a, x->z, 100), BANK_OK);
	assert_int_equal(pay(x, "transfer-1", x->a, x->z, 100), BANK_DUPLICATE);
	assert_int_equal(pay(x, "transfer-1", x->a, x->z, 200), BANK_DUPLICATE);
	assert_int_equal(x->z->balance, 100);
	assert_int_equal(bank_transfers(x->b, &t), 1);
	assert_string_equal(t[0].uid, "transfer-1");
}

/* The refusal of a repeat then speaks of funds, though the first one was done. */
static void
test_hostile_checks_funds_before_the_id(void **state)
{
	struct world *x = *state;

	assert_int_equal(pay(x, "transfer-1", x->a, x->z, 60000), BANK_OK);
	assert_int_equal(pay(x, "transfer-1", x->a, x->z, 60000), BANK_NO_FUNDS);
	assert_int_equal(pay(x, "transfer-1", x->a, x->z, 100), BANK_DUPLICATE);
	assert_int_equal(pay(x, "wallet-ann", x->a, x->z, 100), BANK_DUPLICATE);
}

static void
test_a_transfer_that_cannot_be(void **state)
{
	struct world *x = *state;

	x->rules.transfer_fee = 1;
	assert_int_equal(pay(x, "transfer-1", x->a, x->z, 100000), BANK_NO_FUNDS);
	assert_int_equal(pay(x, "transfer-1", x->a, x->z, 0), BANK_INVALID);
	assert_int_equal(pay(x, "transfer-1", x->a, x->z, -5), BANK_INVALID);
	assert_int_equal(pay(x, "transfer-1", x->a, x->a, 5), BANK_INVALID);
	bank_customer_bar(x->b, x->now, x->ben, true);
	assert_int_equal(pay(x, "transfer-1", x->a, x->z, 5), BANK_BARRED);
	bank_customer_bar(x->b, x->now, x->ben, false);
	/* The wallet stays barred. */
	assert_int_equal(pay(x, "transfer-1", x->a, x->z, 5), BANK_BARRED);
	bank_wallet_bar(x->b, x->now, x->z, false);
	assert_int_equal(pay(x, "transfer-1", x->a, x->z, 99999), BANK_OK);
	assert_int_equal(x->a->balance, 0);
}

static void
test_only_check_moves_nothing(void **state)
{
	struct world *x = *state;
	struct bank_transfer_in in = { .uid = "check-1", .text = "t", .from = x->a, .to = x->z,
	    .amount = 100, .only_check = true };

	assert_int_equal(bank_transfer(x->b, x->now, &in), BANK_OK);
	assert_int_equal(x->a->balance, 100000);
	in.only_check = false;
	assert_int_equal(bank_transfer(x->b, x->now, &in), x->rules.check_takes_uid ?
	    BANK_DUPLICATE : BANK_OK);
}

static void
test_a_token_debits_when_it_is_used(void **state)
{
	struct world *x = *state;
	struct bank_withdrawal *w = NULL;

	assert_int_equal(withdraw(x, "withdraw-1", 10000, NULL, &w), BANK_OK);
	assert_int_equal(strlen(w->token), 10);
	assert_true(str_all_digits(w->token));
	assert_ptr_equal(bank_withdrawal_by_token(x->b, w->token), w);
	assert_int_equal(x->a->balance, 100000);
	assert_int_equal(bank_available(x->a), x->rules.reserve_at_create ? 100000 - 10800 :
	    100000);
	assert_int_equal(bank_withdrawal_set(x->b, x->now, w, BW_SUCCESSFUL), BANK_OK);
	assert_int_equal(w->status, BW_SUCCESSFUL);
	assert_int_equal(x->a->balance, 100000 - 10800);
	assert_int_equal(bank_available(x->a), 100000 - 10800);
	assert_int_equal(bank_paid_out(x->b), 10000);
	assert_int_equal(bank_withdrawal_set(x->b, x->now, w, BW_SUCCESSFUL), BANK_NOT_CANCELLABLE);
	assert_int_equal(bank_withdrawal_set(x->b, x->now, w, BW_CANCELLED), BANK_NOT_CANCELLABLE);
	assert_int_equal(x->a->balance, 100000 - 10800);
	assert_int_equal(x->final[BW_SUCCESSFUL], 1);
}

static void
test_a_token_without_funds_ends_in_error(void **state)
{
	struct world *x = *state;
	struct bank_withdrawal *w = NULL;

	assert_int_equal(withdraw(x, "withdraw-1", 90000, NULL, &w), BANK_OK);
	assert_int_equal(pay(x, "transfer-1", x->a, x->z, 50000), BANK_OK);
	assert_int_equal(bank_withdrawal_set(x->b, x->now, w, BW_SUCCESSFUL), BANK_OK);
	assert_int_equal(w->status, BW_ERROR);
	assert_non_null(w->problem);
	assert_int_equal(x->a->balance, 50000);
	assert_int_equal(bank_paid_out(x->b), 0);
}

static void
test_a_token_expires(void **state)
{
	struct world *x = *state;
	struct bank_withdrawal *w = NULL, *later = NULL;

	assert_int_equal(withdraw(x, "withdraw-1", 10000, NULL, &w), BANK_OK);
	x->now += DAY;
	assert_int_equal(withdraw(x, "withdraw-2", 10000, NULL, &later), BANK_OK);
	bank_expire(x->b, NOW + 6 * DAY - 1);
	assert_int_equal(w->status, BW_PENDING);
	bank_expire(x->b, NOW + 6 * DAY);
	assert_int_equal(w->status, BW_TIMEOUT);
	assert_int_equal(later->status, BW_PENDING);
	assert_int_equal(bank_withdrawal_set(x->b, NOW + 7 * DAY, later, BW_SUCCESSFUL),
	    BANK_NOT_CANCELLABLE);
	assert_int_equal(later->status, BW_TIMEOUT);
	assert_int_equal(x->final[BW_TIMEOUT], 2);
	assert_int_equal(x->a->balance, 100000);
	assert_int_equal(x->a->reserved, 0);
}

static void
test_cancelling(void **state)
{
	struct world *x = *state;
	struct bank_withdrawal *w = NULL;
	struct bank_withdrawal_in in = { .uid = "withdraw-2", .wallet = x->a, .amount = 100,
	    .type = "ZA_PNP_CASH" };

	assert_int_equal(withdraw(x, "withdraw-1", 10000, NULL, &w), BANK_OK);
	assert_int_equal(bank_withdrawal_set(x->b, x->now, w, BW_CANCELLED), BANK_OK);
	assert_int_equal(x->a->reserved, 0);
	assert_int_equal(bank_withdraw(x->b, x->now, &in, &w), BANK_OK);
	assert_int_equal(bank_withdrawal_set(x->b, x->now, w, BW_CANCELLED),
	    x->rules.cancel_pnp ? BANK_OK : BANK_NOT_CANCELLABLE);
	in.uid = "withdraw-3";
	in.type = "ZA_NEDBANK_EFT";
	assert_int_equal(bank_withdraw(x->b, x->now, &in, &w), BANK_OK);
	assert_string_equal(w->token, "");
	assert_int_equal(bank_withdrawal_set(x->b, x->now, w, BW_CANCELLED), BANK_NOT_CANCELLABLE);
	in.type = "ZA_NO_SUCH_THING";
	assert_int_equal(bank_withdraw(x->b, x->now, &in, &w), BANK_INVALID);
}

static void
test_barring_goes_through(void **state)
{
	struct world *x = *state;
	struct bank_withdrawal *token = NULL, *eft = NULL, *other = NULL;
	struct bank_withdrawal_in in = { .uid = "withdraw-2", .wallet = x->a, .amount = 100,
	    .type = "ZA_NEDBANK_EFT" };

	assert_int_equal(withdraw(x, "withdraw-1", 10000, NULL, &token), BANK_OK);
	assert_int_equal(bank_withdraw(x->b, x->now, &in, &eft), BANK_OK);
	bank_customer_bar(x->b, x->now, x->ann, true);
	assert_true(x->a->barred);
	assert_int_equal(eft->status, BW_CANCELLED);
	assert_int_equal(token->status, BW_PENDING);
	assert_int_equal(withdraw(x, "withdraw-3", 100, NULL, &other), BANK_BARRED);
	assert_int_equal(pay(x, "transfer-1", x->a, x->z, 100), BANK_BARRED);
	assert_int_equal(bank_withdrawal_set(x->b, x->now, token, BW_SUCCESSFUL), BANK_OK);
	assert_int_equal(token->status, BW_ERROR);
	assert_int_equal(x->a->balance, 100000);
}

/* Per receiving phone and month; what was not paid out is given back to its own month. */
static void
test_phone_limit(void **state)
{
	struct world *x = *state;
	struct bank_withdrawal *first = NULL, *w = NULL;

	x->rules.phone_limit = 20000;
	assert_int_equal(withdraw(x, "withdraw-1", 15000, "27841112222", &first), BANK_OK);
	assert_int_equal(withdraw(x, "withdraw-2", 5001, "27841112222", &w), BANK_LIMIT);
	assert_int_equal(withdraw(x, "withdraw-2", 5000, "27841112222", &w), BANK_OK);
	assert_int_equal(withdraw(x, "withdraw-3", 1, "27841112222", &w), BANK_LIMIT);
	/* The owner's own. */
	assert_int_equal(withdraw(x, "withdraw-3", 20000, NULL, &w), BANK_OK);
	assert_int_equal(bank_withdrawal_set(x->b, x->now, first, BW_CANCELLED), BANK_OK);
	assert_int_equal(withdraw(x, "withdraw-4", 15000, "27841112222", &w), BANK_OK);
	x->now += 31 * DAY;
	assert_int_equal(withdraw(x, "withdraw-5", 20000, "27841112222", &w), BANK_OK);
}

static void
test_people(void **state)
{
	struct world *x = *state;
	struct bank_customer *const *found, *c = NULL;
	struct bank_profile p = x->ann->profile;
	struct bank_wallet *w = NULL;
	struct bank_wallet_in in = { .uid = "wallet-new", .type = BANK_WALLET_TYPE };

	assert_int_equal(bank_customer_create(x->b, x->now, &p, &c), BANK_DUPLICATE);
	assert_int_equal(bank_customers_by(x->b, INDEX_PHONE, "27821234567", &found), 1);
	assert_ptr_equal(found[0], x->ann);
	assert_int_equal(bank_customers_by(x->b, INDEX_LAST_NAME, "DLAMINI", &found), 2);
	str_copy(p.phone, sizeof p.phone, "27849998888");
	assert_int_equal(bank_customer_update(x->b, x->now, x->ann, &p), BANK_OK);
	assert_int_equal(bank_customers_by(x->b, INDEX_PHONE, "27821234567", &found), 0);
	assert_int_equal(bank_customers_by(x->b, INDEX_PHONE, "27849998888", &found), 1);
	c = customer(x, "customer-bad", "27851112222", "9001010666087");
	assert_int_equal(bank_ratify(x->b, x->now, c), KYC_FAILED);
	assert_int_equal(bank_wallet_create(x->b, x->now, c, &in, &w), BANK_NO_KYC);
	in.type = 1;
	assert_int_equal(bank_wallet_create(x->b, x->now, x->ann, &in, &w), BANK_NOT_FOUND);
}

/*
 * Thousands of random steps; stop() adds the ledger up, and here no wallet may fall below zero
 * meanwhile.
 */
static void
test_money_is_conserved(void **state)
{
	struct world *x = *state;
	struct rng r = { 42 };
	struct bank_withdrawal *const *all;
	int64_t in = 100000;

	x->rules.transfer_fee = 150;
	for (int i = 0; i < 5000; i++) {
		struct bank_wallet *from = rng_below(&r, 2) ? x->a : x->z, *to = from == x->a ?
		    x->z : x->a;
		struct bank_withdrawal *w = NULL;
		int64_t cents = (int64_t)rng_below(&r, 30000);
		enum bank_end e = BANK_OK;
		size_t n = bank_withdrawals(x->b, &all);
		char uid[24];

		str_format(uid, sizeof uid, "id-%d", (int)rng_below(&r, 4000));
		x->now += (int64_t)rng_below(&r, 3600000);
		switch (rng_below(&r, 5)) {
		case 0:
			e = bank_deposit(x->b, x->now, from, cents, "d");
			in += e == BANK_OK ? cents : 0;
			break;
		case 1:
			e = pay(x, uid, from, to, cents);
			break;
		case 2:
			e = withdraw(x, uid, cents, NULL, &w);
			break;
		case 3:
			if (n > 0)
				e = bank_withdrawal_set(x->b, x->now, all[rng_below(&r, n)],
				    rng_below(&r, 2) ? BW_SUCCESSFUL : BW_CANCELLED);
			break;
		default:
			bank_expire(x->b, x->now);
		}
		assert_true(e <= BANK_INVALID);
		assert_true(bank_available(x->a) >= 0 && bank_available(x->z) >= 0);
		assert_int_equal(x->a->balance + x->z->balance,
		    in - bank_paid_out(x->b) - bank_fees(x->b));
	}
	assert_true(bank_paid_out(x->b) > 0);
}

#define BOTH(t) \
	{ #t " (friendly)", t, friendly, stop, NULL }, { #t " (hostile)", t, hostile, stop, NULL }
#define ONLY(t, profile) { #t, t, profile, stop, NULL }

int
main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(test_transfer_moves_and_takes_the_fee),
		ONLY(test_an_id_debits_once, friendly),
		ONLY(test_hostile_checks_funds_before_the_id, hostile),
		BOTH(test_a_transfer_that_cannot_be),
		BOTH(test_only_check_moves_nothing),
		BOTH(test_a_token_debits_when_it_is_used),
		ONLY(test_a_token_without_funds_ends_in_error, friendly),
		BOTH(test_a_token_expires),
		BOTH(test_cancelling),
		BOTH(test_barring_goes_through),
		BOTH(test_phone_limit),
		BOTH(test_people),
		BOTH(test_money_is_conserved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
