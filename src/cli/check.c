/* SPDX-License-Identifier: Apache-2.0 */
/*
 * isango check: every mistake in the configuration, the menus and the texts, found in one run and
 * without starting anything.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/prove.h"
#include "config/config.h"
#include "config/content.h"
#include "config/config_options.h"
#include "core/menu_budget.h"
#include "core/menu_schema.h"
#include "core/menu_size.h"

static void
print_option(void *arg, const struct option_group *g, const struct option *o)
{
	struct buf text = { 0 };

	(void)arg;
	option_describe(o, &text);
	printf("%s%s\n    %s\n", g->path, o->name, buf_str(&text));
	buf_clear(&text);
}

/* What is printed beside the mistakes, of each menu. */
typedef void report_fn(const struct menu *m, const struct prove_env *env, struct buf *out);

static size_t
count_lines(const struct buf *text)
{
	size_t n = 0;

	for (size_t i = 0; i < text->len; i++)
		n += text->p[i] == '\n';
	return n;
}

/* Whatever is wrong with their form, as long as they can be walked. */
static void
prove_all(const struct settings *s, const char *file, struct buf *problems)
{
	for (int i = 0; i < s->tenants_n; i++) {
		struct buf said = { 0 };
		struct tenant_content *c = tenant_content_look(s, i, content_files(s, i, &said));

		(void)!prove_content(s, i, c, file, problems);
		tenant_content_free(c);
		buf_clear(&said);
	}
}

static void
report(const struct settings *s, int tenant, const struct tenant_content *c, report_fn *fn)
{
	struct prove_env env = prove_env_of(s, tenant, c, NULL);
	struct buf out = { 0 };

	fn(c->menu, &env, &out);
	env.by_sms = true;
	if (c->sms_menu != NULL)
		fn(c->sms_menu, &env, &out);
	printf("tenant %s\n\n%s", s->tenants[tenant].name, buf_str(&out));
	buf_clear(&out);
}

static int
check(const char *file, report_fn *more)
{
	struct buf problems = { 0 }, notes = { 0 };
	struct settings *s = config_read(file, &problems);
	struct content *c = NULL;
	int code = EXIT_FAILURE;

	/* A folder that was refused has its line already. */
	if (s != NULL && s->menus_dir[0] != '\0' && s->templates_dir[0] != '\0') {
		c = content_load(s, &problems);
		content_check_unused(s, &problems);
		prove_all(s, file, &problems);
	}
	for (int i = 0; c != NULL && more != NULL && i < s->tenants_n; i++)
		report(s, i, c->tenants[i], more);
	if (c != NULL)
		content_notes(s, c, &notes);
	fputs(buf_str(&notes), stdout);
	if (problems.len == 0) {
		printf("%s: %d tenants, %d channels, %d binds: no mistakes\n", file, s->tenants_n,
		    s->channels_n, s->binds_n);
		code = EXIT_SUCCESS;
	} else {
		size_t n = count_lines(&problems);

		fputs(buf_str(&problems), stdout);
		fprintf(stderr, "isango check: %zu mistake%s\n", n, n == 1 ? "" : "s");
	}
	content_free(c);
	settings_free(s);
	buf_clear(&problems);
	buf_clear(&notes);
	return code;
}

/* getopt.h and our table of options both know a struct option: these words are taken out by hand. */
static report_fn *
take_report(int *argc, char **argv)
{
	static const struct {
		const char *word;
		report_fn *fn;
	} reports[] = {
		{ "--screens", menu_size_report },
		{ "--budget", menu_budget_report },
	};
	report_fn *more = NULL;
	int n = 1;

	for (int i = 1; i < *argc; i++) {
		size_t k = 0;

		while (k < NELEM(reports) && strcmp(argv[i], reports[k].word) != 0)
			k++;
		if (k < NELEM(reports))
			more = reports[k].fn;
		else
			argv[n++] = argv[i];
	}
	argv[n] = NULL;
	*argc = n;
	return more;
}

static int
run(int argc, char **argv)
{
	const char *file = NULL;
	report_fn *more;
	int c;

	if (argc == 2 && strcmp(argv[1], "--schema") == 0) {
		struct buf schema = { 0 };

		menu_schema(&schema);
		fputs(buf_str(&schema), stdout);
		buf_clear(&schema);
		return EXIT_SUCCESS;
	}
	if (argc == 2 && strcmp(argv[1], "--options") == 0) {
		options_each(print_option, NULL);
		return EXIT_SUCCESS;
	}
	more = take_report(&argc, argv);
	while ((c = getopt(argc, argv, "c:")) != -1) {
		if (c != 'c')
			return COMMAND_USAGE;
		file = optarg;
	}
	if (file == NULL || optind != argc)
		return COMMAND_USAGE;
	return check(file, more);
}

const struct command command_check = {
	.name = "check",
	.usage = "-c FILE [--screens | --budget] | --options | --schema",
	.summary = "look for mistakes in configuration, menus and texts",
	.help =
	    "Reads FILE, the tenants, menus and templates that it names, and prints every mistake "
	    "as\n"
	    "\"file:line: problem\". The exit status is 1 if there is any. Lines with \"note:\" are no\n"
	    "mistakes: they name texts that a person has yet to read.\n"
	    "\n"
	    "  -c FILE    the configuration\n"
	    "  --screens  prints the fullest screen of each state too, as the phone shows it\n"
	    "  --budget   prints what each turn and each journey of the menus costs too\n"
	    "  --options  prints every option that a configuration may hold, with what it means\n"
	    "  --schema   prints the JSON Schema of menu files, for an editor\n",
	.run = run,
};
