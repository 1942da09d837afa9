/* SPDX-License-Identifier: Apache-2.0 */
/*
 * isango publish: what stands in the folders of menus and templates becomes what customers see, or a version of before
 * becomes it again. All of it is loaded and checked first; with one mistake in it nothing is published.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/prove.h"
#include "cli/publishing.h"
#include "config/content.h"
#include "store/redis_check.h"

#define MOVE_TRIES 5
#define CHECK_MS 5000

struct wish {
	const char *file, *tenant, *note, *version;
};

static bool
is_wished(const struct wish *w, const struct settings *s, int tenant)
{
	return w->tenant == NULL || strcmp(w->tenant, s->tenants[tenant].name) == 0;
}

/* Of the folders, or of Redis; NULL after adding to problems, or saying what is wrong. */
static struct tenant_content *
load(const struct wish *w, struct reader *r, int tenant, struct buf *problems)
{
	struct publishing p;
	struct bundle *files = NULL;
	size_t before = problems->len;

	if (w->version == NULL)
		files = content_files(r->settings, tenant, problems);
	else {
		if (publishing_open_anew(&p, r, r->settings->tenants[tenant].name))
			files = publishing_content(&p, w->version);
		publishing_close(&p);
	}
	if (files != NULL && problems->len == before)
		return tenant_content_load(r->settings, tenant, files, problems);
	bundle_free(files);
	return NULL;
}

/* What was published once is not proven anew: whoever goes back to it must be able to. */
static bool
is_right(const struct wish *w, const struct settings *s, int tenant, const struct tenant_content *c,
    struct buf *problems)
{
	return c != NULL && (w->version != NULL || prove_content(s, tenant, c, w->file, problems));
}

/* Of every tenant that is wished; false after saying what is wrong with any of it. */
static bool
load_all(const struct wish *w, struct reader *r, struct tenant_content **content)
{
	struct buf problems = { 0 };
	bool ok = true;

	for (int i = 0; i < r->settings->tenants_n; i++)
		if (is_wished(w, r->settings, i)) {
			content[i] = load(w, r, i, &problems);
			ok &= is_right(w, r->settings, i, content[i], &problems);
		}
	if (problems.len > 0)
		fprintf(stderr, "%s%s: nothing was published\n", buf_str(&problems), r->command);
	buf_clear(&problems);
	return ok;
}

/* Again while others publish too: the last one stands, and the list has all of them. */
static bool
publish(const struct wish *w, struct reader *r, const char *tenant, const struct tenant_content *c)
{
	enum publishing_end end = PUBLISHING_AGAIN;
	char who[EDITION_WHO];
	struct publishing p;
	int dropped = 0;

	publishing_who(who);
	for (int i = 0; i < MOVE_TRIES && end == PUBLISHING_AGAIN; i++) {
		if (!publishing_open_anew(&p, r, tenant))
			end = PUBLISHING_FAILED;
		else if (p.is_any && strcmp(p.now.version, c->version) == 0 && publishing_is_whole(&p, c->version)) {
			printf("%s: %s is published already\n", tenant, c->version);
			end = PUBLISHING_DONE;
		} else if ((end = publishing_move(&p, c->version, w->version == NULL ? c->files : NULL, who,
		    w->note)) == PUBLISHING_DONE)
			printf("%s: %s is published\n", tenant, c->version);
		if (end == PUBLISHING_DONE && (dropped = publishing_drop(&p)) > 0)
			printf("%s: %d that nobody needs any more %s dropped\n", tenant, dropped, dropped == 1 ? "was" : "were");
		publishing_close(&p);
	}
	if (end == PUBLISHING_AGAIN)
		fprintf(stderr, "%s: %s: others publish at the same time, or %s was dropped just now; try again\n",
		    r->command, tenant, c->version);
	return end == PUBLISHING_DONE;
}

static bool
publish_all(const struct wish *w, struct reader *r)
{
	int n = r->settings->tenants_n;
	struct tenant_content **content = xcalloc((size_t)n, sizeof *content);
	bool ok = load_all(w, r, content);

	for (int i = 0; i < n && ok; i++)
		if (content[i] != NULL)
			ok = publish(w, r, r->settings->tenants[i].name, content[i]);
	for (int i = 0; i < n; i++)
		tenant_content_free(content[i]);
	free(content);
	return ok;
}

/* Under the names of another key nobody would find it. */
static bool
is_fit(const struct reader *r)
{
	const struct settings *s = r->settings;
	struct redis_check check = { .url = s->redis_url, .timeout_ms = CHECK_MS, .seal = &r->seal,
		.password = s->redis_password[0] != '\0' ? s->redis_password : NULL };
	char why[1024] = "";

	if (redis_check(&check, why, sizeof why) != REDIS_CHECK_UNFIT)
		return true;
	fprintf(stderr, "%s: redis %s: %s\n", r->command, s->redis_url, why);
	return false;
}

static bool
is_sound(const struct wish *w, const struct reader *r)
{
	const struct settings *s = r->settings;
	int i = 0;

	if (w->tenant == NULL && w->version != NULL && s->tenants_n > 1) {
		fprintf(stderr, "%s: whose version %s is it? Name the tenant: --tenant NAME\n", r->command, w->version);
		return false;
	}
	while (w->tenant != NULL && i < s->tenants_n && strcmp(s->tenants[i].name, w->tenant) != 0)
		i++;
	if (i < s->tenants_n)
		return true;
	fprintf(stderr, "%s: there is no tenant \"%s\"; there are:", r->command, w->tenant);
	for (i = 0; i < s->tenants_n; i++)
		fprintf(stderr, " %s", s->tenants[i].name);
	fputc('\n', stderr);
	return false;
}

static int
run(int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "tenant", required_argument, NULL, 't' }, { "note", required_argument, NULL, 'n' },
		{ "version", required_argument, NULL, 'v' }, { NULL, 0, NULL, 0 },
	};
	struct wish w = { .note = "" };
	struct reader r;
	bool ok;
	int c;

	while ((c = getopt_long(argc, argv, "c:", long_options, NULL)) != -1) {
		if (c == 'c')
			w.file = optarg;
		else if (c == 't')
			w.tenant = optarg;
		else if (c == 'n')
			w.note = optarg;
		else if (c == 'v' && edition_version_ok(optarg))
			w.version = optarg;
		else
			return COMMAND_USAGE;
	}
	if (w.file == NULL || optind != argc)
		return COMMAND_USAGE;
	ok = reader_settings(&r, "isango publish", w.file) && is_sound(&w, &r) && reader_open(&r) && is_fit(&r) &&
	    publish_all(&w, &r);
	reader_close(&r);
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

const struct command command_publish = {
	.name = "publish",
	.usage = "-c FILE [--tenant NAME] [--note TEXT] [--version VERSION]",
	.summary = "make menus and texts what customers see",
	.help =
	    "Reads the menus and texts that FILE names, checks them, and puts them into Redis, from where all\n"
	    "gateways take them within two seconds. With a mistake in them nothing changes. Dialogues that are\n"
	    "under way stay on the version that they began with. SIGHUP makes `isango serve` run this.\n"
	    "\n"
	    "  -c FILE            the configuration, see isango.conf(5)\n"
	    "  --tenant NAME      of this tenant only\n"
	    "  --note TEXT        why; `isango versions` shows it\n"
	    "  --version VERSION  a version of before instead of the files, as `isango versions` shows them\n",
	.run = run,
};
