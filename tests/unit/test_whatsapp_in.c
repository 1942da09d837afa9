/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Webhooks of WhatsApp through the real listener: nothing unsigned is read, 200 comes only once all is stored, and what
 * one person wrote stays in order.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/whatsapp_world.h"

static void
test_verification(void **state)
{
	static const char *const bad[] = {
		PATH "?hub.mode=subscribe&hub.challenge=1&hub.verify_token=meatyhamhocks",
		PATH "?hub.mode=subscribe&hub.challenge=1&hub.verify_token=MEATYHAMHOCK",
		PATH "?hub.mode=subscribe&hub.challenge=1&hub.verify_token=",
		PATH "?hub.mode=unsubscribe&hub.challenge=1&hub.verify_token=meatyhamhock",
		PATH "?hub.mode=subscribe&hub.verify_token=meatyhamhock", PATH "?hub.challenge=1", PATH,
	};
	struct buf url = { 0 };
	char path[300];

	(void)state;
	sample_read("verify-request.url", &url);
	assert_true(str_format(path, sizeof path, PATH "%s", strchr(buf_str(&url), '?')));
	path[strcspn(path, "\r\n")] = '\0';
	ask(0, "GET", path, NULL, 0, NULL);
	assert_int_equal(status_of(0), 200);
	assert_string_equal(w.answered[0].body, "1158201444");
	for (unsigned i = 0; i < NELEM(bad); i++) {
		ask(0, "GET", bad[i], NULL, 0, NULL);
		if (status_of(0) != 403)
			fail_msg("%s: %d", bad[i], w.answered[0].status);
	}
	ask(0, "GET", "/whatsapp/nobody", NULL, 0, NULL);
	assert_int_equal(status_of(0), 404);
	ask(0, "PUT", PATH, "{}", 2, NULL);
	assert_int_equal(status_of(0), 405);
	buf_clear(&url);
}

static void
test_every_sample(void **state)
{
	static const struct {
		const char *name;
		unsigned chats, receipts;
	} row[] = {
		{ "in-audio.json", 1, 0 }, { "in-batch-two-messages.json", 2, 0 }, { "in-bsuid-and-phone.json", 1, 0 },
		{ "in-bsuid-no-phone.json", 1, 0 }, { "in-button-reply.json", 1, 0 }, { "in-document.json", 1, 0 },
		{ "in-image.json", 1, 0 }, { "in-list-reply.json", 1, 0 }, { "in-location.json", 1, 0 },
		{ "in-reaction.json", 0, 0 }, { "in-referral.json", 1, 0 }, { "in-system-number-change.json", 1, 0 },
		{ "in-template-button.json", 1, 0 }, { "in-text-pin.json", 1, 0 }, { "in-text.json", 1, 0 },
		{ "in-unsupported.json", 1, 0 }, { "status-delivered.json", 0, 1 }, { "status-failed-131026.json",
		    0, 1 },
		{ "status-failed-131047.json", 0, 1 }, { "status-ms-timestamp.json", 0, 1 }, { "status-read.json",
		    0, 1 },
		{ "status-sent.json", 0, 1 },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(row); i++) {
		unsigned chats = w.chats_n, receipts = w.receipts_n;

		if (post_sample(row[i].name) != 200 || w.chats_n - chats != row[i].chats ||
		    w.receipts_n - receipts != row[i].receipts)
			fail_msg("%s: %d, %u chats, %u receipts", row[i].name, w.answered[0].status, w.chats_n - chats,
			    w.receipts_n - receipts);
	}
	for (unsigned i = 0; i < w.chats_n; i++)
		assert_int_equal(w.chats[i].channel, CHANNEL);
	assert_string_equal(w.chats[0].id, "wamid.HBgLMjc2MDAwMDAwMDEVAgASGBQz08");
}

static void
test_statuses(void **state)
{
	static const struct {
		const char *name, *stat, *err, *ours;
		enum receipt_state state;
	} row[] = {
		{ "status-sent.json", "sent", "", "wl-000123", RECEIPT_ACCEPTED },
		{ "status-delivered.json", "delivered", "", "", RECEIPT_DELIVERED },
		{ "status-read.json", "read", "", "", RECEIPT_DELIVERED },
		{ "status-failed-131026.json", "failed", "131026", "", RECEIPT_FAILED },
		{ "status-failed-131047.json", "failed", "131047", "", RECEIPT_WINDOW_OVER },
	};
	char id[RECEIPT_ID];

	(void)state;
	provider_id_fit("wamid.OUT1", id);
	for (unsigned i = 0; i < NELEM(row); i++) {
		const struct receipt *r = &w.receipts[i];

		assert_int_equal(post_sample(row[i].name), 200);
		assert_string_equal(r->id, id);
		assert_int_equal(r->state, row[i].state);
		assert_string_equal(r->stat, row[i].stat);
		assert_string_equal(r->err, row[i].err);
		assert_string_equal(r->ours, row[i].ours);
		assert_int_equal(w.lanes[i], CHANNEL);
	}
}

