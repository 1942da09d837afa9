/* SPDX-License-Identifier: Apache-2.0 */
/* A subcommand of isango; main.c holds the table of them and answers --help and --version itself. */
#pragma once

struct command {
	const char *name;
	const char *usage;	/* what follows the name: "-c FILE" */
	const char *summary;	/* a few words, for the list */
	const char *help;	/* whole lines, each ended by \n, for `isango NAME --help` */
	/* argv[0] is the name. The exit status; COMMAND_USAGE has main print the usage and exit 2. */
	int (*run)(int argc, char **argv);
};

#define COMMAND_USAGE (-1)

extern const struct command command_check, command_dial, command_graph, command_keygen, command_limit, command_operator,
    command_outbox, command_publish, command_serve, command_test, command_transcript, command_versions;
