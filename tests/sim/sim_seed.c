/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/sim_seed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "tests/sim/sim_world.h"

#define FILE_MAX_OCTETS 131072
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
load_menu(const char *file, const struct texts *t)
{
	static const char languages[1][8] = { "en" };
	struct buf problems = { 0 };
	size_t len;
	char *json = read_whole(file, &len);
	struct menu *m = menu_load(file, json, len, t, languages, 1, &problems);

	if (m == NULL)
		fatalx("%s", buf_str(&problems));
	free(json);
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
	f->menu = load_menu("menus/wallet.json", f->texts);
	f->sms_menu = load_menu("menus/sms.json", f->texts);
}

void
sim_files_clear(struct sim_files *f)
{
	menu_free(f->menu);
	menu_free(f->sms_menu);
	texts_free(f->texts);
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
}

/* Most are small, so that there can be many; some are long enough for a month to fill up. */
static int
goals_of(struct sim_world *w)
{
	int size = (int)sim_below(&w->loop, 100);

	return 1 + (int)sim_below(&w->loop, size < 80 ? 3 : size < 96 ? 6 : 12);
}

bool
sim_seed_play(uint64_t seed, const struct sim_files *f, bool trace, struct sim_sums *sums, char problem[400])
{
	struct sim_world *w = xcalloc(1, sizeof *w);
	int goals;

	sim_world_init(w, seed, seed % 2 == 0 ? "hostile" : "friendly", f->texts, f->menu);
	w->loop.trace = trace;
	w->quick = true;
	sim_world_trouble(w);
	goals = goals_of(w);
	w->bots = 2 + (int)sim_below(&w->loop, goals > 6 ? SIM_BOTS - 1 : 2);
	for (int i = 0; i < w->bots; i++) {
		sim_bot_init(w, i);
		w->bot[i].goals_left = goals;
		sim_bot_plan(&w->bot[i]);
	}
	sim_world_play(w, w->loop.now + PLAY_MS);
	sim_world_calm(w);
	if (w->problem[0] == '\0')
		sim_check(w);
	add_up(w, sums);
	str_copy(problem, 400, w->problem);
	sim_world_clear(w);
	free(w);
	return problem[0] == '\0';
}
