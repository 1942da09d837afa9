/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which version of its menu a turn works with: two processes on one store, into which versions are published behind
 * their back. What a version is made of is one octet here: the number of a small menu.
 */
#include "tests/unit/phone_line.h"

#include "base/metric.h"
#include "core/edition.h"
#include "core/session.h"

#define EDITIONS 6

static struct menu *editions[EDITIONS];
static unsigned loads, made, freed;
static bool mute;			/* loads of content are not answered by the store */
static uint64_t muted_op;
static void (*store_load)(void *ctx, uint64_t op, const struct store_key *keys, size_t n);

static void
load(void *ctx, uint64_t op, const struct store_key *keys, size_t n)
{
	loads += keys[0].family == STORE_CONTENT;
	if (mute && keys[0].family == STORE_CONTENT)
		muted_op = op;
	else
		store_load(ctx, op, keys, n);
}

/* The octet 'x' is of no menu that this program can use. */
static bool
content(void *ctx, int tenant, const char *version, const void *octets, size_t len, struct gateway_content *out)
{
	unsigned n = *(const unsigned char *)octets;

	(void)ctx;
	assert_int_equal(tenant, 0);
	assert_int_equal(len, 1);
	if (n >= EDITIONS)
		return false;
	assert_string_equal(version, menu_version(editions[n]));
	*out = (struct gateway_content){ shipped.texts, editions[n], NULL, editions[n] };
	made++;
	return true;
}

static void
content_free(void *ctx, void *what)
{
	(void)ctx;
	assert_non_null(what);
	freed++;
}

static struct sim_world *
world(void)
{
	struct sim_world *w = xcalloc(1, sizeof *w);

	sim_world_set_up(w, 7, "friendly", shipped.texts, editions[0]);
	w->story = true;
	w->processes = 2;
	w->settings.versions_loaded = 2;
	w->tenant.languages_n = 1;
	str_copy(w->bot[0].phone, sizeof w->bot[0].phone, PHONE);
	store_load = w->ports[0].load;
	for (int i = 0; i < SIM_PROCESSES; i++) {
		w->ports[i].reply = on_reply;
		w->ports[i].load = load;
		w->ports[i].content = content;
		w->ports[i].content_free = content_free;
	}
	loads = made = freed = 0;
	mute = false;
	memset(lines, 0, sizeof lines);
	sim_world_start(w);
	return w;
}

/* ---- publishing ---- */

static void
put_at(struct sim_world *w, const struct store_key *key, const void *p, size_t len)
{
	static unsigned char mark;
	struct store_commit c = { .n = 1, .not_after_ms = w->loop.now + SECOND };
	struct store_value v;

	c.op[0].key = *key;
	memory_store_load(w->store, w->loop.now, &c.op[0].key, 1, &v);
	c.op[0].kind = p != NULL ? STORE_PUT : STORE_DELETE;
	c.op[0].from = v.version;
	c.op[0].to.p[0] = ++mark;
	c.op[0].p = p;
	c.op[0].len = len;
	assert_int_equal(memory_store_commit(w->store, w->loop.now, &c), STORE_DONE);
}

static void
put(struct sim_world *w, enum store_family family, const char *id, const void *p, size_t len)
{
	struct store_key key = { .family = family };

	str_copy(key.owner, sizeof key.owner, w->tenant.name);
	str_copy(key.id, sizeof key.id, id);
	put_at(w, &key, p, len);
}

static void
publish_as(struct sim_world *w, const char *version, unsigned char octet)
{
	struct edition_pointer p = { .at = w->loop.now, .kept = 3, .dropped = 1 };
	struct buf b = { 0 };

	str_copy(p.version, sizeof p.version, version);
	edition_pointer_encode(&p, &b);
	put(w, STORE_CONTENT, version, &octet, 1);
	put(w, STORE_EDITION, "", b.p, b.len);
	buf_clear(&b);
}

static void
look(struct sim_world *w)
{
	for (int i = 0; i < w->processes; i++)
		sim_wake(&w->process[i], w->loop.now + 3 * SECOND);
	sim_world_run(w, w->loop.now + 3 * SECOND);
}

