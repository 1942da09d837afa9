/* SPDX-License-Identifier: Apache-2.0 */
/* When money goes off for want of room, and that it does not flap. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/floors.h"

#define MB (INT64_C(1) << 20)

static const struct floors floors = { .memory_percent = 10, .disk_mb = 400 };

static void
test_memory(void **state)
{
	struct room_left r = { .memory_most = 1000 * MB, .disk_free = -1 };

	(void)state;
	r.memory_used = 900 * MB;
	assert_int_equal(floors_look(&floors, &r, SHORT_OF_NOTHING), SHORT_OF_NOTHING);
	r.memory_used++;
	assert_int_equal(floors_look(&floors, &r, SHORT_OF_NOTHING), SHORT_OF_MEMORY);
	/* Back only a quarter above. */
	r.memory_used = 876 * MB;
	assert_int_equal(floors_look(&floors, &r, SHORT_OF_MEMORY), SHORT_OF_MEMORY);
	r.memory_used = 875 * MB;
	assert_int_equal(floors_look(&floors, &r, SHORT_OF_MEMORY), SHORT_OF_NOTHING);
	r.memory_used = 2000 * MB;
	assert_int_equal(floors_look(&(struct floors){ 0, 0 }, &(struct room_left){ .memory_most = 1000 * MB,
	    .memory_used = 999 * MB }, SHORT_OF_NOTHING), SHORT_OF_NOTHING);
	r.memory_most = 0;	/* not bounded */
	assert_int_equal(floors_look(&floors, &r, SHORT_OF_MEMORY), SHORT_OF_NOTHING);
}

static void
test_disk(void **state)
{
	struct room_left r = { .disk_free = 400 * MB };

	(void)state;
	assert_int_equal(floors_look(&floors, &r, SHORT_OF_NOTHING), SHORT_OF_NOTHING);
	r.disk_free--;
	assert_int_equal(floors_look(&floors, &r, SHORT_OF_NOTHING), SHORT_OF_DISK);
	r.disk_free = 499 * MB;
	assert_int_equal(floors_look(&floors, &r, SHORT_OF_DISK), SHORT_OF_DISK);
	/* What another shortage was before does not count. */
	assert_int_equal(floors_look(&floors, &r, SHORT_OF_MEMORY), SHORT_OF_NOTHING);
	r.disk_free = 500 * MB;
	assert_int_equal(floors_look(&floors, &r, SHORT_OF_DISK), SHORT_OF_NOTHING);
	r.disk_free = -1;
	assert_int_equal(floors_look(&floors, &r, SHORT_OF_DISK), SHORT_OF_NOTHING);
	r.disk_free = 0;
	assert_int_equal(floors_look(&(struct floors){ 0, 0 }, &r, SHORT_OF_NOTHING), SHORT_OF_NOTHING);
}

static void
test_log(void **state)
{
	const struct room_left r = { .disk_free = 9000 * MB, .log_fails = true };

	(void)state;
	assert_int_equal(floors_look(&floors, &r, SHORT_OF_NOTHING), SHORT_OF_LOG);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_disk),
		cmocka_unit_test(test_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
