/* SPDX-License-Identifier: Apache-2.0 */
/* isango versions: what was published, by whom and why, and how many dialogues are still on it. Changes nothing. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "cli/command.h"
#include "cli/publishing.h"

/* The newest edition of a version has its dialogues: they are not told apart by edition. */
static void
print_edition(const struct publishing *p, size_t i, const struct users *u)
{
	const struct edition *e = &p->all->edition[i];
	char when[32], n[16] = "-";

	if (editions_find(p->all, e->version) == e)
		str_format(n, sizeof n, "%u", users_of(u, p->tenant, e->version));
	printf("%-16s  %-16s  %-9s  %9s  %-20s  %-16s  %s\n", p->tenant, e->version,
	    e->gone ? "dropped" : i == 0 ? "published" : "kept", n, reader_time(e->at, when), e->who, e->note);
}

static bool
show(struct reader *r, const char *tenant, const struct users *u)
{
	struct publishing p;
	bool ok = publishing_open(&p, r, tenant);

	for (size_t i = 0; ok && i < p.all->n; i++)
		print_edition(&p, i, u);
	publishing_close(&p);
	return ok;
}

static bool
show_all(struct reader *r, const char *tenant)
{
	const struct settings *s = r->settings;
	struct users u = { 0 };
	bool ok = users_count(&u, r), any = false;

	if (ok)
		printf("%-16s  %-16s  %-9s  %9s  %-20s  %-16s  %s\n", "TENANT", "VERSION", "STATE", "DIALOGUES", "PUBLISHED",
		    "BY", "NOTE");
	for (int i = 0; ok && i < s->tenants_n; i++)
		if (tenant == NULL || strcmp(tenant, s->tenants[i].name) == 0) {
			ok = show(r, s->tenants[i].name, &u);
			any = true;
		}
	if (ok && !any)
		fprintf(stderr, "%s: there is no tenant \"%s\"\n", r->command, tenant);
	users_clear(&u);
	return ok && any;
}

static int
run(int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "tenant", required_argument, NULL, 't' }, { NULL, 0, NULL, 0 },
	};
	const char *file = NULL, *tenant = NULL;
	struct reader r;
	bool ok;
	int c;

	while ((c = getopt_long(argc, argv, "c:", long_options, NULL)) != -1) {
		if (c == 'c')
			file = optarg;
		else if (c == 't')
			tenant = optarg;
		else
			return COMMAND_USAGE;
	}
	if (file == NULL || optind != argc)
		return COMMAND_USAGE;
	ok = reader_settings(&r, "isango versions", file) && reader_open(&r) && show_all(&r, tenant);
	reader_close(&r);
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

const struct command command_versions = {
	.name = "versions",
	.usage = "-c FILE [--tenant NAME]",
	.summary = "show what was published, and who is still on it",
	.help =
	    "Reads the Redis that FILE names, while gateways work on it, and changes nothing. The newest come\n"
	    "first. Each line is one publishing: its version, whether dialogues begin on it, whether it is\n"
	    "kept, how many dialogues are on it now or may be gone on with, when, by whom, and the note.\n"
	    "A version that is kept can be published again: `isango publish --version`.\n"
	    "\n"
	    "  -c FILE        the configuration\n"
	    "  --tenant NAME  of this tenant only\n",
	.run = run,
};