static void
publish(struct sim_world *w, unsigned n)
{
	publish_as(w, menu_version(editions[n]), (unsigned char)n);
	look(w);
}

static struct line
dialled(struct sim_world *w, int process, enum sim_channel channel, const char *dialogue)
{
	struct line l = line_of(w, process, channel, dialogue);

	say(&l, TURN_BEGIN, "");
	for (size_t i = 0; i < NELEM(lines); i++)
		lines[i] = NULL;	/* what it was is in another place from here on */
	return l;
}

/* ---- tests ---- */

static void
test_each_stays_on_its_own(void **state)
{
	struct sim_world *w = world();
	struct line old = dialled(w, 0, SIM_USSD, "one"), new;
	int64_t taken = metric_get(M_VERSIONS_TAKEN);

	(void)state;
	shows(&old, "e0.one");
	publish(w, 1);
	assert_int_equal(metric_get(M_VERSIONS_TAKEN), taken + 2);
	assert_int_equal(metric_get(M_VERSIONS_KEPT), 3);
	assert_int_equal(metric_get(M_VERSIONS_DROPPED), 1);
	new = dialled(w, 0, SIM_HISTORY, "two");
	shows(&new, "e1.one");
	type(&old, "1");
	shows(&old, "e0.two");
	old.process = 1;
	type(&old, "x");
	shows(&old, "e0.end");
	assert_true(old.end);
	type(&new, "1");
	shows(&new, "e1.two");
	assert_int_equal(metric_get(M_VERSIONS_MISSED), 0);
	world_free(w);
	assert_int_equal(made, freed);
}

/* A process that was not there yet gets it from the store, once. */
static void
test_got_from_the_store(void **state)
{
	struct sim_world *w = world();
	struct line l, other;

	(void)state;
	publish(w, 1);
	l = dialled(w, 0, SIM_USSD, "one");
	other = dialled(w, 0, SIM_HISTORY, "two");
	publish(w, 2);
	gateway_free(w->process[1].gw);
	w->process[1].gw = NULL;
	w->process[1].generation++;
	sim_process_start(&w->process[1]);
	look(w);
	loads = 0;
	l.process = other.process = 1;
	type(&l, "1");
	shows(&l, "e1.two");
	type(&other, "1");
	shows(&other, "e1.two");
	assert_int_equal(loads, 1);
	world_free(w);
	assert_int_equal(made, freed);
}

static void
test_no_answer(void **state)
{
	struct sim_world *w = world();
	struct line l, again;

	(void)state;
	publish(w, 1);
	l = dialled(w, 0, SIM_USSD, "one");
	publish(w, 2);
	publish(w, 3);
	publish(w, 4);			/* three others are held by no process of two */
	mute = true;
	loads = 0;
	l.number = 0;
	add_input(&l, "1");
	send_to(&l, 0, TURN_INPUT, "1");
	sim_world_run(w, w->loop.now + SECOND);
	assert_int_equal(loads, 1);
	assert_int_equal(l.answers, 1);
	gateway_on_loaded(w->process[0].gw, w->loop.now, muted_op, STORE_UNKNOWN, NULL, 0);
	assert_int_equal(l.answers, 2);
	shows(&l, "dial again");
	mute = false;
	again = line_of(w, 0, SIM_USSD, "one");	/* the dialogue is where it was */
	again.number = 1;
	type(&again, "1");
	shows(&again, "e1.two");
	world_free(w);
}

static void
test_gone(void **state)
{
	struct sim_world *w = world();
	struct line l;

	(void)state;
	publish(w, 1);
	l = dialled(w, 0, SIM_USSD, "one");
	publish(w, 2);
	publish(w, 3);
	publish(w, 4);
	put(w, STORE_CONTENT, menu_version(editions[1]), NULL, 0);
	type(&l, "1");
	shows(&l, "e4.one");
	assert_int_equal(metric_get(M_VERSIONS_MISSED), 1);
	type(&l, "1");
	shows(&l, "e4.two");
	world_free(w);
}