/* What an answer would have meant, a failed status means too: what slows down fails nothing. */
static void
test_failed_statuses(void **state)
{
	static const struct {
		int code;
		enum receipt_state state;
	} row[] = {
		{ 131056, RECEIPT_NOT_NOW }, { 131016, RECEIPT_AGAIN }, { 131049, RECEIPT_FAILED },
		{ 132001, RECEIPT_FAILED }, { 100, RECEIPT_FAILED }, { 130429, RECEIPT_NOT_NOW },
		{ 131048, RECEIPT_NOT_NOW }, { 131042, RECEIPT_NOT_NOW },
	};
	char body[500];

	(void)state;
	UNTIL(edge_sms_free(w.edge, CHANNEL) > 0);
	for (unsigned i = 0; i < NELEM(row); i++) {
		str_format(body, sizeof body, "{\"object\":\"whatsapp_business_account\",\"entry\":[{\"changes\":["
		    "{\"field\":\"messages\",\"value\":{\"metadata\":{\"phone_number_id\":\"" NUMBER "\"},"
		    "\"statuses\":[{\"status\":\"failed\",\"id\":\"wamid.A\",\"recipient_id\":\"" PHONE "\","
		    "\"errors\":[{\"code\":%d}]}]}}]}]}", row[i].code);
		assert_int_equal(post(body), 200);
		assert_int_equal(w.receipts[i].state, row[i].state);
		/* Of one customer, or of the whole number. */
		assert_int_equal(edge_sms_free(w.edge, CHANNEL) > 0, i < 5);
	}
	metric_set(M_WA_STOPPED, 0);
}

/* Good, bad, cut short, and played again over another body. */
static void
test_signatures(void **state)
{
	struct buf body = { 0 }, header = { 0 };
	char good[WA_SIGNATURE_MAX], other[WA_SIGNATURE_MAX];
	const char *bad[] = { NULL, "", "sha256=", good + 7, other };
	int64_t refused = metric_get(M_WA_WEBHOOKS_REFUSED);

	(void)state;
	sample_read("in-text.json", &body);
	sample_read("in-text.json.sig", &header);
	assert_true(str_copyn(good, sizeof good, header.p + strlen(WA_SIGNATURE_HEADER ": "), 71));
	ask(0, "POST", PATH, body.p, body.len, good);
	assert_int_equal(status_of(0), 200);
	assert_int_equal(w.chats_n, 1);
	wa_signature_make("another-secret-for-tests", body.p, body.len, other);
	for (unsigned i = 0; i < NELEM(bad); i++) {
		ask(0, "POST", PATH, body.p, body.len, bad[i]);
		assert_int_equal(status_of(0), 401);
	}
	ask(0, "POST", PATH, body.p, body.len - 1, good);
	assert_int_equal(status_of(0), 401);
	for (size_t i = 0; i < body.len; i += 37) {
		body.p[i] ^= 0x20;
		ask(0, "POST", PATH, body.p, body.len, good);
		assert_int_equal(status_of(0), 401);
		body.p[i] ^= 0x20;
	}
	good[strlen(good) - 2] = '\0';
	ask(0, "POST", PATH, body.p, body.len, good);
	assert_int_equal(status_of(0), 401);
	assert_int_equal(w.chats_n, 1);
	assert_true(metric_get(M_WA_WEBHOOKS_REFUSED) - refused > 20);
	buf_clear(&body);
	buf_clear(&header);
}

static void
test_not_readable(void **state)
{
	static char large[30000];

	(void)state;
	assert_int_equal(post("no json"), 400);
	assert_int_equal(post("{\"object\":\"page\",\"entry\":[]}"), 400);
	memset(large, ' ', sizeof large - 1);
	assert_int_equal(post(large), 413);
	assert_int_equal(w.chats_n, 0);
	edge_attach(w.edge, NULL, w.listener);
	assert_int_equal(post_sample("in-text.json"), 503);
}

/* 200 only once all is stored; what one person wrote is handed on one by one, also of two webhooks. */
static void
test_stored_in_order(void **state)
{
	struct buf two = { 0 }, next = { 0 };

	(void)state;
	w.hold = true;
	sample_read("in-batch-two-messages.json", &two);
	sample_read("in-text.json", &next);
	begin_post(0, two.p, two.len);
	UNTIL(w.chats_n == 1);
	begin_post(1, next.p, next.len);
	begin_post(2, next.p, next.len - 3);	/* answered at once: the others were read by then */
	assert_int_equal(status_of(2), 400);
	assert_int_equal(w.chats_n, 1);
	edge_receipt_stored(w.edge, w.chat_ops[0], RECEIPT_STORED);
	assert_int_equal(w.chats_n, 2);
	assert_string_equal(w.chats[1].text, "2");
	assert_false(w.answered[0].there);
	edge_receipt_stored(w.edge, w.chat_ops[1], RECEIPT_STORED);
	assert_int_equal(w.chats_n, 3);
	assert_string_equal(w.chats[2].text, "Hi");
	assert_int_equal(status_of(0), 200);
	edge_receipt_stored(w.edge, w.chat_ops[2], RECEIPT_STORED);
	assert_int_equal(status_of(1), 200);
	buf_clear(&two);
	buf_clear(&next);
}

