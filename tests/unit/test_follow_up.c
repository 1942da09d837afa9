/* SPDX-License-Identifier: Apache-2.0 */
/* Callbacks of the core, the budget of reads and integrators who do not answer, at the gateway's own door. */
#include "tests/unit/gateway_world.h"

#include "base/metric.h"
#include "core/signature.h"
#include "service/follow_up.h"
#include "service/run.h"

#define SECOND INT64_C(1000)
#define DAY (24 * 60 * MINUTE)
#define TOLD_MAX 400

static struct {
	uint64_t op;
	char body[512], signature[160];
} told[TOLD_MAX];
static size_t told_n;

static void
seal(void *ctx, const void *p, size_t n, unsigned char *out)
{
	(void)ctx;
	memset(out, 'S', PORT_SEAL);
	memcpy(out + PORT_SEAL, p, n);
}

static bool
open_sealed(void *ctx, const void *p, size_t n, unsigned char *out)
{
	(void)ctx;
	memcpy(out, (const char *)p + PORT_SEAL, n - PORT_SEAL);
	return memcmp(p, "SSSSSSSS", 8) == 0;
}

static void
tell(void *ctx, uint64_t op, const struct tell_req *req)
{
	(void)ctx;
	assert_true(told_n < TOLD_MAX);
	told[told_n].op = op;
	str_copy(told[told_n].body, sizeof told[0].body, req->body);
	str_copy(told[told_n++].signature, sizeof told[0].signature, req->headers[1] != NULL ? req->headers[1] : "");
}

static struct sim_world *
called_world(void)
{
	struct sim_world *w = world_new();

	str_copy(w->settings.public_url, sizeof w->settings.public_url, "https://gw.example/");
	w->settings.callback_connections = 32;
	w->settings.callback_timeout_ms = 5000;
	str_copy(w->tenant.wallet.callback_key, sizeof w->tenant.wallet.callback_key, "key of the core");
	w->tenant.wallet.follow_called_s = 3600;
	w->integrator.day_count = 0;
	w->ports[0].seal = seal;
	w->ports[0].open = open_sealed;
	w->ports[0].tell = tell;
	told_n = 0;
	return w;
}

static void
run_for(struct sim_world *w, int64_t ms)
{
	sim_wake(&w->process[0], w->loop.now + ms);
	sim_world_run(w, w->loop.now + ms);
}

/* The part of the callbackUrl that names the intent of the newest withdrawal. */
static const char *
ref_of(struct sim_world *w)
{
	static char url[WALLET_CALLBACK];
	struct bank_withdrawal *b = NULL;
	struct intent i = { 0 };

	assert_true(issued(w, &b) > 0);
	str_format(i.owner, sizeof i.owner, "%s/payroll/%lld/order-1", w->tenant.name,
	    (long long)w->integrator.wallets[0]);
	str_copy(i.id, sizeof i.id, b->uid);
	follow_url(w->process[0].gw, 0, &i, url);
	assert_true(str_starts(url, "https://gw.example/callbacks/"));
	return strrchr(url, '/') + 1;
}

/* The gateway's answer to a callback that says `status`. */
static int
hint(struct sim_world *w, const char *ref, const char *status)
{
	struct hint_in in = { .call = 99, .tenant = 0, .ref = ref };
	char body[64];

	str_format(body, sizeof body, "{\"status\":\"%s\"}", status);
	in.body = body;
	in.len = strlen(body);
	w->api_status = 0;
	gateway_hint(w->process[0].gw, w->loop.now, &in);
	for (int k = 0; k < 100 && w->api_status == 0; k++)
		run_for(w, 50);
	return w->api_status;
}

