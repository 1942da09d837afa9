/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/forwarded.h"

static const char proxies[][FORWARDED_ADDRESS] = { "10.0.0.0/8", "2001:db8:1::/48" };

/* client NULL: refused. */
static const struct {
	enum forwarded_form form;
	const char *value, *client;
} rows[] = {
	{ FORWARDED_X_FOR, "192.0.2.1", "192.0.2.1" },
	{ FORWARDED_X_FOR, " 192.0.2.1 ", "192.0.2.1" },
	{ FORWARDED_X_FOR, "192.0.2.1:5555", "192.0.2.1" },
	{ FORWARDED_X_FOR, "2001:db8::7", "2001:db8::7" },
	{ FORWARDED_X_FOR, "[2001:db8::7]", "2001:db8::7" },
	{ FORWARDED_X_FOR, "[2001:db8::7]:443", "2001:db8::7" },
	{ FORWARDED_X_FOR, "192.0.2.1, 10.1.2.3, 10.9.9.9", "192.0.2.1" },
	{ FORWARDED_X_FOR, "192.0.2.1,2001:db8:1::5", "192.0.2.1" },
	{ FORWARDED_X_FOR, "::ffff:10.1.1.1, ::ffff:10.2.2.2", "::ffff:10.1.1.1" },	/* all ours: the first */
	/* What the client wrote itself stands on the left and is not even read. */
	{ FORWARDED_X_FOR, "127.0.0.1, 192.0.2.1", "192.0.2.1" },
	{ FORWARDED_X_FOR, "nonsense\"'<>, 192.0.2.1, 10.0.0.1", "192.0.2.1" },
	{ FORWARDED_X_FOR, "\"x, 192.0.2.1", "192.0.2.1" },
	{ FORWARDED_X_FOR, "", NULL },
	{ FORWARDED_X_FOR, "192.0.2.1,", NULL },
	{ FORWARDED_X_FOR, "unknown", NULL },
	{ FORWARDED_X_FOR, "192.0.2.1, unknown", NULL },
	{ FORWARDED_X_FOR, "192.0.2.300", NULL },
	{ FORWARDED_X_FOR, "192.0.2.1/8", NULL },
	{ FORWARDED_X_FOR, "192.0.2.1:", NULL },
	{ FORWARDED_X_FOR, "192.0.2.1:123456", NULL },
	{ FORWARDED_X_FOR, "192.0.2.1:8x", NULL },
	{ FORWARDED_X_FOR, "[2001:db8::7", NULL },
	{ FORWARDED_X_FOR, "[2001:db8::7]x", NULL },
	{ FORWARDED_X_FOR, "[]", NULL },
	{ FORWARDED_X_FOR, "192.0.2.1 10.0.0.1", NULL },
	{ FORWARDED_X_FOR, "for=192.0.2.1", NULL },
	{ FORWARDED_RFC7239, "for=192.0.2.1", "192.0.2.1" },
	{ FORWARDED_RFC7239, "For=\"[2001:db8::7]:4711\"", "2001:db8::7" },
	{ FORWARDED_RFC7239, "for=192.0.2.1;proto=https;by=203.0.113.43", "192.0.2.1" },
	{ FORWARDED_RFC7239, "proto=http; for=\"192.0.2.1:47011\" , for=10.0.0.2", "192.0.2.1" },
	{ FORWARDED_RFC7239, "for=127.0.0.1, for=192.0.2.1;host=x", "192.0.2.1" },
	/* The host is the client's to choose, and stands in the proxy's own element. */
	{ FORWARDED_RFC7239, "for=192.0.2.1;host=\"x,for=10.0.0.1\"", "192.0.2.1" },
	{ FORWARDED_RFC7239, "for=192.0.2.1;host=\"x\\\",for=127.0.0.1;y=\"", "192.0.2.1" },
	{ FORWARDED_RFC7239, "for=192.0.2.1;host=\"x;for=127.0.0.1\"", "192.0.2.1" },
	{ FORWARDED_RFC7239, "x=\", for=192.0.2.1", NULL },
	{ FORWARDED_RFC7239, "for=192.0.2.1;for=127.0.0.1", NULL },
	{ FORWARDED_RFC7239, "for=unknown", NULL },
	{ FORWARDED_RFC7239, "for=_hidden", NULL },
	{ FORWARDED_RFC7239, "proto=https", NULL },
	{ FORWARDED_RFC7239, "192.0.2.1", NULL },
	{ FORWARDED_RFC7239, "for=\"192.0.2.1", NULL },
	{ FORWARDED_RFC7239, "for=", NULL },
	{ FORWARDED_RFC7239, "", NULL },
};

static void
the_rightmost_that_is_no_proxy(void **state)
{
	char out[FORWARDED_ADDRESS];

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		bool ok = forwarded_client(rows[i].form, rows[i].value, proxies, (int)NELEM(proxies), out);

		if (ok != (rows[i].client != NULL) || (ok && strcmp(out, rows[i].client) != 0))
			fail_msg("%s: %s", rows[i].value, ok ? out : "refused");
	}
}

static void
a_row_of_proxies_has_an_end(void **state)
{
	char value[4096] = "", out[FORWARDED_ADDRESS];

	(void)state;
	for (int i = 0; i < FORWARDED_HOPS; i++)
		strcat(value, i > 0 ? ",10.0.0.1" : "10.0.0.1");
	assert_true(forwarded_client(FORWARDED_X_FOR, value, proxies, (int)NELEM(proxies), out));
	strcat(value, ",10.0.0.1");
	assert_false(forwarded_client(FORWARDED_X_FOR, value, proxies, (int)NELEM(proxies), out));
	strcat(value, ",192.0.2.9");
	assert_true(forwarded_client(FORWARDED_X_FOR, value, proxies, (int)NELEM(proxies), out));
	assert_string_equal(out, "192.0.2.9");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rightmost_that_is_no_proxy),
		cmocka_unit_test(a_row_of_proxies_has_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
