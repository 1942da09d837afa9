/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_OCTETS 2048

static const char *const level_name[] = { "debug", "info", "warn", "error" };
static enum log_level threshold = LOG_INFO;

void
log_set_level(enum log_level level)
{
	threshold = level;
}

bool
log_level_parse(const char *name, enum log_level *out)
{
	for (int i = LOG_DEBUG; i <= LOG_ERROR; i++)
		if (strcmp(name, level_name[i]) == 0) {
			*out = (enum log_level)i;
			return true;
		}
	return false;
}

void
log_at(enum log_level level, uint64_t id, const char *event, const char *fmt, ...)
{
	char line[LINE_MAX_OCTETS];
	struct timespec ts;
	struct tm tm;
	va_list ap;
	size_t n;
	int saved = errno;

	if (level < threshold)
		return;
	clock_gettime(CLOCK_REALTIME, &ts);
	gmtime_r(&ts.tv_sec, &tm);
	n = strftime(line, sizeof line, "%Y-%m-%dT%H:%M:%S", &tm);
	n += (size_t)snprintf(line + n, sizeof line - n, ".%03ldZ %s %016" PRIx64 " %s ",
	    ts.tv_nsec / 1000000, level_name[level], id, event);
	if (n < sizeof line) {
		va_start(ap, fmt);
		vsnprintf(line + n, sizeof line - n, fmt, ap);
		va_end(ap);
	}
	n = strnlen(line, sizeof line - 2);
	for (size_t i = 0; i < n; i++)
		if (line[i] == '\n' || line[i] == '\r')
			line[i] = ' ';
	line[n++] = '\n';
	if (write(STDERR_FILENO, line, n) < 0) {
		/* Nowhere is left to say so. */
	}
	errno = saved;
}

bool
log_limited(struct log_limit *limit, unsigned *held)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	if (ts.tv_sec < limit->until) {
		limit->held++;
		return true;
	}
	*held = limit->held;
	limit->held = 0;
	limit->until = ts.tv_sec + 60;
	return false;
}

const char *
log_quote(const void *p, size_t n, char *out, size_t size)
{
	const unsigned char *s = p;
	size_t o = 0;

	for (size_t i = 0; i < n && o + 5 < size; i++) {
		if (s[i] >= 0x20 && s[i] < 0x7f && s[i] != '"' && s[i] != '\\')
			out[o++] = (char)s[i];
		else
			o += (size_t)snprintf(out + o, size - o, "\\x%02x", s[i]);
	}
	if (size > 0)
		out[o] = '\0';
	return out;
}

void
fatalx(const char *fmt, ...)
{
	char line[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	log_at(LOG_ERROR, 0, "fatal", "why=\"%s\"", line);
	abort();
}
