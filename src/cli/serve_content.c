/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a serving process has its menus and texts from: what is published, at the start, before it serves, and later
 * through the gateway's port. Only where nothing was published yet does it publish what stands in the folders. A
 * SIGHUP has a child publish: reading and checking files takes longer than customers should wait.
 */
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/publishing.h"
#include "cli/serve.h"
#include "config/content.h"
#include "service/gateway.h"

#define START_TRIES 5
#define PROGRAM "/proc/self/exe"	/* also when its file was replaced meanwhile */

extern char **environ;

static void
set_content(struct gateway_content *out, struct tenant_content *c)
{
	*out = (struct gateway_content){ c->texts, c->menu, c->sms_menu, c };
}

/* ---- the port ---- */

static bool
port_content(void *ctx, int tenant, const char *version, const void *octets, size_t len, struct gateway_content *out)
{
	const struct server *s = ctx;
	struct bundle *files = bundle_read(octets, len);
	struct tenant_content *c = NULL;
	struct buf problems = { 0 };
	char quoted[1024];

	if (files == NULL)
		buf_add_str(&problems, "it is no content");
	else
		c = tenant_content_load(s->settings, tenant, files, &problems);
	if (c != NULL && strcmp(c->version, version) != 0) {
		buf_add_str(&problems, "it is another version");
		tenant_content_free(c);
		c = NULL;
	}
	if (c != NULL)
		set_content(out, c);
	else
		log_warn(0, "content not usable", "version=%s problems=\"%s\"", version,
		    log_quote(buf_str(&problems), problems.len, quoted, sizeof quoted));
	buf_clear(&problems);
	return c != NULL;
}

static void
port_content_free(void *ctx, void *made)
{
	(void)ctx;
	tenant_content_free(made);
}

void
serve_set_content_ports(struct server *s)
{
	s->ports.content = port_content;
	s->ports.content_free = port_content_free;
}

/* ---- the start ---- */

/* What is edited and not published yet is what whoever restarts us may be waiting for. */
static void
compare_files(const struct server *s, int tenant, const char *published)
{
	struct buf problems = { 0 };
	struct bundle *files = content_files(s->settings, tenant, &problems);
	char version[BUNDLE_VERSION];

	bundle_version(files, version);
	if (strcmp(version, published) != 0)
		log_warn(0, "files not published", "tenant=%s published=%s files=%s", s->settings->tenants[tenant].name,
		    published, version);
	bundle_free(files);
	buf_clear(&problems);
}

static struct tenant_content *
load_published(const struct server *s, int tenant, struct publishing *p)
{
	struct bundle *files = publishing_content(p, p->now.version);
	struct buf problems = { 0 };
	struct tenant_content *c = NULL;

	if (files != NULL)
		c = tenant_content_load(s->settings, tenant, files, &problems);
	if (problems.len > 0)
		fprintf(stderr, "%sisango serve: %s: this program cannot use the published version %s; `isango publish -c "
		    "%s` publishes what stands in the files\n", buf_str(&problems), p->tenant, p->now.version, s->file);
	if (c != NULL)
		compare_files(s, tenant, c->version);
	buf_clear(&problems);
	return c;
}

static struct tenant_content *
publish_first(const struct server *s, int tenant, struct publishing *p, enum publishing_end *end)
{
	struct buf problems = { 0 };
	struct bundle *files = content_files(s->settings, tenant, &problems);
	struct tenant_content *c = tenant_content_load(s->settings, tenant, files, &problems);
	char who[EDITION_WHO];

	*end = PUBLISHING_FAILED;
	publishing_who(who);
	if (problems.len > 0)
		fprintf(stderr, "%sisango serve: not started; `isango check -c %s` shows the same\n", buf_str(&problems),
		    s->file);
	else
		*end = publishing_move(p, c->version, c->files, who, "first start");
	buf_clear(&problems);
	if (*end == PUBLISHING_DONE)
		return c;
	tenant_content_free(c);
	return NULL;
}

/* Others may start at the same time: then one of us publishes, and the rest takes that. */
static struct tenant_content *
load_tenant(const struct server *s, struct reader *r, int tenant)
{
	enum publishing_end end = PUBLISHING_AGAIN;
	struct tenant_content *c = NULL;
	struct publishing p;

	for (int i = 0; i < START_TRIES && end == PUBLISHING_AGAIN; i++) {
		if (!publishing_open(&p, r, s->settings->tenants[tenant].name))
			end = PUBLISHING_FAILED;
		else if (p.is_any) {
			c = load_published(s, tenant, &p);
			end = PUBLISHING_DONE;
		} else
			c = publish_first(s, tenant, &p, &end);
		publishing_close(&p);
	}
	return c;
}

bool
serve_open_contents(struct server *s)
{
	struct reader r = { .command = "isango serve", .file = s->file, .settings = s->settings };
	bool ok = reader_open(&r);
	int n = 0;

	s->contents = xcalloc((size_t)s->settings->tenants_n, sizeof *s->contents);
	while (ok && n < s->settings->tenants_n) {
		struct tenant_content *c = load_tenant(s, &r, n);

		ok = c != NULL;
		if (ok)
			set_content(&s->contents[n++], c);
	}
	r.settings = NULL;
	reader_close(&r);
	return ok;
}

void
serve_close_contents(struct server *s)
{
	/* The gateway has them otherwise. */
	for (int i = 0; s->contents != NULL && i < s->settings->tenants_n; i++)
		tenant_content_free(s->contents[i].made);
	free(s->contents);
	s->contents = NULL;
}

/* ---- SIGHUP ---- */

static void
start_publisher(struct server *s)
{
	char name[] = "isango", publish[] = "publish", c[] = "-c", note[] = "--note", text[] = "SIGHUP";
	char *file = xstrdup(s->file), *argv[] = { name, publish, c, file, note, text, NULL };
	posix_spawn_file_actions_t files;
	int error;

	posix_spawn_file_actions_init(&files);
	/* Customers' connections are none of its business. */
	error = posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
	if (error == 0)
		error = posix_spawn(&s->publisher, PROGRAM, &files, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&files);
	free(file);
	if (error == 0)
		return;
	s->publisher = 0;
	log_error(0, "reload refused", "why=\"%s\"", strerror(error));
}

void
serve_on_hangup(void *arg, int signal)
{
	struct server *s = arg;

	(void)signal;
	/* What was changed since that one began to read would be missed. */
	if (s->publisher != 0)
		s->publish_again = true;
	else
		start_publisher(s);
}

void
serve_on_child(void *arg, int signal)
{
	struct server *s = arg;
	int status;

	(void)signal;
	if (s->publisher == 0 || waitpid(s->publisher, &status, WNOHANG) != s->publisher)
		return;
	s->publisher = 0;
	/* What is wrong with the files it has said itself. What is new is taken as soon as the pointer is seen. */
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		log_info(0, "published", "by=SIGHUP");
	else
		log_error(0, "reload refused", "status=%d", status);
	if (s->publish_again)
		start_publisher(s);
	s->publish_again = false;
}