/* What cannot be used is not taken, and not read each second. */
static void
test_not_usable(void **state)
{
	struct sim_world *w = world();
	int64_t refused = metric_get(M_VERSIONS_REFUSED);
	struct line l;

	(void)state;
	publish(w, 1);
	loads = 0;
	publish_as(w, "0123456789abcdef", 'x');
	for (int i = 0; i < 5; i++)
		look(w);
	assert_int_equal(loads, 2);
	assert_int_equal(metric_get(M_VERSIONS_REFUSED), refused + 2);
	l = dialled(w, 0, SIM_USSD, "one");
	shows(&l, "e1.one");
	publish(w, 2);
	l = dialled(w, 1, SIM_USSD, "two");
	shows(&l, "e2.one");
	world_free(w);
}

/* What was damaged, and is published again, is looked at again. */
static void
test_whole_again(void **state)
{
	struct sim_world *w = world();
	struct line l;

	(void)state;
	publish_as(w, menu_version(editions[1]), 'x');
	look(w);
	l = dialled(w, 0, SIM_USSD, "one");
	shows(&l, "e0.one");
	publish(w, 1);
	l = dialled(w, 0, SIM_USSD, "two");
	shows(&l, "e1.one");
	world_free(w);
	assert_int_equal(made, freed);
}

static void
test_room(void **state)
{
	struct sim_world *w = world();
	int64_t evicted = metric_get(M_VERSIONS_EVICTED);

	(void)state;
	for (unsigned n = 1; n < EDITIONS; n++)
		publish(w, n);
	/* Of six, that which dialogues begin on and two more are held by each. */
	assert_int_equal(metric_get(M_VERSIONS_EVICTED), evicted + 2 * 3);
	assert_int_equal(made - freed, 2 * 3);
	world_free(w);
	assert_int_equal(made, freed);
}

/* Of the payer; without an id the subscriber's. */
static struct store_value
record_of(struct sim_world *w, enum store_family family, const char *id, struct store_key *key)
{
	struct store_value v;

	*key = (struct store_key){ .family = family };
	str_format(key->owner, sizeof key->owner, "%s/%s", w->tenant.name, PAYER->phone);
	str_copy(key->id, sizeof key->id, id);
	memory_store_load(w->store, w->loop.now, key, 1, &v);
	return v;
}

/* The dialogue on that channel was begun on a version that nobody has any more. */
static void
lose_version(struct sim_world *w)
{
	struct store_key key;
	struct store_value v = record_of(w, STORE_SESSION, w->channels[SIM_USSD].name, &key);
	struct session s;
	struct buf b = { 0 };

	assert_true(v.present && session_decode(v.p, v.len, &s));
	str_copy(s.dlg.version, sizeof s.dlg.version, "0123456789abcdef");
	session_encode(&s, &b);
	put_at(w, &key, b.p, b.len);
	buf_clear(&b);
}

/* Who confirms is not shown the first screen, as if nothing had been asked. */
static void
test_gone_from_under_a_confirm(void **state)
{
	struct sim_world *w = two_customers();
	struct line l = line_of(w, 0, SIM_USSD, "one");

	(void)state;
	to_confirm(&l);
	lose_version(w);
	type(&l, PAYER->pin);
	shows(&l, "Nothing was paid");
	assert_true(l.end);
	assert_int_equal(intents(w, INTENT_SHOWN), 0);
	assert_int_equal(intents(w, INTENT_LAPSED), 1);
	sim_world_run(w, w->loop.now + 5 * MINUTE);
	assert_int_equal(debits(w), 0);
	l = line_of(w, 1, SIM_USSD, "two");
	to_confirm(&l);
	type(&l, PAYER->pin);
	shows(&l, "Done: R50.00 sent");
	world_free(w);
}

