/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/sim_seed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "tests/menu_bundle.h"
#include "tests/sim/sim_log.h"
#include "tests/sim/sim_people.h"

#define FILE_MAX_OCTETS 131072
#define MONTH_END_MS INT64_C(1774994400000)	/* 2026-03-31 22:00 UTC: April begins in SAST */
#define PLAY_MS INT64_C(1200000)	/* with faults at most; then they stop */

/* ---- files ---- */

static char *
read_whole(const char *file, size_t *len)
{
	char *text = xcalloc(1, FILE_MAX_OCTETS);
	FILE *f = fopen(file, "r");

	if (f == NULL)
		fatalx("%s: cannot be read; run it in the source folder", file);
	*len = fread(text, 1, FILE_MAX_OCTETS - 1, f);
	fclose(f);
	return text;
}

static struct menu *
load_menu(const char *name, const struct texts *t)
{
	static const char languages[1][8] = { "en" };
	struct buf problems = { 0 };
	struct menu *m = menu_of_source(name, t, languages, 1, &problems);

	if (m == NULL)
		fatalx("%s", buf_str(&problems));
	buf_clear(&problems);
	return m;
}

void
sim_files_load(struct sim_files *f)
{
	struct buf problems = { 0 };
	size_t len;
	char *json = read_whole("templates/en.json", &len);

	f->texts = texts_new();
	if (!texts_add(f->texts, "en", "templates/en.json", json, len, &problems))
		fatalx("%s", buf_str(&problems));
	free(json);
	buf_clear(&problems);
	f->menu = load_menu("wallet", f->texts);
	f->sms_menu = load_menu("sms", f->texts);
}

void
sim_files_clear(struct sim_files *f)
{
	menu_free(f->menu);
	menu_free(f->sms_menu);
	texts_free(f->texts);
}

/* ---- what a seed is ---- */

/* Each switch of the core's rules on its own, or all of them the friendly or the hostile way. */
static void
vary_rules(struct sim_world *w, int tenant)
{
	static const char *const loose[] = { "create_status", "transfer_status", "funds_first", "random_duplicate_code",
		"ignore_filters", "list_lag_ms", "token_with_phone", "token_on_read", "cancel_pnp", "one_uid_space",
		"check_takes_uid", "reserve_at_create" };
	struct rules *r = &w->cores[tenant].rules, other;

	if (sim_chance(&w->loop, 300) && rules_profile(&other, w->seed % 2 == 0 ? "friendly" : "hostile"))
		for (size_t i = 0; i < NELEM(loose); i++)
			if (sim_chance(&w->loop, 500))
				*rules_find(r, loose[i]) = *rules_find(&other, loose[i]);
	r->rows_without_uid = sim_chance(&w->loop, 40);
	r->jwt_life_s = sim_chance(&w->loop, 200) ? 20 : 900;
}

static void
vary_tenant(struct sim_world *w, int tenant)
{
	struct tenant_settings *t = &w->tenants[tenant];
	int acts = (int)sim_below(&w->loop, 4);

	vary_rules(w, tenant);
	t->pin_length = 6;
	t->wallet.acts_as_customer = acts < 2;
	t->wallet.pin_check = acts == 3 ? PIN_CHECK_LOCAL : PIN_CHECK_LOGIN;
	t->wallet.reserves_at_create = w->cores[tenant].rules.reserve_at_create != 0;
	if (sim_chance(&w->loop, 250))
		t->wallet.token_sms = TOKEN_SMS_WALLET_CORE;
	if (sim_chance(&w->loop, 250))
		w->integrators[tenant].token_sms = TOKEN_SMS_WALLET_CORE;
	t->result_sms = !sim_chance(&w->loop, 150);
	t->activated_cap = sim_chance(&w->loop, 300) ? 50000 : 100000000;
	t->sms_answers = 20;
	t->sms_session_s = 900;
}

static void
vary_world(struct sim_world *w, const struct sim_files *f)
{
	struct sim_loop *l = &w->loop;

	if (sim_chance(l, 250))
		l->now = MONTH_END_MS - sim_between(l, 5000, 240000);
	/* As large as the real one, or so small that few tokens fill it. */
	if (!sim_chance(l, 300))
		w->settings.limit_amount = 100000 * sim_between(l, 1, 8);
	w->settings.tenants_n = sim_chance(l, 250) ? 2 : 1;
	w->settings.channels_n = w->settings.tenants_n * SIM_CHANNELS;
	w->processes = (int)sim_between(l, 1, SIM_PROCESSES_MAX);
	w->cores_n = SIM_TENANTS;
	for (int i = 0; i < SIM_TENANTS; i++) {
		w->sms_menus[i] = f->sms_menu;
		vary_tenant(w, i);
	}
	for (int i = 0; i < SIM_BINDS; i++)
		w->binds[i].link_lease_s = sim_chance(l, 500) ? 10 : 30;
	/* By the number alone: what others draw stays as it was. */
	if (w->seed % 5 == 4)
		sim_other_over_http(w);
	sim_world_trouble(w);
	if (sim_chance(&w->dice, 400))
		sim_callback_plan(w);
	sim_world_floors(w);
}