static void
test_a_callback_is_read_at_once(void **state)
{
	struct sim_world *w = called_world();
	struct bank_withdrawal *b = NULL;
	char id[24];
	int64_t known;

	(void)state;
	withdraw(w, "order-1", "100.00", PHONE);
	assert_int_equal(issued(w, &b), 1);
	assert_int_equal(bank_withdrawal_set(w->core.bank, w->loop.now, b, BW_SUCCESSFUL), BANK_OK);
	assert_int_equal(hint(w, ref_of(w), "SUCCESSFUL"), 200);
	run_for(w, SECOND);
	str_format(id, sizeof id, "%lld", (long long)b->id);
	by_id(w, API_GET, id, "");
	assert_says(w, 200, "SUCCESSFUL");
	known = metric_get(M_CALLBACKS_KNOWN);	/* the core of this world may have called by itself */
	assert_int_equal(hint(w, ref_of(w), "SUCCESSFUL"), 200);
	assert_int_equal(metric_get(M_CALLBACKS_KNOWN), known + 1);
	world_free(w);
}

static void (*real_commit)(void *ctx, uint64_t op, const struct store_commit *c);
static int64_t soonest;

static void
note_due(void *ctx, uint64_t op, const struct store_commit *c)
{
	int64_t now = ((struct sim_process *)ctx)->world->loop.now;

	for (size_t k = 0; k < c->n; k++)
		if (c->op[k].kind == STORE_LIST_ADD && c->op[k].key.family == STORE_DUE && c->op[k].score - now < soonest)
			soonest = c->op[k].score - now;
	real_commit(ctx, op, c);
}

/* The run that a callback begins has its lease whole, or another process would act beside it. */
static void
test_a_callback_is_not_taken_over_early(void **state)
{
	struct sim_world *w = called_world();
	struct bank_withdrawal *b = NULL;

	(void)state;
	withdraw(w, "order-1", "100.00", PHONE);
	assert_int_equal(issued(w, &b), 1);
	assert_int_equal(bank_withdrawal_set(w->core.bank, w->loop.now, b, BW_SUCCESSFUL), BANK_OK);
	real_commit = w->ports[0].commit;
	w->ports[0].commit = note_due;
	soonest = INT64_MAX;
	assert_int_equal(hint(w, ref_of(w), "SUCCESSFUL"), 200);
	assert_true(soonest >= RUN_LEASE_MS && soonest < INT64_MAX);
	world_free(w);
}

static void
test_callbacks_that_lead_nowhere(void **state)
{
	struct sim_world *w = called_world();
	char ref[WALLET_CALLBACK];
	int64_t unknown = metric_get(M_CALLBACKS_UNKNOWN);

	(void)state;
	withdraw(w, "order-1", "100.00", PHONE);
	assert_int_equal(hint(w, "", "SUCCESSFUL"), 200);
	assert_int_equal(hint(w, "AAAA", "SUCCESSFUL"), 200);
	assert_int_equal(hint(w, "not base64!", "SUCCESSFUL"), 200);
	str_copy(ref, sizeof ref, ref_of(w));
	ref[0] = 'A';
	assert_int_equal(hint(w, ref, "SUCCESSFUL"), 200);
	assert_int_equal(metric_get(M_CALLBACKS_UNKNOWN), unknown + 4);
	str_copy(w->tenant.name, sizeof w->tenant.name, "other");
	assert_int_equal(hint(w, ref_of(w), "SUCCESSFUL"), 200);	/* made by `other` now, but nothing is there */
	world_free(w);
}

static void
test_a_callback_of_another_tenant(void **state)
{
	struct sim_world *w = called_world();
	char ref[WALLET_CALLBACK], name[NAME_MAX_OCTETS];

	(void)state;
	withdraw(w, "order-1", "100.00", PHONE);
	str_copy(ref, sizeof ref, ref_of(w));
	str_copy(name, sizeof name, w->tenant.name);
	str_format(w->tenant.name, sizeof w->tenant.name, "%.10s2", name);
	assert_int_equal(hint(w, ref, "SUCCESSFUL"), 403);
	str_format(w->tenant.name, sizeof w->tenant.name, "%.2s", name);	/* the beginning of the name is not the name */
	assert_int_equal(hint(w, ref, "SUCCESSFUL"), 403);
	str_copy(w->tenant.name, sizeof w->tenant.name, name);
	world_free(w);
}