/* What was paid with a PIN that comes once more is not called unpaid. */
static void
test_gone_behind_a_payment(void **state)
{
	struct sim_world *w = two_customers();
	struct line l = line_of(w, 0, SIM_USSD, "one");

	(void)state;
	l.number = -1;
	to_confirm(&l);
	w->strike[0] = (struct sim_strike){ .op = WALLET_TRANSFER, .nth = 1, .what = STRIKE_LOSE_ANSWER };
	type(&l, PAYER->pin);
	lose_version(w);
	type(&l, PAYER->pin);
	assert_null(strstr(l.screen, "Nothing was paid"));
	sim_world_run(w, w->loop.now + 5 * MINUTE);
	assert_int_equal(debits(w), 1);
	world_free(w);
}

/* Between the offer and its answer the customer has signed up elsewhere. */
static void
test_offer_that_is_past(void **state)
{
	struct sim_world *w = world();
	struct store_key key;
	struct line l = dialled(w, 0, SIM_USSD, "one");
	struct subscriber sub = { .has_pin = true };
	struct buf b = { 0 };

	(void)state;
	type(&l, "1");
	shows(&l, "e0.two");
	say(&l, TURN_ABORT, "");
	l = dialled(w, 0, SIM_USSD, "two");
	shows(&l, "You were not finished here.");
	assert_false(record_of(w, STORE_SUBSCRIBER, "", &key).present);
	subscriber_encode(&sub, &b);
	put_at(w, &key, b.p, b.len);
	buf_clear(&b);
	type(&l, "1");
	shows(&l, "e0.one");
	type(&l, "1");
	shows(&l, "e0.two");
	world_free(w);
}

/* A dropped dialogue is still on its version; who begins anew is on the newest by the next dial. */
static void
test_dropped(void **state)
{
	struct sim_world *w = world();
	struct line l, again;

	(void)state;
	publish(w, 1);
	l = dialled(w, 0, SIM_USSD, "one");
	type(&l, "1");
	shows(&l, "e1.two");
	say(&l, TURN_ABORT, "");
	for (unsigned n = 2; n < EDITIONS; n++)
		publish(w, n);
	again = dialled(w, 1, SIM_USSD, "two");
	shows(&again, "You were not finished here.");
	type(&again, "1");
	shows(&again, "e1.two");
	type(&again, "x");
	shows(&again, "e1.end");
	again = dialled(w, 1, SIM_USSD, "three");
	shows(&again, "e5.one");
	type(&again, "1");
	say(&again, TURN_ABORT, "");
	sim_world_run(w, w->loop.now + 3 * MINUTE);	/* the menu's grace: two */
	again = dialled(w, 1, SIM_USSD, "four");
	shows(&again, "e5.one");
	world_free(w);
}

static int
set_up(void **state)
{
	char json[700], name[16];

	world_setup(state);
	for (unsigned n = 0; n < EDITIONS; n++) {
		str_format(json, sizeof json, "{ 'menu': 'm', 'start': 'one', 'home': 'one', 'resume_s': 120, 'states': {"
		    "'one': { 'choose': 'e%u.one', 'options': [ { 'text': 'on', 'go': 'two' } ] },"
		    "'two': { 'ask': 'e%u.two', 'accept': { 'text': { 'max': 9 } }, 'as': 'x', 'go': 'end', 'resume': 'two' },"
		    "'end': { 'end': 'e%u.end' } } }", n, n, n);
		str_format(name, sizeof name, "%u.json", n);
		editions[n] = player_menu(name, player_quotes(json), strlen(json), NULL, 0);
	}
	return 0;
}

static int
tear_down(void **state)
{
	for (unsigned n = 0; n < EDITIONS; n++)
		menu_free(editions[n]);
	return world_teardown(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_stays_on_its_own),
		cmocka_unit_test(test_got_from_the_store),
		cmocka_unit_test(test_no_answer),
		cmocka_unit_test(test_gone),
		cmocka_unit_test(test_not_usable),
		cmocka_unit_test(test_whole_again),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_dropped),
		cmocka_unit_test(test_gone_from_under_a_confirm),
		cmocka_unit_test(test_gone_behind_a_payment),
		cmocka_unit_test(test_offer_that_is_past),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
