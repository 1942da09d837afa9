/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The simulation as a program: `sim` runs the story and the seeds of the normal tests, `sim --seeds 1-5000` others,
 * `sim --seed N --trace` one of them step by step, `sim --story --trace` the story.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "tests/sim/sim_world.h"

#define NORMAL_SEEDS 300
#define FILE_MAX_OCTETS 131072
#define PLAY_MS INT64_C(2400000)		/* with faults; then they stop */

static const char *doing = "start";		/* for a fatal error in the middle of a run */
static char doing_text[64];

static void
on_abort(int sig)
{
	(void)sig;
	if (write(2, "sim: died in ", 13) < 0 || write(2, doing, strlen(doing)) < 0 || write(2, "\n", 1) < 0)
		_exit(2);
	_exit(2);
}

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

static struct texts *
load_texts(struct buf *problems)
{
	struct texts *t = texts_new();
	size_t len;
	char *json = read_whole("templates/en.json", &len);

	if (!texts_add(t, "en", "templates/en.json", json, len, problems))
		fatalx("%s", buf_str(problems));
	free(json);
	return t;
}

static struct menu *
load_menu(const struct texts *t, struct buf *problems)
{
	static const char languages[1][8] = { "en" };
	size_t len;
	char *json = read_whole("menus/wallet.json", &len);
	struct menu *m = menu_load("menus/wallet.json", json, len, t, languages, 1, problems);

	if (m == NULL)
		fatalx("%s", buf_str(problems));
	free(json);
	return m;
}

struct sums {
	unsigned runs, broken, crashes, calls, accepted;
};

static bool
run_seed(uint64_t seed, const struct texts *texts, const struct menu *menu, bool trace, struct sums *sums)
{
	struct sim_world *w = xcalloc(1, sizeof *w);
	bool good;

	str_format(doing_text, sizeof doing_text, "seed %llu", (unsigned long long)seed);
	doing = doing_text;
	sim_world_init(w, seed, seed % 2 == 0 ? "hostile" : "friendly", texts, menu);
	w->loop.trace = trace;
	sim_world_trouble(w);
	w->bots = 2 + (int)sim_below(&w->loop, SIM_BOTS - 1);
	for (int i = 0; i < w->bots; i++) {
		sim_bot_init(w, i);
		w->bot[i].goals_left = 3 + (int)sim_below(&w->loop, 8);
		sim_bot_plan(&w->bot[i]);
	}
	sim_world_run(w, w->loop.now + PLAY_MS);
	sim_world_calm(w);
	if (w->problem[0] == '\0')
		sim_check(w);
	good = w->problem[0] == '\0';
	if (!good)
		printf("seed %llu: %s\n", (unsigned long long)seed, w->problem);
	sums->runs++;
	sums->broken += !good;
	sums->crashes += w->crashes;
	sums->calls += w->calls;
	sums->accepted += w->accepted;
	sim_world_clear(w);
	free(w);
	return good;
}

static bool
parse_seeds(const char *text, int64_t *from, int64_t *to)
{
	char first[24];
	const char *dash = strchr(text, '-');

	if (dash == NULL)
		return str_to_i64(text, 0, INT64_MAX, from) && str_to_i64(text, 0, INT64_MAX, to);
	return str_copyn(first, sizeof first, text, (size_t)(dash - text)) &&
	    str_to_i64(first, 0, INT64_MAX, from) && str_to_i64(dash + 1, *from, INT64_MAX, to);
}

int
main(int argc, char **argv)
{
	struct buf problems = { 0 };
	struct sums sums = { 0 };
	int64_t from = 1, to = NORMAL_SEEDS;
	bool trace = false, story = true, good = true;
	struct texts *texts;
	struct menu *menu;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--trace") == 0)
			trace = true;
		else if (strcmp(argv[i], "--story") == 0)
			to = 0;
		else if (strncmp(argv[i], "--seed", 6) == 0 && i + 1 < argc && parse_seeds(argv[i + 1], &from, &to)) {
			story = false;
			i++;
		} else {
			fprintf(stderr, "usage: sim [--trace] [--story | --seed N | --seeds A-B]\n");
			return 2;
		}
	}
	setenv("TZ", "SAST-2", 1);
	signal(SIGABRT, on_abort);
	log_set_level(trace ? LOG_DEBUG : (enum log_level)(LOG_ERROR + 1));
	texts = load_texts(&problems);
	menu = load_menu(texts, &problems);
	if (story) {
		doing = "the story";
		good = sim_story(texts, menu, trace);
	}
	for (int64_t seed = from; seed <= to; seed++)
		good &= run_seed((uint64_t)seed, texts, menu, trace, &sums);
	if (sums.runs > 0)
		printf("sim: %u seeds, %u broken; %u calls, %u crashes, %u payments confirmed\n", sums.runs,
		    sums.broken, sums.calls, sums.crashes, sums.accepted);
	menu_free(menu);
	texts_free(texts);
	buf_clear(&problems);
	return good ? 0 : 1;
}