static void
test_too_many_callbacks(void **state)
{
	struct sim_world *w = called_world();
	struct hint_in in = { .call = 99, .tenant = 0, .body = "{}", .len = 2 };
	int later = 0;

	(void)state;
	withdraw(w, "order-1", "100.00", PHONE);
	in.ref = ref_of(w);
	run_for(w, 2 * SECOND - w->loop.now % SECOND);
	for (int k = 0; k < 300; k++) {
		w->api_status = 0;
		gateway_hint(w->process[0].gw, w->loop.now, &in);
		later += w->api_status == 503;
	}
	assert_true(later >= 200 && later < 300);
	run_for(w, 2 * SECOND - w->loop.now % SECOND);
	/* None of them waits now, and still so many in one second are too many. */
	for (int k = later = 0; k < 300; k++) {
		struct hint_in nowhere = { .call = 99, .ref = "", .body = "{}", .len = 2 };

		gateway_hint(w->process[0].gw, w->loop.now, &nowhere);
		later += w->api_status == 503;
	}
	assert_int_equal(later, 200);
	run_for(w, 2 * SECOND);
	assert_int_equal(hint(w, in.ref, "TIMEOUT"), 200);
	world_free(w);
}

/* Tokens that lapse together are not read faster than the budget lets them. */
static void
test_reads_keep_their_budget(void **state)
{
	struct sim_world *w = called_world();
	struct bank_withdrawal *b = NULL;
	char uid[24], at[WALLET_TIME], body[400];
	int64_t before;

	(void)state;
	w->tenant.wallet.follow_per_s = 1;
	w->tenant.wallet.connections = 400;
	wallet_time_text(w->loop.now + 3 * 60 * MINUTE, at);
	for (int k = 0; k < 40; k++) {
		struct api_in in = { .kind = API_WITHDRAW, .body = body };

		str_format(body, sizeof body, "{\"amount\":50.00,\"externalUniqueId\":\"order-%d\",\"type\":"
		    "\"ZA_PAYCORP_ATM\",\"deliverToPhone\":\"278200000%02d\",\"expires\":\"%s\"}", k + 100, k, at);
		in.len = strlen(body);
		ask(w, &in);
	}
	assert_int_equal(issued(w, &b), 40);
	run_for(w, (b->expires - w->loop.now) / SECOND * SECOND - w->loop.now % SECOND - 1);	/* the end of a second */
	for (int s = 0; s < 90; s++) {
		before = metric_get(M_FOLLOW_READS);
		run_for(w, SECOND);
		if (metric_get(M_FOLLOW_READS) - before > 1)
			fail_msg("%lld reads in a second", (long long)(metric_get(M_FOLLOW_READS) - before));
	}
	run_for(w, 10 * MINUTE);
	for (int k = 0; k < 40; k++) {
		struct bank_withdrawal *const *all;

		assert_int_equal(bank_withdrawals(w->core.bank, &all), 40);
		str_format(uid, sizeof uid, "%lld", (long long)all[k]->id);
		by_id(w, API_GET, uid, "");
		assert_says(w, 200, "TIMEOUT");
	}
	world_free(w);
}

static unsigned
reads_within(struct gateway *gw, int64_t from, int seconds)
{
	unsigned n = 0;

	for (gw->now = from; gw->now < from + seconds * SECOND; gw->now += SECOND / 4)
		while (follow_begin(gw, 0)) {
			follow_end(gw, 0);
			n++;
		}
	return n;
}

/* The bound is the installation's: each process has its share of it, also where that is less than a read a second. */
static void
test_processes_share_the_budget(void **state)
{
	struct sim_world *w = called_world();
	struct gateway *gw = w->process[0].gw;
	int64_t now = w->loop.now / SECOND * SECOND + SECOND;
	static const struct {
		int processes;
		unsigned reads;
	} row[] = { { 1, 80 }, { 2, 40 }, { 4, 20 }, { 16, 5 }, { 32, 2 } };

	(void)state;
	w->tenant.wallet.follow_per_s = 8;
	w->tenant.wallet.connections = 400;
	for (size_t k = 0; k < NELEM(row); k++) {
		gateway_on_processes(gw, now, row[k].processes);
		assert_in_range(reads_within(gw, now, 10), row[k].reads, row[k].reads + 1);
		now += 10 * SECOND;
	}
	w->tenant.wallet.follow_per_s = 0;
	gw->now = now;
	for (int k = 0; k < 1000; k++) {
		assert_true(follow_begin(gw, 0));
		follow_end(gw, 0);
	}
	world_free(w);
}

