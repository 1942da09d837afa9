/* SPDX-License-Identifier: Apache-2.0 */
/*
 * isango test: plays transcripts of menus and says what of the menus they walked. How a transcript is played is
 * core/transcript.h.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/str.h"
#include "cli/command.h"
#include "cli/offline.h"
#include "config/file.h"
#include "core/transcript.h"

#define TRANSCRIPT_MAX (1024 * 1024)
#define SUFFIX ".txt"

struct testing {
	struct offline *offline;
	const char *config;
	bool update, uncovered;
	int64_t cover;			/* percent wanted; 0: any */
	struct transcript_tally tally;
	bool broken;			/* a file could not be read or written */
};

static const struct ussd_profile *
open_phone(void *arg, const char *tenant, const char *menu, struct play *p, char *problem, size_t size)
{
	struct testing *t = arg;
	const struct offline_menu *m = offline_menu(t->offline, tenant, menu, problem, size);

	if (m == NULL)
		return NULL;
	offline_phone(t->offline, m, p);
	return &m->profile;
}

/* The old file stays until the new one is whole. */
static bool
write_file(const char *path, const struct buf *text)
{
	char beside[512];
	FILE *f = str_format(beside, sizeof beside, "%s.new", path) ? fopen(beside, "w") : NULL;
	bool ok = f != NULL && fwrite(buf_str(text), 1, text->len, f) == text->len;

	if (f != NULL && fclose(f) != 0)
		ok = false;
	return ok && rename(beside, path) == 0;
}

static void
play_file(struct testing *t, const char *path)
{
	struct transcript_world world = { open_phone, t };
	struct buf text = { 0 }, report = { 0 }, rewritten = { 0 };
	int before = t->tally.rewritten;

	if (!file_read(path, TRANSCRIPT_MAX, &text)) {
		fprintf(stderr, "isango test: %s: %s\n", path, strerror(errno));
		t->broken = true;
	} else {
		transcript_play(&world, path, buf_str(&text), text.len, &report, t->update ? &rewritten : NULL,
		    &t->tally);
		fputs(buf_str(&report), stdout);
	}
	if (t->tally.rewritten > before) {
		printf("%s: %d screens and answers rewritten\n", path, t->tally.rewritten - before);
		if (!write_file(path, &rewritten)) {
			fprintf(stderr, "isango test: %s: %s\n", path, strerror(errno));
			t->broken = true;
		}
	}
	buf_clear(&text);
	buf_clear(&report);
	buf_clear(&rewritten);
}

static void
play_path(struct testing *t, const char *path)
{
	struct stat st;
	struct file_names *names;
	char file[512];

	if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode)) {
		play_file(t, path);
		return;
	}
	names = file_list(path, SUFFIX);
	if (names == NULL || file_names_n(names) == 0) {
		fprintf(stderr, "isango test: %s: no transcript (*" SUFFIX ") is there\n", path);
		t->broken = true;
	}
	for (size_t i = 0; names != NULL && i < file_names_n(names); i++)
		if (str_format(file, sizeof file, "%s/%s", path, file_names_get(names, i)))
			play_file(t, file);
	if (names != NULL)
		file_names_free(names);
}

/* 100 only of all. */
static int
percent(const struct menu_covered *n)
{
	return n->states + n->edges == 0 ? 100 : 100 * (n->states_walked + n->edges_walked) / (n->states + n->edges);
}

static bool
print_cover(const struct testing *t)
{
	const struct offline_menu *m;
	bool enough = true;

	for (int i = 0; (m = offline_used(t->offline, i)) != NULL; i++) {
		struct menu_covered n = menu_cover_count(m->cover);
		struct buf missing = { 0 };

		printf("menu %s of %s: %d of %d states, %d of %d edges, %d %%\n", m->name, m->tenant->name,
		    n.states_walked, n.states, n.edges_walked, n.edges, percent(&n));
		enough = enough && percent(&n) >= t->cover;
		if (t->uncovered)
			menu_cover_missing(m->cover, &missing);
		fputs(buf_str(&missing), stdout);
		buf_clear(&missing);
	}
	return enough;
}

static int
test(struct testing *t, char **path, int n)
{
	bool enough;

	t->offline = offline_open("isango test", t->config);
	if (t->offline == NULL)
		return EXIT_FAILURE;
	for (int i = 0; i < n; i++)
		play_path(t, path[i]);
	enough = print_cover(t);
	offline_close(t->offline);
	printf("%d tests, %d failed\n", t->tally.tests, t->tally.failed);
	if (!enough)
		fprintf(stderr, "isango test: less than %d %% was walked; --uncovered lists what was not\n",
		    (int)t->cover);
	return t->tally.failed == 0 && !t->broken && enough && t->tally.tests > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int
run(int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "cover", required_argument, NULL, 'p' }, { "uncovered", no_argument, NULL, 'u' },
		{ "update", no_argument, NULL, 'w' }, { NULL, 0, NULL, 0 },
	};
	struct testing t = { .config = NULL };
	int c;

	while ((c = getopt_long(argc, argv, "c:", long_options, NULL)) != -1) {
		if (c == 'c')
			t.config = optarg;
		else if (c == 'u')
			t.uncovered = true;
		else if (c == 'w')
			t.update = true;
		else if (c != 'p' || !str_to_i64(optarg, 0, 100, &t.cover))
			return COMMAND_USAGE;
	}
	if (t.config == NULL || optind == argc)
		return COMMAND_USAGE;
	return test(&t, argv + optind, argc - optind);
}

const struct command command_test = {
	.name = "test",
	.usage = "-c FILE [--cover PERCENT] [--uncovered] [--update] TRANSCRIPT|FOLDER ...",
	.summary = "play transcripts of menus",
	.help =
	    "Plays transcripts (isango-test(5)), or those of a folder (*.txt), with the menus and texts of the\n"
	    "configuration FILE, without a gateway. What differs is printed as \"file:line: problem\" with the lines that\n"
	    "differ; then how many of each menu's states and edges were walked. The exit status is 1 if a test failed.\n"
	    "\n"
	    "  -c FILE          the configuration; its secrets are not needed\n"
	    "  --cover PERCENT  less than so much walked of a menu is a failure too\n"
	    "  --uncovered      lists the states and edges that were not walked\n"
	    "  --update         writes into the transcripts what is shown now: read what changed before you keep it\n",
	.run = run,
};
