/* SPDX-License-Identifier: Apache-2.0 */
/* isango: the table of its subcommands. What each does is in src/cli. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/mem.h"
#include "cli/command.h"

#define EXIT_USAGE 2

static const struct command *const commands[] = {
	&command_serve,
	&command_check,
	&command_dial,
	&command_graph,
	&command_keygen,
	&command_limit,
	&command_operator,
	&command_outbox,
	&command_test,
	&command_transcript,
	&command_publish,
	&command_versions,
};

static void
print_list(FILE *out)
{
	fprintf(out, "usage: isango COMMAND ...\n\n");
	for (size_t i = 0; i < NELEM(commands); i++)
		fprintf(out, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
	fprintf(out, "\n`isango COMMAND --help` tells more; so do isango(1) and isango.conf(5).\n");
}

static void
print_usage(FILE *out, const struct command *c)
{
	fprintf(out, "usage: isango %s %s\n", c->name, c->usage);
}

static const struct command *
find_command(const char *name)
{
	for (size_t i = 0; i < NELEM(commands); i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

static int
run_command(const struct command *c, int argc, char **argv)
{
	int code;

	if (argc > 1 && strcmp(argv[1], "--help") == 0) {
		print_usage(stdout, c);
		printf("\n%s", c->help);
		return EXIT_SUCCESS;
	}
	code = c->run(argc, argv);
	if (code != COMMAND_USAGE)
		return code;
	print_usage(stderr, c);
	return EXIT_USAGE;
}

/* What was printed must have arrived: a full disk is no success. */
static int
finish(int code)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return code;
	perror("isango: standard output");
	return code == EXIT_SUCCESS ? EXIT_FAILURE : code;
}

/* Secrets are in memory, of those commands too that only look: no core file is written, and nobody may look in. */
static void
keep_memory_private(void)
{
	struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

int
main(int argc, char **argv)
{
	const struct command *c;

	/* Peers hang up; every write says so by itself. */
	signal(SIGPIPE, SIG_IGN);
	keep_memory_private();
	if (argc < 2) {
		print_list(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0) {
		print_list(stdout);
		return finish(EXIT_SUCCESS);
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("isango " VERSION);
		return finish(EXIT_SUCCESS);
	}
	c = find_command(argv[1]);
	if (c == NULL) {
		fprintf(stderr, "isango: there is no command \"%s\"\n", argv[1]);
		print_list(stderr);
		return EXIT_USAGE;
	}
	return finish(run_command(c, argc - 1, argv + 1));
}
