/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A real redis-server for a test: shipped settings, unix socket, folder of its own under $TMPDIR or
 * /tmp. It dies with the test. Needs $srcdir (or the current folder) to be the top of the sources.
 * Failures end the test.
 */
#pragma once
#include <stdbool.h>
#include <sys/types.h>

struct loop;
struct redisReply;

struct redis_fixture {
	char dir[64], socket[96], url[128];
	pid_t pid;		/* 0: not running */
};

void redis_fixture_start(struct redis_fixture *f);
void redis_fixture_pause(const struct redis_fixture *f);	/* SIGSTOP */
void redis_fixture_resume(const struct redis_fixture *f);
void redis_fixture_kill(struct redis_fixture *f);		/* SIGKILL; the data stays */
void redis_fixture_restart(struct redis_fixture *f);		/* after a kill */
void redis_fixture_stop(struct redis_fixture *f);		/* and removes the folder */
/* Opens a port of the loopback as well, for replicas, and returns it. */
int redis_fixture_listen(const struct redis_fixture *f);
/* One command over a connection of its own; the reply is the caller's (freeReplyObject). */
struct redisReply *redis_fixture_command(const struct redis_fixture *f, const char *fmt, ...);
/* The same where the reply does not matter, but must not be an error. */
void redis_fixture_do(const struct redis_fixture *f, const char *fmt, ...);
/* Runs the loop until it is so; fails the test when it takes far too long. */
void redis_fixture_until(struct loop *l, bool (*is_so)(void *arg), void *arg);