/* A person, the second hand of one with another channel, or the same phone at the other tenant. */
static void
vary_bot(struct sim_world *w, int index, int goals)
{
	struct sim_bot *b = &w->bot[index], *other;

	sim_bot_init(w, index);
	b->goals_left = goals;
	b->tenant = (int)sim_below(&w->loop, (uint64_t)w->settings.tenants_n);
	if (index > 0 && sim_chance(&w->loop, 250)) {
		other = &w->bot[sim_below(&w->loop, (uint64_t)index)];
		str_copy(b->phone, sizeof b->phone, other->phone);
		str_copy(b->id_number, sizeof b->id_number, other->id_number);
		if (b->tenant == other->tenant) {
			b->person = other->person;
			other->other_hand = true;
			str_copy(b->pin, sizeof b->pin, other->pin);
		}
	}
	if (b->person != index || sim_wallet_of(w, b->tenant, b->phone) != NULL)
		return;
	b->salary = sim_chance(&w->loop, 250) ? sim_between(&w->loop, 1000, 60000) : 10000000;
	if (sim_chance(&w->loop, 80))
		sim_enrol(b, false);
	else if (sim_chance(&w->loop, 700))
		sim_enrol(b, true);
}

/* Most are small, so that there can be many; some are long enough for a month to fill up. */
static void
vary_people(struct sim_world *w)
{
	int size = (int)sim_below(&w->loop, 100);
	int goals = 1 + (int)sim_below(&w->loop, size < 80 ? 4 : size < 96 ? 7 : 12);

	w->bots = 2 + (int)sim_below(&w->loop, goals > 6 ? SIM_BOTS - 1 : 2);
	for (int i = 0; i < w->bots; i++)
		vary_bot(w, i, goals);
	if (sim_chance(&w->loop, 150))
		sim_text_plan(w, w->bots, 1 + (int)sim_below(&w->loop, 4));
	while (w->written_n < 40 && sim_chance(&w->dice, 250))
		sim_chat_plan(w, 1 + (int)sim_below(&w->dice, 14));
	for (int i = 0; i < w->settings.tenants_n; i++)
		if (sim_chance(&w->loop, 250))
			sim_shop_plan(w, i, 1 + (int)sim_below(&w->loop, goals > 6 ? 8 : 3));
}

/* ---- a run ---- */

static void
add_up(const struct sim_world *w, struct sim_sums *sums)
{
	sums->runs++;
	sums->broken += w->problem[0] != '\0';
	sums->crashes += w->crashes;
	sums->calls += w->calls;
	sums->accepted += w->accepted;
	sums->persons += w->persons;
}

static void
play(struct sim_world *w)
{
	sim_world_start(w);
	for (int i = 0; i < w->bots; i++)
		sim_bot_plan(&w->bot[i]);
	sim_world_play(w, w->loop.now + PLAY_MS);
	sim_world_calm(w);
	sim_shop_ask_all(w);
	sim_world_calm(w);
	if (w->operators) {
		sim_operator_decide(w);
		sim_world_calm(w);
		sim_shop_ask_all(w);
		sim_world_calm(w);
	}
	if (w->problem[0] == '\0')
		sim_check(w);
}

bool
sim_seed_play(uint64_t seed, const struct sim_files *f, bool trace, struct sim_sums *sums, char problem[400])
{
	struct sim_world *w = xcalloc(1, sizeof *w);

	sim_world_set_up(w, seed, seed % 2 == 0 ? "hostile" : "friendly", f->texts, f->menu);
	w->loop.trace = trace;
	w->quick = true;
	sim_log_watch(w);
	vary_world(w, f);
	vary_people(w);
	sim_people_plan(w);
	if (sim_chance(&w->dice, 300))
		sim_operator_plan(w);
	play(w);
	sim_log_watch(NULL);
	add_up(w, sums);
	str_copy(problem, 400, w->problem);
	sim_world_clear(w);
	free(w);
	return problem[0] == '\0';
}
