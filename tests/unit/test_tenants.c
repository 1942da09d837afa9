/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two tenants in one process, each with an SMSC of its own: what one of them has to suffer, dead core or mute SMSC,
 * costs the other nothing.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/metric.h"
#include "service/task.h"
#include "tests/unit/gateway_world.h"

#define WINDOW 32
#define RUNS_MAX 500			/* claimed of one tenant at once */
#define CALLS_MAX 500			/* of one tenant at once */
#define BRAVO_CALL 1000000
#define BRAVO_PHONE "27837654321"

enum { ACME, BRAVO, TENANTS };
enum { BRAVO_USSD = SIM_CHANNELS, BRAVO_SMS, CHANNELS };

static struct tenant_settings tenants[TENANTS];
static struct integrator_settings integrators[TENANTS];
static struct channel_settings channels[CHANNELS];
static struct bind_settings binds[TENANTS];
static unsigned mute;			/* messages that the first SMSC does not answer */
static unsigned refused, answered;	/* calls of acme */
static int bravo_status;
static unsigned bravo_busy, bravo_replies;

static void
half_mute_sms(void *ctx, uint64_t op, const struct sms_req *q)
{
	if (channels[q->channel].bind == ACME)
		mute++;
	else
		sim_sms_send(ctx, op, q);
}

static unsigned
half_mute_free(void *ctx, int channel)
{
	(void)ctx;
	return channels[channel].bind == ACME ? WINDOW - mute : WINDOW;
}

static void
count_answer(void *ctx, uint64_t call, int status, const char *json)
{
	(void)ctx, (void)json;
	if (call >= BRAVO_CALL)
		bravo_status = status;
	else {
		answered++;
		refused += status == 503;
	}
}

static void
count_reply(void *ctx, uint64_t turn, const struct reply *r)
{
	(void)ctx;
	if (turn >= BRAVO_CALL) {
		bravo_replies++;
		bravo_busy += strstr(r->text, "very busy") != NULL;
	}
}

static void
add_bravo(struct sim_world *w)
{
	memcpy(channels, w->channels, sizeof w->channels);
	channels[BRAVO_USSD] = w->channels[SIM_USSD];
	channels[BRAVO_SMS] = w->channels[SIM_SMS];
	str_copy(channels[BRAVO_USSD].name, sizeof channels[0].name, "bravo-ussd");
	str_copy(channels[BRAVO_SMS].name, sizeof channels[0].name, "bravo-sms");
	for (int k = BRAVO_USSD; k < CHANNELS; k++) {
		channels[k].tenant = BRAVO;
		channels[k].bind = BRAVO;
	}
	for (int i = 0; i < TENANTS; i++) {
		binds[i] = w->binds[0];
		tenants[i] = w->tenant;
		integrators[i] = w->integrator;
		integrators[i].day_count = 0;
		integrators[i].day_amount = 0;
		tenants[i].integrators = &integrators[i];
	}
	str_copy(binds[BRAVO].name, sizeof binds[0].name, "other");
	str_copy(tenants[BRAVO].name, sizeof tenants[0].name, "bravo");
	for (int i = 0; i < MSG_CLASSES; i++)
		tenants[BRAVO].routes[i][0] = BRAVO_SMS;
	w->settings.tenants = tenants;
	w->settings.tenants_n = TENANTS;
	w->settings.binds = binds;
	w->settings.binds_n = TENANTS;
	w->settings.channels = channels;
	w->settings.channels_n = CHANNELS;
}

/* One process that has begun with both tenants. */
static struct sim_world *
two_tenants(void)
{
	struct sim_world *w = world_new();
	const struct gateway_content content = { shipped.texts, shipped.menu, NULL, NULL };
	const struct gateway_content contents[TENANTS] = { content, content };
	struct gateway_options o = { .process = "two", .settings = &w->settings, .ports = &w->ports[0],
		.contents = contents };

	for (int i = 0; i < SIM_PROCESSES; i++) {
		gateway_free(w->process[i].gw);
		w->process[i].gw = NULL;
		w->process[i].generation++;
		w->process[i].ticking = false;
	}
	add_bravo(w);
	w->ports[0].api_reply = count_answer;
	w->ports[0].reply = count_reply;
	mute = refused = answered = bravo_busy = bravo_replies = 0;
	bravo_status = 0;
	w->process[0].gw = gateway_new(&o);
	sim_wake(&w->process[0], w->loop.now + 2600);
	return w;
}

