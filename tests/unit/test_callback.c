/* SPDX-License-Identifier: Apache-2.0 */
/* Where integrators may be called back, when again, and what a callback of the core may say. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "core/callback.h"

static const struct integrator_settings plain = { .name = "plain" };
static const struct integrator_settings allowed = { .name = "allowed",
	.callback_allow = { "10.1.0.0/16", "hooks.intern", "::1" }, .callback_allow_n = 3 };

static void
test_urls(void **state)
{
	static const struct {
		const char *url;
		bool plain, allowed;
	} row[] = {
		{ "https://pay.example/hook", true, true }, { "https://pay.example:8443/hook?x=1&y=%20", true, true },
		{ "https://PAY.example", true, true }, { "https://8.8.8.8/hook", true, true },
		{ "https://[2606:4700::1]/hook", true, true },
		{ "https://[2606:4700::zz]/hook", false, false },
		{ "https://[2606:4700::1\n]/hook", false, false },
		{ "https://[2606:4700::1%251]/hook", false, false },
		{ "https://[1.2.3.4]/hook", false, false },
		{ "http://pay.example/hook", false, false }, { "http://hooks.intern/x", false, true },
		{ "http://HOOKS.intern:8080/x", false, true }, { "http://10.1.2.3/hook", false, true },
		{ "http://10.2.2.3/hook", false, false }, { "https://10.2.2.3/hook", false, false },
		{ "https://10.1.2.3/hook", false, true }, { "https://127.0.0.1/hook", false, false },
		{ "https://[::1]/hook", false, true }, { "https://[::ffff:127.0.0.1]/", false, false },
		{ "https://169.254.169.254/latest/meta-data", false, false }, { "https://[fd00::1]/x", false, false },
		{ "https://user@pay.example/hook", false, false }, { "https://hooks.intern@evil.example/", false, false },
		{ "https://user:pw@pay.example/", false, false }, { "https://pay.example\\@evil.example/", false, false },
		{ "https://pay.example/a b", false, false }, { "https://pay.example/a#b", false, false },
		{ "https://pay.example/a\nHost: x", false, false }, { "https://pay.example/\xc3\xa9", false, false },
		{ "https:///hook/no/host", false, false }, { "https://pay.example:0/x", false, false },
		{ "https://pay.example:99999/x", false, false }, { "https://pay.example:/x", false, false },
		{ "https://pay%2eexample/hook", false, false }, { "https://[::1/hook", false, false },
		{ "https://[hooks.intern]/hook", false, false },
		{ "ftp://pay.example/hook", false, false }, { "file:///etc/passwd", false, false },
		{ "gopher://10.1.2.3/x", false, false }, { "//pay.example/hook", false, false }, { "https://a", false, false },
		{ "HTTPS://pay.example/", false, false },
	};
	char problem[160];

	(void)state;
	for (size_t i = 0; i < NELEM(row); i++) {
		if (callback_url_fits(row[i].url, &plain, problem, sizeof problem) != row[i].plain ||
		    callback_url_fits(row[i].url, &allowed, problem, sizeof problem) != row[i].allowed)
			fail_msg("%s", row[i].url);
		if (!row[i].allowed)
			assert_true(str_starts(problem, "callbackUrl: "));
	}
}

static void
test_a_long_url(void **state)
{
	char url[CALLBACK_URL + 1] = "https://pay.example/", problem[160];

	(void)state;
	memset(url + strlen(url), 'x', sizeof url - 1 - strlen(url));
	assert_false(callback_url_fits(url, &plain, problem, sizeof problem));
	url[2000] = '\0';
	assert_true(callback_url_fits(url, &plain, problem, sizeof problem));
}

/* What a name led to is judged once more, by address. */
static void
test_addresses(void **state)
{
	static const struct {
		const char *host, *address;
		bool plain, allowed;
	} row[] = {
		{ "pay.example", "8.8.8.8", true, true }, { "pay.example", "127.0.0.1", false, false },
		{ "pay.example", "10.1.2.3", false, true }, { "pay.example", "::1", false, true },
		{ "pay.example", "::ffff:10.1.2.3", false, true }, { "pay.example", "::ffff:10.9.2.3", false, false },
		{ "hooks.intern", "192.168.0.9", false, true }, { "HOOKS.INTERN", "192.168.0.9", false, true },
		{ "hooks.intern.evil.example", "192.168.0.9", false, false }, { "", "192.168.0.9", false, false },
		{ "pay.example", "", false, false },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(row); i++)
		if (callback_address_allowed(&plain, row[i].host, row[i].address) != row[i].plain ||
		    callback_address_allowed(&allowed, row[i].host, row[i].address) != row[i].allowed)
			fail_msg("%s at %s", row[i].host, row[i].address);
}

/* wallet-core.md 11.6: 1 s once, 10 s twice, 2 min twice, 2 h three times, 24 h nineteen times, a week four times. */
static void
test_schedule(void **state)
{
	int64_t days = 0;
	int tries = 1;

	(void)state;
	assert_int_equal(callback_pause(1), 1000);
	assert_int_equal(callback_pause(2), 10000);
	assert_int_equal(callback_pause(3), 10000);
	assert_int_equal(callback_pause(4), 120000);
	assert_int_equal(callback_pause(6), 7200000);
	assert_int_equal(callback_pause(9), 86400000);
	assert_int_equal(callback_pause(27), 86400000);
	assert_int_equal(callback_pause(28), 604800000);
	for (; callback_pause(tries) > 0; tries++)
		days += callback_pause(tries);
	assert_int_equal(tries, 32);
	assert_int_equal(days / 86400000, 47);
}

static void
test_what_is_said(void **state)
{
	static const struct {
		const char *body, *uid;
		int status;
	} row[] = {
		{ "{\"externalUniqueId\":\"abc\",\"status\":\"SUCCESSFUL\"}", "abc", WSTATUS_SUCCESSFUL + 1 },
		{ "{\"status\":\"TIMEOUT\"}", "", WSTATUS_TIMEOUT + 1 }, { "{\"status\":7,\"externalUniqueId\":[]}", "", 0 },
		{ "{}", "", 0 }, { "", "", 0 }, { "[", "", 0 }, { "{\"status\":\"ERROR\",\"status\":\"TIMEOUT\"}", "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(row); i++) {
		struct callback_said said;

		callback_read(row[i].body, strlen(row[i].body), &said);
		assert_string_equal(said.uid, row[i].uid);
		assert_int_equal(said.status, row[i].status);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_urls), cmocka_unit_test(test_a_long_url), cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_schedule), cmocka_unit_test(test_what_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
