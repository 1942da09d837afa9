/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The simulation as a program: `sim_main` plays the story, the seeds that once failed (seeds.txt) and those of the
 * normal tests; `sim_main --seeds A-B` others; `sim_main --seed N` one of them step by step; `sim_main --story` the
 * story, step by step. Run in the source folder; scripts/simulate does all of that.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "tests/sim/sim_jobs.h"
#include "tests/sim/sim_world.h"

#define KEPT_SEEDS "tests/sim/seeds.txt"
#if defined(__SANITIZE_ADDRESS__)
#define NORMAL_SEEDS 1000		/* each takes ten times as long */
#else
#define NORMAL_SEEDS 20000
#endif

enum what { ALL, SEEDS, ONE_SEED, STORY };
struct wanted {
	enum what what;
	int64_t from, to, jobs;
};

static bool
parse_seeds(const char *text, int64_t *from, int64_t *to)
{
	char first[24];
	const char *dash = strchr(text, '-');

	if (dash == NULL)
		return str_to_i64(text, 0, INT64_MAX, from) && str_to_i64(text, 0, INT64_MAX, to);
	return str_copyn(first, sizeof first, text, (size_t)(dash - text)) &&
	    str_to_i64(first, 0, INT64_MAX, from) && str_to_i64(dash + 1, *from, INT64_MAX - 1, to);
}

static bool
parse(int argc, char **argv, struct wanted *a)
{
	for (int i = 1; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : "";

		if (strcmp(argv[i], "--story") == 0) {
			a->what = STORY;
			continue;
		}
		if (strcmp(argv[i], "--seeds") == 0 && parse_seeds(value, &a->from, &a->to))
			a->what = SEEDS;
		else if (strcmp(argv[i], "--seed") == 0 && str_to_i64(value, 0, INT64_MAX, &a->from))
			a->what = ONE_SEED;
		else if (strcmp(argv[i], "--jobs") != 0 || !str_to_i64(value, 1, JOBS_MAX, &a->jobs))
			return false;
		i++;
	}
	return true;
}

static bool
play_one(uint64_t seed, bool trace, const struct sim_files *f)
{
	struct sim_sums sums = { 0 };
	char problem[400];
	bool good = sim_seed_play(seed, f, trace, &sums, problem);

	if (trace || !good)
		printf("seed %llu: %s\n", (unsigned long long)seed, good ? "good" : problem);
	return good;
}

/* Lines of a seed and why it is kept; # begins a comment. */
static bool
play_kept(const struct sim_files *f)
{
	FILE *in = fopen(KEPT_SEEDS, "r");
	char line[300], *why;
	unsigned n = 0;
	bool good = true;
	int64_t seed;

	if (in == NULL)
		fatalx("%s: cannot be read; run it in the source folder", KEPT_SEEDS);
	while (fgets(line, sizeof line, in) != NULL) {
		if (line[0] == '#' || line[0] == '\n')
			continue;
		why = strchr(line, ' ');
		if (why == NULL || (*why++ = '\0', !str_to_i64(line, 0, INT64_MAX, &seed)))
			fatalx(KEPT_SEEDS ": not a seed and why it is kept: %s", line);
		n++;
		if (!play_one((uint64_t)seed, false, f)) {
			good = false;
			printf("  it was kept for: %s", why);
		}
	}
	fclose(in);
	printf("sim: %u seeds that once failed, %s\n", n, good ? "all good" : "not all good");
	return good;
}

int
main(int argc, char **argv)
{
	struct wanted a = { .what = ALL, .from = 1, .to = NORMAL_SEEDS, .jobs = sysconf(_SC_NPROCESSORS_ONLN) };
	struct sim_files f;
	bool good = true, trace;

	if (!parse(argc, argv, &a)) {
		fprintf(stderr, "usage: sim_main [--story | --seed N | --seeds A-B] [--jobs N]\n");
		return 2;
	}
	if (a.jobs < 1 || a.jobs > JOBS_MAX)
		a.jobs = a.jobs < 1 ? 1 : JOBS_MAX;
	trace = a.what == ONE_SEED || a.what == STORY;
	setenv("TZ", "SAST-2", 1);
	log_set_level(trace ? LOG_DEBUG : (enum log_level)(LOG_ERROR + 1));
	sim_files_load(&f);
	if (a.what == ALL || a.what == STORY)
		good = sim_story(f.texts, f.menu, trace);
	if (a.what == ALL)
		good &= play_kept(&f);
	if (a.what == ONE_SEED)
		good = play_one((uint64_t)a.from, true, &f);
	else if (a.what != STORY)
		good &= sim_jobs_run((uint64_t)a.from, (uint64_t)a.to, (int)a.jobs, &f);
	sim_files_clear(&f);
	return good ? 0 : 1;
}
