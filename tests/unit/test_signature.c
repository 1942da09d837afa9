/* SPDX-License-Identifier: Apache-2.0 */
/* The published vector (wallet-core.md 13.3), and everything that is not quite it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "core/signature.h"

#define KEY "HelloWorld"
#define AT INT64_C(1625602409535)
#define T "1625602409535"
#define MAC "b2+TTx2JbaHqeM67fpRye30Go1vdyvyGdoljBqdL9Rg="
#define BODY "{\"alias\":\"bluXSSCPCZ\",\"cardOnFileId\":\"8e2c86a5-1acf-48b7-aa70-11a1b18c0d84\"," \
	"\"last4Digits\":\"0028\"}"
#define WINDOW INT64_C(300000)

static enum signature_end
check(const char *header, const char *key, const char *body)
{
	return signature_check(header, key, body, strlen(body), AT, WINDOW);
}

static void
test_published_vector(void **state)
{
	char made[SIGNATURE_MAX];

	(void)state;
	signature_make(KEY, AT, BODY, strlen(BODY), made);
	assert_string_equal(made, "t=" T ",v1=" MAC);
	assert_int_equal(check("t=" T ",v1=" MAC, KEY, BODY), SIGNATURE_GOOD);
}

static void
test_an_empty_body(void **state)
{
	char made[SIGNATURE_MAX];

	(void)state;
	signature_make(KEY, AT, NULL, 0, made);
	assert_int_equal(signature_check(made, KEY, NULL, 0, AT, WINDOW), SIGNATURE_GOOD);
	assert_int_equal(check(made, KEY, BODY), SIGNATURE_WRONG);
}

static void
test_headers(void **state)
{
	static const struct {
		const char *header;
		enum signature_end end;
	} row[] = {
		{ "v1=" MAC ",t=" T, SIGNATURE_GOOD },
		{ "t=" T ", v1=" MAC, SIGNATURE_GOOD },
		{ "t=" T ",v1=" MAC ",v2=abc", SIGNATURE_GOOD },
		{ "t=" T ",v1=" MAC ",v1=" MAC, SIGNATURE_UNREADABLE },
		{ "t=" T ",v1=AAAA,v1=" MAC, SIGNATURE_UNREADABLE },
		{ "t=" T ",t=" T ",v1=" MAC, SIGNATURE_UNREADABLE },
		{ "t=" T, SIGNATURE_UNREADABLE }, { "v1=" MAC, SIGNATURE_UNREADABLE }, { "", SIGNATURE_UNREADABLE },
		{ MAC, SIGNATURE_UNREADABLE }, { ",,,", SIGNATURE_UNREADABLE }, { "t=,v1=", SIGNATURE_UNREADABLE },
		{ NULL, SIGNATURE_UNREADABLE },
		{ "t=-1,v1=" MAC, SIGNATURE_UNREADABLE }, { "t=1e3,v1=" MAC, SIGNATURE_UNREADABLE },
		{ "t=99999999999999999999,v1=" MAC, SIGNATURE_UNREADABLE },
		{ "t=" T ",v1=b2+TTx2JbaHqeM67fpRye30Go1vdyvyGdoljBqdL9Rg", SIGNATURE_UNREADABLE },
		{ "t=" T ",v1=" MAC "=", SIGNATURE_UNREADABLE },
		{ "t=" T ",v1=B2+TTx2JbaHqeM67fpRye30Go1vdyvyGdoljBqdL9Rg=", SIGNATURE_WRONG },
		{ "t=" T ",v1=b2+TTx2JbaHqeM67fpRye30Go1vdyvyGdoljBqdL9Rh=", SIGNATURE_WRONG },
		{ "t=0" T ",v1=" MAC, SIGNATURE_WRONG }, { "t=1625602409536,v1=" MAC, SIGNATURE_WRONG },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(row); i++)
		if (check(row[i].header, KEY, BODY) != row[i].end)
			fail_msg("%s", row[i].header != NULL ? row[i].header : "no header");
}

/* Every octet counts, and so does the end. */
static void
test_changed_bodies(void **state)
{
	char body[] = BODY;

	(void)state;
	for (size_t i = 0; i < strlen(body); i++) {
		body[i] ^= 1;
		assert_int_equal(check("t=" T ",v1=" MAC, KEY, body), SIGNATURE_WRONG);
		body[i] ^= 1;
	}
	assert_int_equal(signature_check("t=" T ",v1=" MAC, KEY, BODY, strlen(BODY) - 1, AT, WINDOW), SIGNATURE_WRONG);
	assert_int_equal(signature_check("t=" T ",v1=" MAC, KEY, BODY " ", strlen(BODY) + 1, AT, WINDOW),
	    SIGNATURE_WRONG);
	assert_int_equal(check("t=" T ",v1=" MAC, "HelloWorld2", BODY), SIGNATURE_WRONG);
	assert_int_equal(check("t=" T ",v1=" MAC, "", BODY), SIGNATURE_WRONG);
}

static void
test_age(void **state)
{
	static const struct {
		int64_t now;
		enum signature_end end;
	} row[] = {
		{ AT, SIGNATURE_GOOD }, { AT + WINDOW, SIGNATURE_GOOD }, { AT + WINDOW + 1, SIGNATURE_OLD },
		{ AT - SIGNATURE_AHEAD_MS, SIGNATURE_GOOD }, { AT - SIGNATURE_AHEAD_MS - 1, SIGNATURE_OLD },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(row); i++)
		assert_int_equal(signature_check("t=" T ",v1=" MAC, KEY, BODY, strlen(BODY), row[i].now, WINDOW),
		    row[i].end);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_published_vector), cmocka_unit_test(test_an_empty_body),
		cmocka_unit_test(test_headers), cmocka_unit_test(test_changed_bodies), cmocka_unit_test(test_age),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
