/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fault_point.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"

#define NAME_MAX_POINT 96

static void
trace(const char *name)
{
	const char *file = getenv("ISANGO_FAULT_TRACE");
	FILE *f;

	if (file == NULL)
		return;
	if ((f = fopen(file, "ae")) == NULL || fprintf(f, "%s\n", name) < 0 || fclose(f) != 0)
		fatalx("fault point: the trace cannot be written");
}

void
fault_point(const char *noun, const char *when, const char *step)
{
	static long passed;
	const char *wanted = getenv("ISANGO_FAULT"), *rest = NULL;
	char name[NAME_MAX_POINT];
	size_t n;
	long nth = 1;
	char *end = NULL;

	if (!str_format(name, sizeof name, "%s.%s.%s", noun, when, step))
		fatalx("fault point: the name is too long");
	trace(name);
	n = strlen(name);
	if (wanted == NULL || strncmp(wanted, name, n) != 0 || (wanted[n] != '\0' && wanted[n] != ':'))
		return;
	if (wanted[n] == ':') {
		nth = strtol(wanted + n + 1, &end, 10);
		rest = end;
	}
	if (++passed == nth)
		kill(getpid(), rest != NULL && strcmp(rest, ":stop") == 0 ? SIGSTOP : SIGKILL);
}
