/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "redis_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hiredis/hiredis.h>

#include "base/str.h"
#include "io/loop.h"

#define PATIENCE_MS 30000
#define LOOK_EVERY_MS 2

static void
run_server(const struct redis_fixture *f)
{
	const char *top = getenv("srcdir");
	char conf[512], log[128];
	int fd;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	str_format(conf, sizeof conf, "%s/etc/redis.conf", top != NULL ? top : ".");
	str_format(log, sizeof log, "%s/redis.log", f->dir);
	fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd >= 0) {
		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
	}
	execlp("redis-server", "redis-server", conf, "--dir", f->dir, "--unixsocket", f->socket,
	    (char *)NULL);
	_exit(127);
}

static bool
answers(const struct redis_fixture *f)
{
	redisContext *c = redisConnectUnix(f->socket);
	redisReply *reply = NULL;
	bool ok;

	if (c != NULL && c->err == 0)
		reply = redisCommand(c, "PING");
	ok = reply != NULL && reply->type == REDIS_REPLY_STATUS;
	if (reply != NULL)
		freeReplyObject(reply);
	if (c != NULL)
		redisFree(c);
	return ok;
}

void
redis_fixture_restart(struct redis_fixture *f)
{
	int status;

	f->pid = fork();
	assert_true(f->pid >= 0);
	if (f->pid == 0)
		run_server(f);
	for (int waited = 0; !answers(f); waited += LOOK_EVERY_MS) {
		if (waited > PATIENCE_MS || waitpid(f->pid, &status, WNOHANG) != 0)
			fail_msg("redis-server does not start, see %s/redis.log", f->dir);
		poll(NULL, 0, LOOK_EVERY_MS);
	}
}

void
redis_fixture_start(struct redis_fixture *f)
{
	const char *tmp = getenv("TMPDIR");

	signal(SIGPIPE, SIG_IGN);
	if (tmp == NULL || strlen(tmp) > 40)
		tmp = "/tmp";
	str_format(f->dir, sizeof f->dir, "%s/isango-XXXXXX", tmp);
	assert_non_null(mkdtemp(f->dir));
	str_format(f->socket, sizeof f->socket, "%s/redis.sock", f->dir);
	str_format(f->url, sizeof f->url, "unix://%s", f->socket);
	redis_fixture_restart(f);
}

void
redis_fixture_pause(const struct redis_fixture *f)
{
	int status;

	assert_int_equal(kill(f->pid, SIGSTOP), 0);
	assert_int_equal(waitpid(f->pid, &status, WUNTRACED), f->pid);
	assert_true(WIFSTOPPED(status));
}

void
redis_fixture_resume(const struct redis_fixture *f)
{
	assert_int_equal(kill(f->pid, SIGCONT), 0);
}

void
redis_fixture_kill(struct redis_fixture *f)
{
	int status;

	if (f->pid == 0)
		return;
	kill(f->pid, SIGKILL);
	while (waitpid(f->pid, &status, 0) < 0 && errno == EINTR)
		;
	f->pid = 0;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

void
redis_fixture_stop(struct redis_fixture *f)
{
	redis_fixture_kill(f);
	nftw(f->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static redisReply *
command(const struct redis_fixture *f, const char *fmt, va_list ap)
{
	redisContext *c = redisConnectUnix(f->socket);
	redisReply *reply;

	assert_non_null(c);
	assert_int_equal(c->err, 0);
	reply = redisvCommand(c, fmt, ap);
	assert_non_null(reply);
	redisFree(c);
	return reply;
}

redisReply *
redis_fixture_command(const struct redis_fixture *f, const char *fmt, ...)
{
	redisReply *reply;
	va_list ap;

	va_start(ap, fmt);
	reply = command(f, fmt, ap);
	va_end(ap);
	return reply;
}

void
redis_fixture_do(const struct redis_fixture *f, const char *fmt, ...)
{
	redisReply *reply;
	va_list ap;

	va_start(ap, fmt);
	reply = command(f, fmt, ap);
	va_end(ap);
	if (reply->type == REDIS_REPLY_ERROR)
		fail_msg("redis: %s", reply->str);
	freeReplyObject(reply);
}

static int
free_port(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	close(fd);
	return ntohs(a.sin_port);
}

int
redis_fixture_listen(const struct redis_fixture *f)
{
	int port = free_port();

	/* Somebody else may have taken it meanwhile. */
	for (int tries = 0; tries < 20; tries++, port = free_port()) {
		redisReply *reply = redis_fixture_command(f, "CONFIG SET port %d", port);
		bool ok = reply->type != REDIS_REPLY_ERROR;

		freeReplyObject(reply);
		if (ok)
			return port;
	}
	fail_msg("no free port for Redis");
	return 0;
}

struct look {
	struct loop *loop;
	struct timer timer;
	bool (*is_so)(void *arg);
	void *arg;
	int64_t until;
	bool so;
};

static void
on_look(void *arg)
{
	struct look *look = arg;

	look->so = look->is_so(look->arg);
	if (look->so || loop_now(look->loop) > look->until)
		loop_stop(look->loop);
	else
		timer_arm(&look->timer, 1);
}

void
redis_fixture_until(struct loop *l, bool (*is_so)(void *arg), void *arg)
{
	struct look look = { .loop = l, .is_so = is_so, .arg = arg, .until = loop_now(l) +
	    PATIENCE_MS };

	timer_init(&look.timer, l, on_look, &look);
	timer_arm(&look.timer, 0);
	loop_run(l);
	timer_stop(&look.timer);
	if (!look.so)
		fail_msg("waited in vain");
}
