/* SPDX-License-Identifier: Apache-2.0 */
/*
 * isango graph: a menu as a picture, from the files as they stand. Secrets that the configuration names need not be there:
 * who draws menus seldom may read them.
 */
#include <errno.h>
#include <getopt.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "cli/command.h"
#include "config/config.h"
#include "config/content.h"
#include "core/menu_graph.h"

#define ENGLISH "en"

extern char **environ;

/* The tenant that has this menu; the first one is given it if none has. */
static int
tenant_of(struct settings *s, const char *menu)
{
	for (int i = 0; i < s->tenants_n && menu != NULL; i++)
		if (strcmp(s->tenants[i].menu, menu) == 0 || strcmp(s->tenants[i].sms_menu, menu) == 0)
			return i;
	if (menu != NULL && !str_copy(s->tenants[0].menu, sizeof s->tenants[0].menu, menu))
		return -1;
	return 0;
}

static const char *
language_of(const struct tenant_settings *t)
{
	for (int i = 0; i < t->languages_n; i++)
		if (strcmp(t->languages[i], ENGLISH) == 0)
			return ENGLISH;
	return t->languages[0];
}

/* false after saying why. */
static bool
draw(const char *file, const char *menu, struct buf *out)
{
	struct buf problems = { 0 };
	struct settings *s = config_read(file, &problems);
	bool is_usable = s != NULL && s->tenants_n > 0 && s->menus_dir[0] != '\0' && s->templates_dir[0] != '\0';
	int tenant = is_usable ? tenant_of(s, menu) : -1;
	struct tenant_content *c = NULL;

	if (is_usable && tenant < 0)
		buf_addf(&problems, "%s: is too long for the name of a menu\n", menu);
	if (tenant >= 0) {
		const struct tenant_settings *t = &s->tenants[tenant];

		buf_reset(&problems);
		c = tenant_content_load(s, tenant, content_files(s, tenant, &problems), &problems);
		if (c != NULL)
			menu_graph(menu != NULL && strcmp(t->menu, menu) != 0 ? c->sms_menu : c->menu, c->texts,
			    language_of(t), out);
	}
	if (c == NULL)
		fputs(buf_str(&problems), stderr);
	tenant_content_free(c);
	settings_free(s);
	buf_clear(&problems);
	return out->len > 0;
}

/* Graphviz reads the picture's text from a file without a name and writes what `svg` gets. */
static int
run_dot(FILE *in, char *svg)
{
	char name[] = "dot", form[] = "-Tsvg", into[] = "-o";
	char *const argv[] = { name, form, into, svg, NULL };
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int error, status = 0;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fileno(in), STDIN_FILENO);
	error = posix_spawnp(&pid, name, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (error == ENOENT)
		fprintf(stderr, "isango graph: Graphviz's command dot is not there: install the package graphviz, or leave out "
		    "--svg\n");
	else if (error != 0)
		fprintf(stderr, "isango graph: dot cannot be run: %s\n", strerror(error));
	if (error != 0)
		return EXIT_FAILURE;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return EXIT_SUCCESS;
	fprintf(stderr, "isango graph: dot failed\n");
	return EXIT_FAILURE;
}

static int
write_svg(const struct buf *dot, char *svg)
{
	FILE *in = tmpfile();
	int code = EXIT_FAILURE;

	if (in == NULL || fwrite(dot->p, 1, dot->len, in) != dot->len || fflush(in) != 0 || fseek(in, 0, SEEK_SET) != 0)
		fprintf(stderr, "isango graph: no room for the picture: %s\n", strerror(errno));
	else
		code = run_dot(in, svg);
	if (in != NULL)
		fclose(in);
	return code;
}

static int
run(int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "menu", required_argument, NULL, 'm' }, { "svg", required_argument, NULL, 's' }, { NULL, 0, NULL, 0 },
	};
	const char *file = "isango.json", *menu = NULL;
	char *svg = NULL;
	struct buf dot = { 0 };
	int c, code = EXIT_FAILURE;

	while ((c = getopt_long(argc, argv, "c:", long_options, NULL)) != -1) {
		if (c == 'c')
			file = optarg;
		else if (c == 'm')
			menu = optarg;
		else if (c == 's')
			svg = optarg;
		else
			return COMMAND_USAGE;
	}
	if (optind != argc)
		return COMMAND_USAGE;
	if (draw(file, menu, &dot)) {
		if (svg != NULL)
			code = write_svg(&dot, svg);
		else if (fputs(buf_str(&dot), stdout) >= 0)
			code = EXIT_SUCCESS;
	}
	buf_clear(&dot);
	return code;
}

const struct command command_graph = {
	.name = "graph",
	.usage = "[-c FILE] [--menu NAME] [--svg FILE]",
	.summary = "draw a menu",
	.help =
	    "Prints a menu as a graph in the language of Graphviz's dot: a box for each screen with its English text,\n"
	    "small shapes for calls and branches, a frame for each part and for names that begin alike. A state to\n"
	    "which many lead is named in small letters where it is reached. A menu with mistakes is not drawn.\n"
	    "\n"
	    "  -c FILE      the configuration (isango.json)\n"
	    "  --menu NAME  a menu of the folder of menus; without it that of the first tenant\n"
	    "  --svg FILE   has dot, of the package graphviz, make an SVG\n",
	.run = run,
};
