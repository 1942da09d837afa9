/* SPDX-License-Identifier: Apache-2.0 */
/* Receipt texts as vendors send them (tests/data/dlr-text), the TLV form, ids that must meet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "core/receipt.h"

static size_t
read_sample(const char *name, char *out, size_t size)
{
	char path[512];
	size_t n;
	FILE *f;

	snprintf(path, sizeof path, "tests/data/dlr-text/%s", name);
	f = fopen(path, "rb");
	if (f == NULL)
		fail_msg("%s: not found", path);
	n = fread(out, 1, size, f);
	fclose(f);
	return n;
}

static void
test_samples(void **state)
{
	static const struct {
		const char *file, *id, *stat, *err;
		enum receipt_state state;
	} row[] = {
		{ "capital-text.txt", "4", "DELIVRD", "000", RECEIPT_DELIVERED },
		{ "dots.txt", "123", "DELIVRD", "...", RECEIPT_DELIVERED },
		{ "epoch-dates.txt", "123A456B", "DELIVRD", "0", RECEIPT_DELIVERED },
		{ "err-2digits-ussd.txt", "45013692", "UNDELIV", "21", RECEIPT_FAILED },
		{ "no-err-capital-text.txt", "0123456789", "REJECTD", "", RECEIPT_FAILED },
		{ "no-sub-dlvrd.txt", "0654354026", "DELIVRD", "000", RECEIPT_DELIVERED },
		{ "nocred.txt", "77", "NOCRED", "000", RECEIPT_FAILED },
		{ "nulls.txt", "123", "DELIVRD", "null", RECEIPT_DELIVERED },
		{ "seconds-12-uuid.txt", "74e02ee1-4e2f-4a6e-a78b-4b247d756a22", "DELIVRD", "000",
		    RECEIPT_DELIVERED },
		{ "seconds-14.txt", "2E179B310EDE971B2760C72B7F026E1B", "DELIVRD", "0",
		    RECEIPT_DELIVERED },
		{ "short-stat.txt", "foo", "FAILED", "042", RECEIPT_FAILED },
		{ "shuffled.txt", "74e02ee1-4e2f-4a6e-a78b-4b247d756a22", "DELIVRD", "000",
		    RECEIPT_DELIVERED },
		{ "smpp-time.txt", "rdwjwxns18krxr9936ey96ymcw", "UNDELIV", "000", RECEIPT_FAILED },
		{ "standard.txt", "0123456789", "DELIVRD", "012", RECEIPT_DELIVERED },
		{ "stat-digit-safaricom.txt", "123", "0", "0", RECEIPT_UNKNOWN },
		{ "syserr.txt", "77", "SYSERR", "500", RECEIPT_FAILED },
		{ "text-injection.txt", "77", "UNDELIV", "001", RECEIPT_FAILED },
		{ "trailing-nul.txt", "0000436949", "DELIVRD", "000", RECEIPT_DELIVERED },
	};
	char text[1024];
	struct receipt r;

	(void)state;
	for (size_t i = 0; i < NELEM(row); i++) {
		size_t n = read_sample(row[i].file, text, sizeof text);

		print_message("%s\n", row[i].file);
		assert_true(receipt_parse_text(text, n, &r));
		assert_string_equal(r.id, row[i].id);
		assert_string_equal(r.stat, row[i].stat);
		assert_string_equal(r.err, row[i].err);
		assert_int_equal(r.state, row[i].state);
	}
	assert_false(
	    receipt_parse_text(text, read_sample("not-a-receipt.txt", text, sizeof text), &r));
}

static void
parse(const char *text, bool expect, const char *id, enum receipt_state state)
{
	struct receipt r;

	assert_int_equal(receipt_parse_text(text, strlen(text), &r), expect);
	assert_string_equal(r.id, id);
	assert_int_equal(r.state, state);
}

static void
test_what_is_no_receipt(void **state)
{
	(void)state;
	parse("", false, "", RECEIPT_UNKNOWN);
	parse("id:", false, "", RECEIPT_UNKNOWN);
	parse("id:1 err:000", false, "", RECEIPT_UNKNOWN);
	parse("stat:DELIVRD", false, "", RECEIPT_UNKNOWN);
	parse("text:stat:DELIVRD id:1", false, "", RECEIPT_UNKNOWN);
	parse("text:id:1 stat:DELIVRD", false, "", RECEIPT_UNKNOWN);
	parse("id:1 text:hello stat:DELIVRD", false, "", RECEIPT_UNKNOWN);
	/* A key is a word: "paid:" holds no id, "substat:" no status. */
	parse("paid:5 substat:DELIVRD", false, "", RECEIPT_UNKNOWN);
	/* An id longer than any real one. */
	parse("id:00000000001111111111222222222233333333334444444444555555555566666666667777777777 "
	      "stat:DELIVRD",
	    false, "", RECEIPT_UNKNOWN);
}

