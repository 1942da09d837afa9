/* SPDX-License-Identifier: Apache-2.0 */
/* What is typed at a phone in the terminal, or read from a file instead: lines, one at a time, as the phone wants them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "io/loop.h"

struct event;

struct typed {				/* belongs to a phone; typed_open() to typed_close() */
	struct loop *loop;
	struct event *input;		/* NULL: a plain file, which is always readable */
	struct deferred read_file;
	struct buf text;		/* read and not used yet */
	size_t line_max;
	bool terminal;			/* somebody sits there */
	void (*more)(void *arg);	/* something has come: ask for lines again */
	void (*over)(void *arg);	/* nothing will */
	void *arg;
};

/* Standard input. A line is shorter than line_max octets; of a longer one nothing is used. */
void typed_open(struct typed *t, struct loop *l, size_t line_max, void (*more)(void *), void (*over)(void *), void *arg);
void typed_close(struct typed *t);
/* The next whole line without its end; false: there is none yet. Wipe what is no longer needed. */
bool typed_line(struct typed *t, char *line, size_t size);
/* Read on: `more` or `over` is called once, later. */
void typed_read(struct typed *t);