static void
test_a_busy_core_is_left_alone(void **state)
{
	struct sim_world *w = called_world();
	struct gateway *gw = w->process[0].gw;
	struct wallet_answer *a = xcalloc(1, sizeof *a);
	int64_t now = w->loop.now;

	(void)state;
	gw->now = now;
	assert_true(follow_begin(gw, 0));
	assert_false(follow_begin(gw, 0));	/* one at a time: the core has few connections here */
	follow_end(gw, 0);
	a->http = 429;
	follow_answered(gw, 0, now, a);
	assert_false(follow_begin(gw, 0));
	gw->now = now + 29 * SECOND;
	assert_false(follow_begin(gw, 0));
	gw->now = now + 30 * SECOND;
	assert_true(follow_begin(gw, 0));
	follow_end(gw, 0);
	free(a);
	world_free(w);
}

static void
order_with_hook(struct sim_world *w, int n)
{
	char body[400], phone[16];
	struct api_in in = { .kind = API_WITHDRAW, .body = body };

	str_format(phone, sizeof phone, "278200000%02d", n);
	str_format(body, sizeof body, "{\"amount\":50.00,\"externalUniqueId\":\"order-%d\",\"type\":\"ZA_PAYCORP_ATM\","
	    "\"deliverToPhone\":\"%s\",\"callbackUrl\":\"https://pay.example/hook\"}", n + 100, phone);
	in.len = strlen(body);
	ask(w, &in);
	assert_int_equal(w->api_status, 200);
}

static void
answer_all(struct sim_world *w, size_t from, bool heard)
{
	for (size_t n = told_n; from < n; from++)
		gateway_on_told(w->process[0].gw, w->loop.now, told[from].op, heard);
}

/* One that never answers has few calls under way, is left alone ever longer, and hears everything once it is back. */
static void
test_an_integrator_that_is_dead(void **state)
{
	enum { ORDERS = 40 };
	struct sim_world *w = called_world();
	struct bank_withdrawal *b = NULL;
	size_t asked;
	int64_t silent = metric_get(M_TELLS_SILENT);
	bool heard[ORDERS] = { false };
	int all = 0;

	(void)state;
	str_copy(w->integrator.callback_key, sizeof w->integrator.callback_key, "key of payroll");
	for (int k = 0; k < ORDERS; k++)
		order_with_hook(w, k);
	assert_int_equal(issued(w, &b), ORDERS);
	run_for(w, b->expires - w->loop.now + 5 * MINUTE);
	assert_int_equal(told_n, 8);
	assert_non_null(strstr(told[0].body, "\"TIMEOUT\""));
	assert_true(str_starts(told[0].signature, SIGNATURE_HEADER ": t="));
	for (int k = 0; k < 60; k++) {
		asked = told_n;
		run_for(w, MINUTE);
		assert_true(told_n - asked <= 8);
		answer_all(w, k == 0 ? 0 : asked, false);
	}
	assert_true(told_n < 150);
	assert_int_equal(metric_get(M_TELLS_SILENT), silent + 1);
	for (int k = 0; k < 3000 && all < ORDERS; k++) {
		asked = told_n;
		run_for(w, MINUTE);
		answer_all(w, asked, true);
		for (; asked < told_n; asked++) {
			const char *id = strstr(told[asked].body, "order-1");

			assert_non_null(id);
			all += !heard[atoi(id + 7)];
			heard[atoi(id + 7)] = true;
		}
	}
	assert_int_equal(all, ORDERS);
	assert_int_equal(metric_get(M_TELLS_SILENT), silent);
	world_free(w);
}