static void
test_words(void **state)
{
	static const struct {
		const char *text;
		enum receipt_state state;
	} row[] = {
		{ "id:9 stat:ACCEPTD", RECEIPT_ACCEPTED },
		{ "id:9 stat:ENROUTE", RECEIPT_PENDING },
		{ "id:9 stat:BUFFRED", RECEIPT_PENDING },
		{ "id:9 stat:BUFFERD", RECEIPT_PENDING },
		{ "id:9 stat:EXPIRED", RECEIPT_FAILED },
		{ "id:9 stat:DELETED", RECEIPT_FAILED },
		{ "id:9 stat:UNKNOWN", RECEIPT_UNKNOWN },
		{ "id:9 stat:BADSTAT", RECEIPT_UNKNOWN },
		{ "ID:9 STAT:delivrd", RECEIPT_DELIVERED },
		{ "id: 9 stat: DELIVRD", RECEIPT_DELIVERED },
		{ "\x05\x03\x01\x01\x01" "id:9 stat:DELIVRD err:000", RECEIPT_DELIVERED },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(row); i++)
		parse(row[i].text, true, "9", row[i].state);
}

static void
test_ucs2(void **state)
{
	static const char text[] = "\0i\0d\0:\0" "7\0" " \0s\0t\0a\0t\0:\0D\0E\0L\0I\0V\0R\0D";
	struct receipt r;

	(void)state;
	assert_true(receipt_parse_text(text, sizeof text - 1, &r));
	assert_string_equal(r.id, "7");
	assert_int_equal(r.state, RECEIPT_DELIVERED);
}

static void
test_tlvs(void **state)
{
	static const enum receipt_state expect[] = {
		RECEIPT_PENDING,
		RECEIPT_PENDING,
		RECEIPT_DELIVERED,
		RECEIPT_FAILED,
		RECEIPT_FAILED,
		RECEIPT_FAILED,
		RECEIPT_ACCEPTED,
		RECEIPT_UNKNOWN,
		RECEIPT_FAILED,
		RECEIPT_FAILED,
		RECEIPT_UNKNOWN,
	};
	struct receipt r;

	(void)state;
	for (unsigned i = 0; i < NELEM(expect); i++)
		assert_int_equal(receipt_of_message_state(i), expect[i]);
	/* The state over the text's; both ids are kept. */
	assert_true(receipt_parse_text("id:0416342074 stat:DELIVRD", 26, &r));
	receipt_apply_tlvs(&r, "18d0e03a\0", 9, 5);
	assert_string_equal(r.id, "0416342074");
	assert_string_equal(r.tlv_id, "18d0e03a");
	assert_string_equal(r.stat, "DELIVRD");
	assert_int_equal(r.state, RECEIPT_FAILED);
	/* Alone, and with what is absent or empty. */
	memset(&r, 0, sizeof r);
	receipt_apply_tlvs(&r, "0000000012345678", 17, 2);
	assert_string_equal(r.id, "");
	assert_string_equal(r.tlv_id, "0000000012345678");
	assert_string_equal(r.stat, "DELIVRD");
	receipt_apply_tlvs(&r, NULL, 0, -1);
	receipt_apply_tlvs(&r, "", 0, -1);
	assert_true(receipt_has_id(&r));
	assert_string_equal(r.tlv_id, "0000000012345678");
	assert_int_equal(r.state, RECEIPT_DELIVERED);
}

