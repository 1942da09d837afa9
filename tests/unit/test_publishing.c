/* SPDX-License-Identifier: Apache-2.0 */
/* What is published, and dropped, in a real Redis: by two at once, into a full list, over what is damaged or gone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <hiredis/hiredis.h>

#include "base/log.h"
#include "base/str.h"
#include "cli/publishing.h"
#include "redis_fixture.h"

#define TENANT "acme"

static struct redis_fixture server;

/* Its Redis is empty, and one version is kept beside those that are needed. */
static void
start(struct reader *r)
{
	struct settings *s = xcalloc(1, sizeof *s);

	*r = (struct reader){ .command = "test", .file = "none", .settings = s };
	str_copy(s->redis_url, sizeof s->redis_url, server.url);
	s->redis_connections = s->sealing_keys_n = s->versions_kept = 1;
	s->redis_timeout_ms = 20000;
	redis_fixture_do(&server, "FLUSHALL");
	assert_true(reader_open(r));
}

static struct bundle *
files_of(int n)
{
	struct bundle *b = bundle_new();
	char text[16];

	str_format(text, sizeof text, "{ \"n\": %d }", n);
	bundle_add(b, "menus/m.json", text, strlen(text));
	return b;
}

/* The name of a version's record. */
static const char *
content_of(const char *version)
{
	static char pattern[64];

	str_format(pattern, sizeof pattern, "*con:*:%s", version);
	return pattern;
}

static enum publishing_end
move(struct publishing *p, int n, char version[BUNDLE_VERSION])
{
	struct bundle *files = files_of(n);
	enum publishing_end end;

	bundle_version(files, version);
	end = publishing_move(p, version, files, "ann", "");
	bundle_free(files);
	return end;
}

static void
publish(struct reader *r, int n, char version[BUNDLE_VERSION])
{
	struct publishing p;

	assert_true(publishing_open(&p, r, TENANT));
	assert_int_equal(move(&p, n, version), PUBLISHING_DONE);
	publishing_close(&p);
}

/* No version is too young to be dropped any more. */
static void
open_later(struct publishing *p, struct reader *r)
{
	assert_true(publishing_open(p, r, TENANT));
	loop_set_wall_offset(r->loop, 2 * EDITION_SETTLED_MS);
}

/* Of the one record of that name some octets are others; `whole`: nothing of it is right. */
static void
spoil(const char *pattern, bool whole)
{
	redisReply *names = redis_fixture_command(&server, "KEYS %s", pattern);

	assert_int_equal(names->elements, 1);
	if (whole)
		redis_fixture_do(&server, "SET %s x", names->element[0]->str);
	else
		redis_fixture_do(&server, "SETRANGE %s 40 xxxx", names->element[0]->str);
	freeReplyObject(names);
}

static void
test_two_at_once(void **state)
{
	struct reader r;
	struct publishing one, other;
	char first[BUNDLE_VERSION], second[BUNDLE_VERSION];

	(void)state;
	start(&r);
	assert_true(publishing_open(&one, &r, TENANT));
	assert_true(publishing_open(&other, &r, TENANT));
	assert_int_equal(move(&one, 1, first), PUBLISHING_DONE);
	assert_int_equal(move(&other, 2, second), PUBLISHING_AGAIN);
	publishing_close(&one);
	publishing_close(&other);
	publish(&r, 2, second);
	assert_true(publishing_open(&one, &r, TENANT));
	assert_int_equal(one.all->n, 2);
	assert_string_equal(one.now.version, second);
	publishing_close(&one);
	reader_close(&r);
}

