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
#include "core/menu_schema.h"

static void
print_option(void *arg, const struct option_group *g, const struct option *o)
{
	struct buf text = { 0 };

	(void)arg;
	option_describe(o, &text);
	printf("%s%s\n    %s\n", g->path, o->name, buf_str(&text));
	buf_clear(&text);
}

static size_t
count_lines(const struct buf *text)
{
	size_t n = 0;

	for (size_t i = 0; i < text->len; i++)
		n += text->p[i] == '\n';
	return n;
}

static int
check(const char *file)
{
	struct buf problems = { 0 };
	struct settings *s = config_read(file, &problems);
	struct content *c = NULL;
	int code = EXIT_FAILURE;

	/* A folder that was refused has its line already. */
	if (s != NULL && s->menus_dir[0] != '\0' && s->templates_dir[0] != '\0') {
		c = content_load(s, &problems);
		content_check_unused(s, &problems);
	}
	for (int i = 0; c != NULL && i < s->tenants_n; i++)
		(void)!prove_content(s, i, c->tenants[i], file, &problems);
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
	return code;
}

static int
run(int argc, char **argv)
{
	const char *file = NULL;
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
	while ((c = getopt(argc, argv, "c:")) != -1) {
		if (c != 'c')
			return COMMAND_USAGE;
		file = optarg;
	}
	if (file == NULL || optind != argc)
		return COMMAND_USAGE;
	return check(file);
}

const struct command command_check = {
	.name = "check",
	.usage = "-c FILE | --options | --schema",
	.summary = "look for mistakes in configuration, menus and texts",
	.help =
	    "Reads FILE, the tenants, menus and templates that it names, and prints every mistake "
	    "as\n"
	    "\"file:line: problem\". The exit status is 1 if there is any.\n"
	    "\n"
	    "  -c FILE    the configuration\n"
	    "  --options  prints every option that a configuration may hold, with what it means\n"
	    "  --schema   prints the JSON Schema of menu files, for an editor\n",
	.run = run,
};