static void
test_canonical(void **state)
{
	static const struct {
		const char *raw;
		bool hex;
		const char *canonical;
	} row[] = {
		{ "00B8BE19", false, "b8be19" },
		{ "B8BE19", false, "b8be19" },
		{ "0416342074", false, "416342074" },
		{ "18d0e03a", true, "416342074" },
		{ "0000436949", false, "436949" },
		{ "6AAD5", true, "436949" },
		{ "39f99dd5", true, "972660181" },
		{ "0972660181", false, "972660181" },
		{ "74E02EE1-4E2F-4A6E-A78B-4B247D756A22", true,
		    "74e02ee1-4e2f-4a6e-a78b-4b247d756a22" },
		{ " 12 34 ", false, "1234" },
		{ "0000", false, "0" },
		{ "0000", true, "0" },
		{ "", true, "" },
		{ "ffffffffffffffffffffffffffffffff", true,
		    "340282366920938463463374607431768211455" },
		{ "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", true,
		    "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff" },
	};
	char out[66];

	(void)state;
	for (size_t i = 0; i < NELEM(row); i++) {
		receipt_canonical_id(row[i].raw, row[i].hex, out);
		assert_string_equal(out, row[i].canonical);
	}
}

/* An id of a submit_sm_resp meets the receipts that SMSCs send about it (protocols seen in the wild). */
static void
test_ids_meet(void **state)
{
	static const struct {
		const char *response, *text, *tlv;
		struct receipt_ids forms;
		bool meet;
	} row[] = {
		{ "00B8BE19", "b8be19", "", { ID_TEXT, ID_TEXT, ID_TEXT }, true },
		{ "0123456789", "123456789", "", { ID_DECIMAL, ID_DECIMAL, ID_DECIMAL }, true },
		{ "39f99dd5", "0972660181", "", { ID_HEX, ID_DECIMAL, ID_TEXT }, true },
		{ "39f99dd5", "0972660181", "", { ID_TEXT, ID_TEXT, ID_TEXT }, false },
		{ "0972660181", "39F99DD5", "", { ID_DECIMAL, ID_HEX, ID_TEXT }, true },
		{ "39f99dd5", "39F99DD5", "", { ID_HEX, ID_HEX, ID_TEXT }, true },
		/* Both in one PDU: hex in the TLV, decimal in the text. */
		{ "6aad5", "0000436949", "6aad5", { ID_TEXT, ID_TEXT, ID_TEXT }, true },
		{ "436949", "0000436949", "6aad5", { ID_TEXT, ID_TEXT, ID_TEXT }, true },
		{ "18D0E03A", "0416342074", "18d0e03a", { ID_HEX, ID_DECIMAL, ID_HEX }, true },
		{ "0416342074", "garbage", "18d0e03a", { ID_DECIMAL, ID_DECIMAL, ID_HEX }, true },
		{ "7", "", "07", { ID_TEXT, ID_TEXT, ID_TEXT }, true },
		{ "7", "", "", { ID_TEXT, ID_TEXT, ID_TEXT }, false },
		/* No id is no name: else it would be about whichever message got none last. */
		{ "", "", "", { ID_TEXT, ID_TEXT, ID_TEXT }, false },
		{ "", "", "  ", { ID_TEXT, ID_TEXT, ID_TEXT }, false },
		{ " ", "", " ", { ID_HEX, ID_HEX, ID_HEX }, false },
		{ "74e02ee1-4e2f-4a6e-a78b-4b247d756a22", "74E02EE1-4E2F-4A6E-A78B-4B247D756A22", "",
		    { ID_HEX, ID_HEX, ID_HEX }, true },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(row); i++) {
		char ids[2][RECEIPT_ID], ours[RECEIPT_ID];
		struct receipt r = { .state = RECEIPT_DELIVERED };
		bool meet = false;
		size_t n;

		snprintf(r.id, sizeof r.id, "%s", row[i].text);
		snprintf(r.tlv_id, sizeof r.tlv_id, "%s", row[i].tlv);
		receipt_canonical_id(row[i].response, row[i].forms.response == ID_HEX, ours);
		n = receipt_ids(&r, &row[i].forms, ids);
		for (size_t k = 0; k < n; k++)
			meet |= strcmp(ids[k], ours) == 0;
		if (meet != row[i].meet)
			fail_msg("%s and %s/%s", row[i].response, row[i].text, row[i].tlv);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_samples),
		cmocka_unit_test(test_what_is_no_receipt),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_ucs2),
		cmocka_unit_test(test_tlvs),
		cmocka_unit_test(test_canonical),
		cmocka_unit_test(test_ids_meet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