static void
acme_orders(struct sim_world *w, int n)
{
	for (int i = 1; i <= n; i++) {
		struct api_in in = { .call = (uint64_t)i, .tenant = ACME };
		char uid[24], phone[PHONE_MAX];

		/* A phone each: they are not to wait for one another at its limit. */
		str_format(uid, sizeof uid, "acme-%04d", i);
		str_format(phone, sizeof phone, "2782100%04d", i);
		withdraw_now(w, &in, uid, "10.00", phone);
	}
}

static void
bravo_orders(struct sim_world *w)
{
	struct api_in in = { .call = BRAVO_CALL, .tenant = BRAVO };

	withdraw_now(w, &in, "bravo-0001", "10.00", BRAVO_PHONE);
}

static void
test_a_mute_smsc(void **state)
{
	struct sim_world *w = two_tenants();
	int64_t asked;

	(void)state;
	w->ports[0].sms = half_mute_sms;
	w->ports[0].sms_free = half_mute_free;
	acme_orders(w, 100);
	sim_world_run(w, w->loop.now + 10000);
	assert_int_equal(mute, WINDOW);
	asked = w->loop.now;
	bravo_orders(w);
	sim_world_run(w, asked + 3000);
	assert_int_equal(bravo_status, 200);
	assert_int_equal(w->inbox_n, 1);
	assert_string_equal(w->inbox[0].to, BRAVO_PHONE);
	world_free(w);
}

static void
test_a_dead_core(void **state)
{
	struct sim_world *w = two_tenants();

	(void)state;
	w->faults.wallet_lost = 1000;
	acme_orders(w, CALLS_MAX + 20);
	assert_int_equal(refused, 20);
	sim_world_run(w, w->loop.now + 5000);
	w->faults.wallet_lost = 0;
	assert_int_equal(answered, 20);		/* all others are still held */
	bravo_orders(w);
	sim_world_run(w, w->loop.now + 3000);
	assert_int_equal(bravo_status, 200);
	assert_int_equal(answered, 20);
	sim_world_run(w, w->loop.now + MINUTE);
	assert_int_equal(answered, CALLS_MAX + 20);
	assert_int_equal(refused, 20);
	world_free(w);
}

/* As many intents of one tenant as may be carried on at once: its others wait, the other tenant's do not. */
static void
test_a_dead_core_leaves_room(void **state)
{
	struct sim_world *w = two_tenants();
	struct gateway *gw = w->process[0].gw;
	int64_t put_off = metric_get(M_INTENTS_PUT_OFF);

	(void)state;
	w->faults.wallet_lost = 1000;
	acme_orders(w, 1);
	sim_world_run(w, w->loop.now + MINUTE);
	assert_int_equal(answered, 1);
	w->faults.wallet_lost = 0;
	gw->tenants[ACME].runs += RUNS_MAX;
	bravo_orders(w);
	sim_world_run(w, w->loop.now + MINUTE);
	assert_int_equal(bravo_status, 200);
	assert_int_equal(w->inbox_n, 1);		/* bravo's token only */
	assert_true(metric_get(M_INTENTS_PUT_OFF) > put_off);
	gw->tenants[ACME].runs -= RUNS_MAX;
	sim_world_run(w, w->loop.now + 2 * MINUTE);
	put_off = metric_get(M_INTENTS_PUT_OFF);
	sim_world_run(w, w->loop.now + MINUTE);
	assert_int_equal(metric_get(M_INTENTS_PUT_OFF), put_off);
	assert_int_equal(gw->tenants[ACME].runs, 0);
	assert_int_equal(gw->tenants[BRAVO].runs, 0);
	world_free(w);
}

static void
test_many_turns(void **state)
{
	struct sim_world *w = two_tenants();
	struct turn_in in = { .kind = TURN_BEGIN, .text = "", .service_code = "*120*384#", .dialogue = "d" };

	(void)state;
	w->settings.max_turns = 5;
	for (uint64_t i = 0; i < 8; i++) {
		in.turn = i + 1;
		in.channel = SIM_USSD;
		str_format(in.phone, sizeof in.phone, "2782000000%d", (int)i);
		gateway_turn(w->process[0].gw, w->loop.now, &in);
	}
	in.turn = BRAVO_CALL;
	in.channel = BRAVO_USSD;
	gateway_turn(w->process[0].gw, w->loop.now, &in);
	sim_wake(&w->process[0], w->loop.now);
	sim_world_run(w, w->loop.now + MINUTE);
	assert_int_equal(bravo_replies, 1);
	assert_int_equal(bravo_busy, 0);
	world_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_mute_smsc), cmocka_unit_test(test_a_dead_core),
		cmocka_unit_test(test_a_dead_core_leaves_room),
		cmocka_unit_test(test_many_turns),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