/* What was not stored comes again, and so does what stands behind it in the same webhook. */
static void
test_not_stored(void **state)
{
	(void)state;
	w.end = RECEIPT_NOT_STORED;
	assert_int_equal(post_sample("in-batch-two-messages.json"), 503);
	assert_int_equal(w.chats_n, 1);
	assert_int_equal(post_sample("status-sent.json"), 503);
	w.end = RECEIPT_STORED;
	assert_int_equal(post_sample("in-batch-two-messages.json"), 200);
	assert_int_equal(w.chats_n, 3);
}

/* However many in a row are answered at once: each begins when the one before it has gone, not inside of it. */
static void
test_many_at_once(void **state)
{
	static const char one[] = "{\"status\":\"sent\",\"id\":\"wamid.A\"}";
	struct buf body = { 0 };

	(void)state;
	buf_addf(&body, "{\"object\":\"whatsapp_business_account\",\"entry\":[{\"changes\":[{\"field\":\"messages\","
	    "\"value\":{\"metadata\":{\"phone_number_id\":\"%s\"},\"statuses\":[%s", NUMBER, one);
	for (int i = 1; i < 20; i++)
		buf_addf(&body, ",%s", one);
	buf_add_str(&body, "]}}]}]}");
	assert_int_equal(post(body.p), 200);
	assert_int_equal(w.receipts_n, 20);
	assert_int_equal(w.deepest, 1);
	w.receipts_n = 0;
	w.end = RECEIPT_NOT_STORED;
	assert_int_equal(post(body.p), 503);
	assert_int_equal(w.receipts_n, 1);
	w.end = RECEIPT_STORED;
	assert_int_equal(post(body.p), 200);
	assert_int_equal(w.receipts_n, 21);
	buf_clear(&body);
}

/* One app, one webhook, several numbers: but not those of another app. */
static void
test_other_numbers(void **state)
{
	static const char of[] = "{\"object\":\"whatsapp_business_account\",\"entry\":[{\"changes\":[{\"field\":\"messages\","
	    "\"value\":{\"metadata\":{\"phone_number_id\":\"%s\"},\"messages\":[{\"from\":\"" PHONE "\","
	    "\"id\":\"wamid.A\",\"type\":\"text\",\"text\":{\"body\":\"x\"}}]}}]}]}";
	int64_t strangers = metric_get(M_WA_STRANGERS);
	char body[600];

	(void)state;
	str_format(body, sizeof body, of, "2");
	assert_int_equal(post(body), 200);
	assert_int_equal(w.chats_n, 1);
	assert_int_equal(w.chats[0].channel, 2);
	str_format(body, sizeof body, of, "3");
	assert_int_equal(post(body), 200);
	str_copy(w.channels[2].whatsapp.app_secret, sizeof w.channels[2].whatsapp.app_secret, "the-secret-of-another");
	str_format(body, sizeof body, of, "2");
	assert_int_equal(post(body), 200);
	assert_int_equal(w.chats_n, 1);
	assert_int_equal(metric_get(M_WA_STRANGERS) - strangers, 2);
}

static void
test_read_marks(void **state)
{
	int64_t left_out = metric_get(M_WA_MARKS_LEFT_OUT);

	(void)state;
	w.channels[CHANNEL].whatsapp.read_marks = 1;
	assert_int_equal(post_sample("in-batch-two-messages.json"), 200);
	UNTIL(w.posts == 1);
	assert_sample_form(w.posted[0], strlen(w.posted[0]), "out-read-typing.json", "");
	assert_non_null(strstr(w.posted[0], "\"wamid.HBgLMjc2MDAwMDAwMDEVAgASGBQz17\""));
	assert_int_equal(metric_get(M_WA_MARKS_LEFT_OUT) - left_out, 1);
	UNTIL(metric_get(M_WA_MARKS) > 0);
	/* A change of number is no message of a person's. */
	assert_int_equal(post_sample("in-system-number-change.json"), 200);
	assert_int_equal(post_sample("status-read.json"), 200);
	assert_int_equal(post_sample("in-text.json"), 200);
	UNTIL(w.posts == 2);
	assert_non_null(strstr(w.posted[1], "\"wamid.HBgLMjc2MDAwMDAwMDEVAgASGBQz01\""));
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_verification), T(test_every_sample), T(test_statuses), T(test_failed_statuses), T(test_signatures),
		T(test_not_readable), T(test_stored_in_order), T(test_not_stored), T(test_many_at_once),
		T(test_other_numbers),
		T(test_read_marks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
