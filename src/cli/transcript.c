/* SPDX-License-Identifier: Apache-2.0 */
/*
 * isango transcript: what an operator sees of a phone's dialogues, as tests of the menu. The timeline is what `isango
 * operator --json TENANT phone PHONE` prints, so that looking at it stands in the audit like any other look.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/str.h"
#include "cli/command.h"
#include "cli/offline.h"
#include "core/menu_trace.h"
#include "core/wallet.h"

#define WHY 512
#define TURNS_MAX 1000

struct trail {				/* of one channel, the oldest first */
	const char *channel;
	struct history_turn *turn;
	int turns;
};

static json_t *
read_timeline(const char *path)
{
	FILE *f = path != NULL ? fopen(path, "r") : stdin;
	json_error_t error;
	json_t *j = f != NULL ? json_loadf(f, 0, &error) : NULL;

	if (f == NULL)
		fprintf(stderr, "isango transcript: %s: %s\n", path, strerror(errno));
	else if (!json_is_array(json_object_get(j, "turns"))) {
		fprintf(stderr, "isango transcript: this is no timeline; "
		    "`isango operator --json ... TENANT phone PHONE` prints "
		    "one\n");
		json_decref(j);
		j = NULL;
	}
	if (f != NULL && f != stdin)
		fclose(f);
	return j;
}

static bool
read_turn(const json_t *j, struct history_turn *out)
{
	const char *at = json_string_value(json_object_get(j, "at"));
	const char *state = json_string_value(json_object_get(j, "state"));

	out->ended = json_is_true(json_object_get(j, "end"));
	return at != NULL && state != NULL && wallet_time_parse(at, &out->at) &&
	    str_copy(out->state, sizeof out->state, state);
}

static const char *
channel_of(const json_t *turn)
{
	const char *name = json_string_value(json_object_get(turn, "channel"));

	return name != NULL ? name : "";
}

/* The timeline has the newest first. */
static void
take_trail(const json_t *turns, struct trail *t)
{
	size_t n = json_array_size(turns);

	t->turn = xcalloc(n + 1, sizeof *t->turn);
	while (n-- > 0 && t->turns < TURNS_MAX) {
		const json_t *one = json_array_get(turns, n);

		if (strcmp(channel_of(one), t->channel) == 0 && read_turn(one, &t->turn[t->turns]))
			t->turns++;
	}
}

static bool
is_sms(const struct settings *s, const char *channel)
{
	for (int i = 0; i < s->channels_n; i++)
		if (strcmp(s->channels[i].name, channel) == 0)
			return channel_is_sms(s->channels[i].kind);
	return false;
}

static const char *
menu_of(const struct settings *s, const char *tenant, const char *channel)
{
	for (int i = 0; i < s->tenants_n; i++)
		if (tenant[0] == '\0' || strcmp(s->tenants[i].name, tenant) == 0)
			return is_sms(s, channel) ? s->tenants[i].sms_menu : s->tenants[i].menu;
	return "";
}

static bool
write_trail(struct offline *o, const char *tenant, const struct trail *t)
{
	struct play *phone = xcalloc(1, sizeof *phone);
	struct buf text = { 0 };
	char why[WHY];
	const struct offline_menu *m = offline_menu(o, tenant, menu_of(offline_settings(o), tenant, t->channel), why,
	    sizeof why);
	int followed = 0;

	if (m == NULL)
		fprintf(stderr, "isango transcript: %s\n", why);
	else {
		struct menu_trace trace = { phone, &m->profile, m->code, m->tenant->name, t->channel, t->turn,
		    t->turns };

		offline_phone(o, m, phone);
		followed = menu_trace_write(&trace, &text);
		fputs(buf_str(&text), stdout);
		if (followed < t->turns)
			fprintf(stderr, "isango transcript: %s: %d of %d turns could not be followed\n", t->channel,
			    t->turns - followed, t->turns);
	}
	buf_clear(&text);
	free(phone);
	return m != NULL && followed == t->turns;
}

/* Channels in the order of their newest turns, each once. */
static bool
is_first_of_channel(const json_t *turns, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(channel_of(json_array_get(turns, k)), channel_of(json_array_get(turns, i))) == 0)
			return false;
	return true;
}

static int
transcript(const char *config, const char *tenant, const char *path)
{
	json_t *j = read_timeline(path);
	struct offline *o = j != NULL ? offline_open("isango transcript", config) : NULL;
	const json_t *turns = json_object_get(j, "turns");
	bool ok = o != NULL;

	for (size_t i = 0; o != NULL && i < json_array_size(turns); i++)
		if (is_first_of_channel(turns, i)) {
			struct trail t = { .channel = channel_of(json_array_get(turns, i)) };

			take_trail(turns, &t);
			ok = write_trail(o, tenant, &t) && ok;
			free(t.turn);
		}
	offline_close(o);
	json_decref(j);
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int
run(int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "tenant", required_argument, NULL, 't' }, { NULL, 0, NULL, 0 },
	};
	const char *config = NULL, *tenant = "";
	int c;

	while ((c = getopt_long(argc, argv, "c:", long_options, NULL)) != -1) {
		if (c == 'c')
			config = optarg;
		else if (c == 't')
			tenant = optarg;
		else
			return COMMAND_USAGE;
	}
	if (config == NULL || argc - optind > 1)
		return COMMAND_USAGE;
	return transcript(config, tenant, optind < argc ? argv[optind] : NULL);
}

const struct command command_transcript = {
	.name = "transcript",
	.usage = "-c FILE [--tenant NAME] [TIMELINE]",
	.summary = "a phone's dialogues as tests of the menu",
	.help =
	    "Reads the timeline of a phone, as `isango operator --json -c FILE TENANT phone PHONE` prints it, and writes\n"
	    "a transcript (isango-test(5)) that goes the same way through the menu. The timeline holds times and states,\n"
	    "and nothing that was typed: placeholders, marked by comments, stand for names, numbers, amounts and PINs.\n"
	    "The exit status is 1 if a part of the way could not be followed, as with another version of the menu.\n"
	    "\n"
	    "  -c FILE        the configuration whose menu is walked\n"
	    "  --tenant NAME  of the phone; else the first one\n"
	    "  TIMELINE       a file; else standard input\n",
	.run = run,
};
