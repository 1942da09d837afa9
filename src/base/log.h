/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One line per event on stderr: `time level id event key=value ...`.
 *
 * The id comes first so that one grep shows one conversation; 0 means "no conversation". Callers
 * never pass a PIN, token, password, full MSISDN or message text; use phone_mask() and bytes from
 * peers go through log_quote(). errno survives a call.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

void log_set_level(enum log_level level);
bool log_level_parse(const char *name, enum log_level *out);

void log_at(enum log_level level, uint64_t id, const char *event, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* debug: transitions; info: one line per end; warn: somebody else's fault; error: a human must act */
#define log_debug(...) log_at(LOG_DEBUG, __VA_ARGS__)
#define log_info(...) log_at(LOG_INFO, __VA_ARGS__)
#define log_warn(...) log_at(LOG_WARN, __VA_ARGS__)
#define log_error(...) log_at(LOG_ERROR, __VA_ARGS__)

/* At most one line a minute per call site; the next line says how many were held back. */
struct log_limit {
	int64_t until;		/* monotonic seconds */
	unsigned held;
};
bool log_limited(struct log_limit *limit, unsigned *held);

/* Printable copy of peer bytes in `out`: quotes, backslashes and control octets escaped, cut to fit. */
const char *log_quote(const void *p, size_t n, char *out, size_t size);

/* A broken invariant of ours: says so and aborts. */
void fatalx(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