/* The last of its calls, weeks later, came to nothing: given up, and listed for operators. */
static void
test_what_was_never_heard_is_listed(void **state)
{
	struct sim_world *w = called_world();
	struct store_range range = { .key = { .family = STORE_INDEX }, .to_ms = INT64_MAX, .max = 10 };
	struct store_claim due = { .list = STORE_DUE, .max = 1 };
	struct store_claimed out[STORE_CLAIM_MAX];
	struct intent i = { .kind = INTENT_WITHDRAWAL, .state = INTENT_DONE, .amount = 5000, .id = "intent-1",
		.owner = "owner", .withdrawal_id = 1, .wallet_id = 7, .core_status = WSTATUS_SUCCESSFUL + 1,
		.uid = "order-1", .callback = "https://pay.example/hook", .tells = 31,
		.steps = STEP_CAPPED | STEP_INDEXED | STEP_REFERRED };
	struct store_key key = key_of(STORE_INTENT, "owner", i.id);
	struct store_commit c = { .not_after_ms = w->loop.now + MINUTE };
	int64_t given_up = metric_get(M_TELLS_GIVEN_UP);
	struct rev rev = { 0 };
	struct buf b = { 0 };

	(void)state;
	str_copy(i.tenant, sizeof i.tenant, w->tenant.name);
	str_copy(i.integrator, sizeof i.integrator, w->integrator.name);
	intent_encode(&i, &b);
	commit_put(w->process[0].gw, &c, &key, &rev, &b, 0);
	assert_int_equal(memory_store_commit(w->store, w->loop.now, &c), STORE_DONE);
	buf_clear(&b);
	run_start(w->process[0].gw, i.owner, i.id);
	run_for(w, SECOND);
	assert_int_equal(told_n, 1);
	callback_unheard(w->tenant.name, w->integrator.name, range.key.owner, sizeof range.key.owner);
	assert_int_equal(memory_store_range(w->store, w->loop.now, &range, out), 0);
	due.bucket = memory_store_bucket(w->store, STORE_DUE, i.owner);
	assert_int_equal(memory_store_claim(w->store, w->loop.now + 90 * DAY, &due, out), 1);
	answer_all(w, 0, false);
	run_for(w, SECOND);
	assert_int_equal(metric_get(M_TELLS_GIVEN_UP), given_up + 1);
	assert_int_equal(memory_store_range(w->store, w->loop.now, &range, out), 1);
	assert_string_equal(out[0].item, "7/order-1");
	assert_int_equal(memory_store_claim(w->store, w->loop.now + 90 * DAY, &due, out), 0);
	run_for(w, MINUTE);
	assert_int_equal(told_n, 1);
	world_free(w);
}

static void
test_a_url_that_is_not_allowed(void **state)
{
	struct sim_world *w = called_world();
	const char *body = "{\"amount\":50.00,\"externalUniqueId\":\"order-1\",\"type\":\"ZA_PAYCORP_ATM\","
	    "\"deliverToPhone\":\"27820000000\",\"callbackUrl\":\"https://10.0.0.1/hook\"}";
	struct api_in in = { .kind = API_WITHDRAW, .body = body, .len = strlen(body) };
	struct bank_withdrawal *b = NULL;

	(void)state;
	ask(w, &in);
	assert_says(w, 400, "callbackUrl: this address is not allowed here");
	assert_int_equal(issued(w, &b), 0);
	world_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_callback_is_read_at_once),
		cmocka_unit_test(test_a_callback_is_not_taken_over_early), cmocka_unit_test(test_callbacks_that_lead_nowhere),
		cmocka_unit_test(test_a_callback_of_another_tenant), cmocka_unit_test(test_too_many_callbacks),
		cmocka_unit_test(test_reads_keep_their_budget), cmocka_unit_test(test_processes_share_the_budget),
		cmocka_unit_test(test_a_busy_core_is_left_alone),
		cmocka_unit_test(test_an_integrator_that_is_dead), cmocka_unit_test(test_what_was_never_heard_is_listed),
		cmocka_unit_test(test_a_url_that_is_not_allowed),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