/* As many as the list holds, all within minutes: what nobody needs is dropped before one more is refused for ever. */
static void
test_full(void **state)
{
	struct reader r;
	struct publishing p;
	char version[BUNDLE_VERSION];

	(void)state;
	start(&r);
	for (int n = 0; n < EDITIONS_MAX; n++)
		publish(&r, n, version);
	assert_true(publishing_open(&p, &r, TENANT));
	assert_int_equal(move(&p, EDITIONS_MAX, version), PUBLISHING_FAILED);
	publishing_close(&p);
	open_later(&p, &r);
	assert_int_equal(move(&p, EDITIONS_MAX, version), PUBLISHING_AGAIN);
	publishing_close(&p);
	publish(&r, EDITIONS_MAX, version);
	reader_close(&r);
}

static void
test_damaged(void **state)
{
	struct reader r;
	struct publishing p;
	struct bundle *files;
	char version[BUNDLE_VERSION];

	(void)state;
	start(&r);
	publish(&r, 1, version);
	for (int whole = 0; whole < 2; whole++) {
		spoil(content_of(version), whole != 0);
		assert_true(publishing_open(&p, &r, TENANT));
		assert_false(publishing_is_whole(&p, version));
		assert_int_equal(move(&p, 1, version), PUBLISHING_DONE);
		assert_true(publishing_is_whole(&p, version));
		files = publishing_content(&p, version);
		assert_non_null(files);
		bundle_free(files);
		publishing_close(&p);
	}
	reader_close(&r);
}

/* All that names what is published: who publishes writes it anew, and nobody else goes on as if nothing was. */
static void
test_names_damaged(void **state)
{
	static const char *const names[] = { "*edn:*", "*eds:*" };
	struct reader r;
	struct publishing p;
	char first[BUNDLE_VERSION], second[BUNDLE_VERSION];

	(void)state;
	start(&r);
	publish(&r, 1, first);
	for (size_t i = 0; i < NELEM(names); i++)
		for (int whole = 0; whole < 2; whole++) {
			spoil(names[i], whole != 0);
			assert_false(publishing_open(&p, &r, TENANT));
			publishing_close(&p);
			assert_true(publishing_open_anew(&p, &r, TENANT));
			assert_int_equal(move(&p, 2, second), PUBLISHING_DONE);
			publishing_close(&p);
			assert_true(publishing_open(&p, &r, TENANT));
			assert_string_equal(p.now.version, second);
			assert_true(publishing_is_whole(&p, first));
			publishing_close(&p);
		}
	/* Of a key that this machine does not have it may be right. */
	r.settings->sealing_key_ids[0] = 7;
	spoil(names[0], false);
	assert_false(publishing_open_anew(&p, &r, TENANT));
	publishing_close(&p);
	reader_close(&r);
}

/* Of those that go, one is gone already and one damaged. */
static void
test_dropped(void **state)
{
	struct reader r;
	struct publishing p;
	char gone[BUNDLE_VERSION], damaged[BUNDLE_VERSION], whole[BUNDLE_VERSION], last[BUNDLE_VERSION];
	redisReply *left;

	(void)state;
	start(&r);
	publish(&r, 1, gone);
	publish(&r, 2, damaged);
	publish(&r, 3, whole);
	publish(&r, 4, last);
	left = redis_fixture_command(&server, "KEYS %s", content_of(gone));
	assert_int_equal(left->elements, 1);
	redis_fixture_do(&server, "DEL %s", left->element[0]->str);
	freeReplyObject(left);
	spoil(content_of(damaged), true);
	open_later(&p, &r);
	assert_int_equal(publishing_drop(&p), 3);
	assert_int_equal(p.now.kept, 1);
	publishing_close(&p);
	left = redis_fixture_command(&server, "KEYS *con:*");
	assert_int_equal(left->elements, 1);
	assert_non_null(strstr(left->element[0]->str, last));
	freeReplyObject(left);
	reader_close(&r);
}

static int
set_up(void **state)
{
	(void)state;
	log_set_level((enum log_level)(LOG_ERROR + 1));
	redis_fixture_start(&server);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	redis_fixture_stop(&server);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two_at_once),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_names_damaged),
		cmocka_unit_test(test_dropped),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
