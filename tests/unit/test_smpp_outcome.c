/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/smpp_outcome.h"

static void
test_default_table(void **state)
{
	static const struct {
		uint32_t status;
		enum smpp_outcome outcome;
	} rows[] = {
		{ 0x00, SMPP_OUTCOME_ACCEPTED },
		{ 0x58, SMPP_OUTCOME_SLOW }, { 0x14, SMPP_OUTCOME_SLOW },
		{ 0x64, SMPP_OUTCOME_SLOW },
		{ 0x08, SMPP_OUTCOME_FEW }, { 0x45, SMPP_OUTCOME_FEW },
		{ 0x04, SMPP_OUTCOME_REBIND }, { 0x05, SMPP_OUTCOME_REBIND },
		{ 0x0d, SMPP_OUTCOME_REBIND }, { 0x0e, SMPP_OUTCOME_REBIND },
		{ 0x0f, SMPP_OUTCOME_REBIND }, { 0x53, SMPP_OUTCOME_REBIND },
		{ 0x01, SMPP_OUTCOME_PERMANENT }, { 0x0a, SMPP_OUTCOME_PERMANENT },
		{ 0x0b, SMPP_OUTCOME_PERMANENT }, { 0x15, SMPP_OUTCOME_PERMANENT },
		{ 0x43, SMPP_OUTCOME_PERMANENT }, { 0x48, SMPP_OUTCOME_PERMANENT },
		{ 0x51, SMPP_OUTCOME_PERMANENT }, { 0x61, SMPP_OUTCOME_PERMANENT },
		{ 0x62, SMPP_OUTCOME_PERMANENT }, { 0xc0, SMPP_OUTCOME_PERMANENT },
		{ 0xc4, SMPP_OUTCOME_PERMANENT }, { 0x104, SMPP_OUTCOME_PERMANENT },
		/* Vendors', and numbers that no list has. */
		{ 0x400, SMPP_OUTCOME_FEW }, { 0x4ff, SMPP_OUTCOME_FEW },
		{ 0x22, SMPP_OUTCOME_FEW }, { 0x10a0, SMPP_OUTCOME_FEW },
		{ 0x52, SMPP_OUTCOME_FEW }, { 0x113, SMPP_OUTCOME_FEW },
		{ UINT32_MAX, SMPP_OUTCOME_FEW },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++)
		assert_int_equal(smpp_outcome(rows[i].status, NULL, 0), rows[i].outcome);
}

static void
test_bind_has_the_last_word(void **state)
{
	static const struct smpp_outcome_rule rules[] = {
		{ 0x405, SMPP_OUTCOME_PERMANENT },
		{ 0x08, SMPP_OUTCOME_UNKNOWN },
		{ 0x0b, SMPP_OUTCOME_SLOW },
		{ 0x405, SMPP_OUTCOME_SLOW },
		{ 0x00, SMPP_OUTCOME_PERMANENT },
	};

	(void)state;
	assert_int_equal(smpp_outcome(0x405, rules, NELEM(rules)), SMPP_OUTCOME_PERMANENT);
	assert_int_equal(smpp_outcome(0x406, rules, NELEM(rules)), SMPP_OUTCOME_FEW);
	assert_int_equal(smpp_outcome(0x08, rules, NELEM(rules)), SMPP_OUTCOME_UNKNOWN);
	assert_int_equal(smpp_outcome(0x0b, rules, NELEM(rules)), SMPP_OUTCOME_SLOW);
	assert_int_equal(smpp_outcome(0x0a, rules, NELEM(rules)), SMPP_OUTCOME_PERMANENT);
	assert_int_equal(smpp_outcome(0, rules, NELEM(rules)), SMPP_OUTCOME_ACCEPTED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_default_table),
		cmocka_unit_test(test_bind_has_the_last_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
