/* SPDX-License-Identifier: Apache-2.0 */
/* What webhooks of WhatsApp say, what is posted to it, and its limits: every sample, and what is not quite one. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "core/chat_screen.h"
#include "core/gsm.h"
#include "core/wa_error.h"
#include "core/wa_media.h"
#include "core/wa_message.h"
#include "core/wa_pairs.h"
#include "core/wa_webhook.h"
#include "tests/unit/whatsapp_samples.h"

#define PHONE "27600000001"
#define USER "ZA.13491208655302741918"
#define WAMID "wamid.HBgLMjc2MDAwMDAwMDEVAgASGBQz"
#define OURS " biz_opaque_callback_data "
#define TO (struct wa_to){ PHONE, "", "wl-1" }

static struct wa_webhook w;
static struct buf out;

static int
teardown(void **state)
{
	(void)state;
	wa_webhook_clear(&w);
	buf_clear(&out);
	return 0;
}

static void
read_text(const char *text)
{
	wa_webhook_clear(&w);
	assert_true(wa_webhook_read(text, strlen(text), "27", &w));
}

static void
read_sample(const char *name)
{
	struct buf text = { 0 };

	sample_read(name, &text);
	read_text(buf_str(&text));
	buf_clear(&text);
}

/* ---- who sent it ---- */

static void
test_signature(void **state)
{
	struct buf body = { 0 }, header = { 0 };
	char value[WA_SIGNATURE_MAX], made[WA_SIGNATURE_MAX];

	(void)state;
	sample_read("in-text.json", &body);
	sample_read("in-text.json.sig", &header);
	assert_true(str_starts(buf_str(&header), WA_SIGNATURE_HEADER ": "));
	assert_true(str_copyn(value, sizeof value, header.p + strlen(WA_SIGNATURE_HEADER ": "), 71));
	assert_true(wa_signature_good(value, SAMPLE_SECRET, body.p, body.len));
	wa_signature_make(SAMPLE_SECRET, body.p, body.len, made);
	assert_string_equal(made, value);
	assert_false(wa_signature_good(value, "another-secret-for-tests", body.p, body.len));
	assert_false(wa_signature_good(NULL, SAMPLE_SECRET, body.p, body.len));
	assert_false(wa_signature_good("", SAMPLE_SECRET, body.p, body.len));
	assert_false(wa_signature_good(value + 7, SAMPLE_SECRET, body.p, body.len));
	assert_false(wa_signature_good(value, SAMPLE_SECRET, body.p, body.len - 1));
	for (size_t i = 0; i < body.len; i++) {
		body.p[i] ^= 1;
		assert_false(wa_signature_good(value, SAMPLE_SECRET, body.p, body.len));
		body.p[i] ^= 1;
	}
	for (size_t n = strlen(value); n-- > 0; ) {
		value[n] = '\0';
		assert_false(wa_signature_good(value, SAMPLE_SECRET, body.p, body.len));
	}
	buf_clear(&body);
	buf_clear(&header);
}

/* ---- messages ---- */

static void
test_every_message(void **state)
{
	static const struct {
		const char *name, *id;
		enum chat_kind kind;
		const char *text, *phone, *user, *media, *type, *file;
	} row[] = {
		{ "in-text.json", "01", CHAT_TYPED, "Hi", PHONE, "", "", "", "" },
		{ "in-text-pin.json", "02", CHAT_TYPED, "12345", PHONE, "", "", "", "" },
		{ "in-button-reply.json", "03", CHAT_TAPPED, "cash:50", PHONE, "", "", "", "" },
		{ "in-list-reply.json", "04", CHAT_TAPPED, "lang:ve", PHONE, "", "", "", "" },
		{ "in-template-button.json", "05", CHAT_TYPED, "STOP", PHONE, "", "", "", "" },
		{ "in-image.json", "06", CHAT_MEDIA, "", PHONE, "", "1003383421387256", "image/jpeg", "" },
		{ "in-document.json", "07", CHAT_MEDIA, "My ID", PHONE, "", "1003383421387257", "application/pdf",
		    "id.pdf" },
		{ "in-audio.json", "08", CHAT_UNREADABLE, "", PHONE, "", "", "", "" },
		{ "in-location.json", "09", CHAT_UNREADABLE, "", PHONE, "", "", "", "" },
		{ "in-unsupported.json", "11", CHAT_UNREADABLE, "", PHONE, "", "", "", "" },
		{ "in-system-number-change.json", "12", CHAT_MOVED, "27600000002", PHONE, "", "", "", "" },
		{ "in-bsuid-no-phone.json", "14", CHAT_TYPED, "Hi", "", USER, "", "", "" },
		{ "in-bsuid-and-phone.json", "15", CHAT_TYPED, "Hi", PHONE, USER, "", "", "" },
		{ "in-referral.json", "16", CHAT_TYPED, "Info", PHONE, "", "", "", "" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(row); i++) {
		const struct chat_in *in;
		char id[CHAT_MESSAGE];

		read_sample(row[i].name);
		if (w.n != 1 || w.item[0].kind != WA_INPUT)
			fail_msg("%s: %zu items", row[i].name, w.n);
		in = w.item[0].in;
		str_format(id, sizeof id, WAMID "%s", row[i].id);
		assert_string_equal(w.item[0].number_id, "106540352242922");
		assert_string_equal(in->id, id);
		assert_int_equal(in->kind, row[i].kind);
		assert_string_equal(in->text, row[i].text);
		assert_string_equal(in->phone, row[i].phone);
		assert_string_equal(in->user, row[i].user);
		assert_string_equal(in->media.id, row[i].media);
		assert_string_equal(in->media.type, row[i].type);
		assert_string_equal(in->media.name, row[i].file);
		assert_int_equal(in->at_ms, INT64_C(1791280000000));
		assert_int_equal(w.unknown, 0);
	}
}

/* Base64 in the webhook; what is no SHA-256 is none. */
static void
test_sum_of_media(void **state)
{
	(void)state;
	read_sample("in-image.json");
	assert_string_equal(w.item[0].in->media.sha256,
	    "49f227634806293b0995459bc310b593e1400f41591efcf07e9bced335f41942");
	read_sample("in-document.json");
	assert_string_equal(w.item[0].in->media.sha256, "");
}

static void
test_batches(void **state)
{
	(void)state;
	read_sample("in-batch-two-messages.json");
	assert_int_equal(w.n, 2);
	assert_string_equal(w.item[0].in->text, "1");
	assert_string_equal(w.item[1].in->text, "2");
	read_sample("in-reaction.json");
	assert_int_equal(w.n, 1);
	assert_int_equal(w.item[0].kind, WA_IGNORED);
	read_text("{\"object\":\"whatsapp_business_account\",\"entry\":[{\"changes\":[{\"field\":\"messages\",\"value\":{"
	    "\"metadata\":{\"phone_number_id\":\"1\"},"
	    "\"statuses\":[{\"id\":\"wamid.A\",\"status\":\"read\",\"timestamp\":1791280000}],"
	    "\"messages\":[{\"from\":\"" PHONE "\",\"id\":\"wamid.B\",\"type\":\"text\",\"text\":{\"body\":\"x\"}}],"
	    "\"errors\":[{\"code\":130429,\"title\":\"Rate limit hit\"}]}}]},"
	    "{\"changes\":[{\"field\":\"account_update\",\"value\":{}},{\"field\":\"messages\",\"value\":{"
	    "\"metadata\":{\"phone_number_id\":\"2\"},"
	    "\"messages\":[{\"from\":\"1\",\"id\":\"wamid.C\",\"type\":\"text\"}]}}]}]}");
	assert_int_equal(w.n, 4);
	assert_int_equal(w.item[0].kind, WA_INPUT);
	assert_int_equal(w.item[1].kind, WA_STATUS);
	assert_int_equal(w.item[1].status.at_ms, INT64_C(1791280000000));
	assert_int_equal(w.item[2].kind, WA_ERROR);
	assert_int_equal(w.item[2].code, 130429);
	assert_int_equal(w.item[3].kind, WA_IGNORED);
	assert_int_equal(w.unknown, 1);		/* "1" is no number that could be written to */
}

static const char *
message(const char *members)
{
	static char text[4000];

	assert_true(str_format(text, sizeof text, "{\"object\":\"whatsapp_business_account\",\"entry\":[{\"changes\":["
	    "{\"field\":\"messages\",\"value\":{\"contacts\":[{\"wa_id\":\"27600000009\",\"user_id\":\"ZA.9\"},"
	    "{\"wa_id\":\"" PHONE "\",\"identity_key_hash\":\"DF2lS5v2W6x=\"}],"
	    "\"messages\":[{\"from\":\"" PHONE "\",\"id\":\"wamid.A\",%s}]}}]}]}", members));
	return text;
}

static void
test_odd_messages(void **state)
{
	static const struct {
		const char *members;
		enum chat_kind kind;
		const char *text;
	} row[] = {
		{ "\"type\":\"video\",\"video\":{\"id\":\"1\",\"caption\":\"2\"}", CHAT_TYPED, "2" },
		{ "\"type\":\"video\",\"video\":{\"id\":\"1\"}", CHAT_UNREADABLE, "" },
		{ "\"type\":\"sticker\",\"sticker\":{\"id\":\"1\"}", CHAT_UNREADABLE, "" },
		{ "\"type\":\"contacts\",\"contacts\":[]", CHAT_UNREADABLE, "" },
		{ "\"type\":\"order\",\"order\":{}", CHAT_UNREADABLE, "" },
		{ "\"type\":\"of next year\"", CHAT_UNREADABLE, "" },
		{ "\"type\":7", CHAT_UNREADABLE, "" },
		{ "\"type\":\"interactive\",\"interactive\":{\"type\":\"nfm_reply\",\"nfm_reply\":{}}",
		    CHAT_UNREADABLE, "" },
		{ "\"type\":\"interactive\",\"interactive\":{\"type\":\"type\"}", CHAT_UNREADABLE, "" },
		{ "\"type\":\"image\",\"image\":{\"id\":\"../../me\"}", CHAT_UNREADABLE, "" },
		{ "\"type\":\"button\",\"button\":{\"text\":\"Stop\"}", CHAT_TYPED, "Stop" },
		{ "\"type\":\"system\",\"system\":{\"type\":\"customer_identity_changed\",\"identity\":\"x9\"}",
		    CHAT_MOVED,
		    "x9" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(row); i++) {
		read_text(message(row[i].members));
		assert_int_equal(w.n, 1);
		assert_int_equal(w.item[0].in->kind, row[i].kind);
		assert_string_equal(w.item[0].in->text, row[i].text);
		/* Not the identity of the other contact. */
		assert_string_equal(w.item[0].in->user, "");
		assert_string_equal(w.item[0].in->identity, "DF2lS5v2W6x=");
	}
}

/* An identity that could be a number names nobody: its chat would be that of the number. */
static void
test_an_identity_is_no_number(void **state)
{
	static const struct {
		const char *identity, *user;
	} row[] = { { "ZA.1234", "ZA.1234" }, { "27600000001", "" }, { "0600000001", "" }, { "+27600000001", "" } };
	char text[500];

	(void)state;
	for (size_t i = 0; i < NELEM(row); i++) {
		str_format(text, sizeof text, "{\"object\":\"whatsapp_business_account\",\"entry\":[{\"changes\":[{"
		    "\"field\":\"messages\",\"value\":{\"metadata\":{\"phone_number_id\":\"1\"},"
		    "\"messages\":[{\"id\":\"wamid.1\",\"from_user_id\":\"%s\",\"type\":\"text\",\"text\":{\"body\":\"Hi\"}}]}}]}]}",
		    row[i].identity);
		read_text(text);
		assert_int_equal(w.n, row[i].user[0] != '\0');
		assert_int_equal(w.unknown, row[i].user[0] == '\0');
		if (w.n > 0)
			assert_string_equal(w.item[0].in->user, row[i].user);
	}
}

/* Cut between characters; an id of a tap is never cut. */
static void
test_long_texts(void **state)
{
	char text[3000];
	size_t n;

	(void)state;
	n = (size_t)snprintf(text, sizeof text, "\"type\":\"text\",\"text\":{\"body\":\"a");
	while (n < 2000)
		n += (size_t)snprintf(text + n, sizeof text - n, "\xe1\xb8\x93");
	snprintf(text + n, sizeof text - n, "\"}");
	read_text(message(text));
	assert_int_equal(strlen(w.item[0].in->text), 1 + 340 * 3);
	assert_true(utf8_valid(w.item[0].in->text, strlen(w.item[0].in->text)));
	n = (size_t)snprintf(text, sizeof text, "\"type\":\"interactive\",\"interactive\":{\"type\":\"list_reply\","
	    "\"list_reply\":{\"id\":\"%02000d\"}}", 1);
	read_text(message(text));
	assert_int_equal(w.item[0].in->kind, CHAT_UNREADABLE);
}

static void
test_no_webhook(void **state)
{
	static const char *const bad[] = { "", "{", "[]", "{}", "7", "{\"object\":\"page\",\"entry\":[]}",
		"{\"object\":\"whatsapp_business_account\"}", "{\"object\":\"whatsapp_business_account\",\"entry\":{}}",
		"{\"object\":\"whatsapp_business_account\",\"object\":\"whatsapp_business_account\",\"entry\":[]}" };
	struct buf text = { 0 };

	(void)state;
	for (size_t i = 0; i < NELEM(bad); i++)
		assert_false(wa_webhook_read(bad[i], strlen(bad[i]), "27", &w));
	sample_read("in-text.json", &text);
	for (size_t n = 0; n < strlen(text.p) - 1; n++)
		if (wa_webhook_read(text.p, n, "27", &w))
			fail_msg("the first %zu octets are enough", n);
	buf_clear(&text);
}

/* ---- statuses ---- */

static void
test_every_status(void **state)
{
	static const struct {
		const char *name;
		enum wa_state state;
		int code;
		int64_t at_ms;
		const char *ours;
	} row[] = {
		{ "status-sent.json", WA_SENT, -1, INT64_C(1791280002000), "wl-000123" },
		{ "status-delivered.json", WA_DELIVERED, -1, INT64_C(1791280002000), "" },
		{ "status-read.json", WA_READ, -1, INT64_C(1791280002000), "" },
		{ "status-failed-131026.json", WA_FAILED, 131026, INT64_C(1791280002000), "" },
		{ "status-failed-131047.json", WA_FAILED, 131047, INT64_C(1791280002000), "" },
		{ "status-ms-timestamp.json", WA_SENT, -1, INT64_C(1791280002123), "" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(row); i++) {
		const struct wa_status *s;

		read_sample(row[i].name);
		assert_int_equal(w.n, 1);
		assert_int_equal(w.item[0].kind, WA_STATUS);
		s = &w.item[0].status;
		assert_string_equal(s->id, "wamid.OUT1");
		assert_int_equal(s->state, row[i].state);
		assert_int_equal(s->code, row[i].code);
		assert_int_equal(s->at_ms, row[i].at_ms);
		assert_string_equal(s->ours, row[i].ours);
	}
}

/* ---- what is posted ---- */

static const json_t *
path_of(const json_t *j, const char *path)
{
	char word[32];

	while (*path != '\0') {
		size_t n = strcspn(path, "/");

		assert_true(str_copyn(word, sizeof word, path, n));
		j = word[0] >= '0' && word[0] <= '9' ? json_array_get(j, (size_t)atoi(word)) : json_object_get(j, word);
		path += n + (path[n] == '/');
	}
	return j;
}

static void
assert_at(const char *path, const char *text)
{
	json_t *j = json_loadb(buf_str(&out), out.len, 0, NULL);
	const char *found = json_string_value(path_of(j, path));

	if (text == NULL ? found != NULL : found == NULL || strcmp(found, text) != 0)
		fail_msg("%s is %s in %s", path, found != NULL ? found : "not there", buf_str(&out));
	json_decref(j);
}

static void
write_screen(const char *const *choice, int n)
{
	struct chat_screen s = { .body = "What now?", .mark = "m1", .open = "Open" };
	char text[CHAT_SCREEN], key[CHAT_KEY];

	for (int i = 0; i < n; i++) {
		str_format(key, sizeof key, "%d", i + 1);
		assert_true(chat_screen_add(&s, key, choice[i]));
	}
	assert_true(chat_screen_encode(&s, text, sizeof text));
	buf_reset(&out);
	assert_true(wa_message_write(&TO, text, &out));
}

static void
test_text_out(void **state)
{
	(void)state;
	assert_true(wa_message_write(&TO, "Balance R50.00", &out));
	assert_sample_form(out.p, out.len, "out-text.json", "");
	assert_at("to", PHONE);
	assert_at("text/body", "Balance R50.00");
	assert_at("biz_opaque_callback_data", "wl-1");
	buf_reset(&out);
	assert_true(wa_message_write(&(struct wa_to){ "", USER, "" }, "Hi", &out));
	assert_sample_form(out.p, out.len, "out-bsuid.json", " preview_url ");
	assert_at("recipient", USER);
	assert_at("to", NULL);
	buf_reset(&out);
	assert_true(wa_message_write(&(struct wa_to){ PHONE, USER, NULL }, "Hi", &out));
	assert_at("to", PHONE);
	assert_at("recipient", NULL);
	assert_false(wa_message_write(&(struct wa_to){ "", NULL, NULL }, "Hi", &out));
	assert_false(wa_message_write(&TO, "", &out));
	assert_false(wa_message_write(&TO, "\xff", &out));
}

static void
test_buttons_out(void **state)
{
	static const char *const three[] = { "Balance", "Cash", "More" };
	static const char *const twins[] = { "Cash", "Cash" };

	(void)state;
	write_screen(three, 3);
	assert_sample_form(out.p, out.len, "out-buttons.json", " footer" OURS);
	assert_at("interactive/body/text", "What now?");
	assert_at("interactive/action/buttons/1/reply/id", "2:m1");
	assert_at("interactive/action/buttons/1/reply/title", "Cash");
	write_screen(twins, 2);		/* buttons must differ */
	assert_at("interactive/type", "list");
}

static void
test_list_out(void **state)
{
	static const char *const ten[] = { "Short", "A choice of more than twenty four characters", "3", "4", "5",
	    "6", "7",
		"8", "9", "Tshiven\xe1\xb8\x93" "a, Tshiven\xe1\xb8\x93" "a, Tshiven\xe1\xb8\x93" "a" };
	static const char *const long_button[] = { "More than twenty units" };
	json_t *j;
	const json_t *rows, *row;
	size_t i;

	(void)state;
	write_screen(ten, 10);
	assert_sample_form(out.p, out.len, "out-list.json", " header title description" OURS);
	assert_at("interactive/action/button", "Open");
	assert_at("interactive/action/sections/0/rows/0/id", "1:m1");
	assert_at("interactive/action/sections/0/rows/0/description", NULL);
	assert_at("interactive/action/sections/0/rows/1/description", ten[1]);
	assert_at("interactive/action/sections/0/rows/9/description", ten[9]);
	j = json_loadb(out.p, out.len, 0, NULL);
	rows = path_of(j, "interactive/action/sections/0/rows");
	assert_int_equal(json_array_size(rows), 10);
	json_array_foreach((json_t *)rows, i, row) {
		assert_in_range(ucs2_units(json_string_value(json_object_get(row, "title"))), 1, CHAT_TITLE_CHARS);
		if (json_object_get(row, "description") != NULL)
			assert_in_range(ucs2_units(json_string_value(json_object_get(row, "description"))), 1, 72);
	}
	json_decref(j);
	write_screen(long_button, 1);
	assert_at("interactive/type", "list");
}

static void
test_template_out(void **state)
{
	static const struct wa_template otp = { "wallet_otp", "en", "", WA_PLACE_CODE };
	static const struct wa_template news = { "wallet_news", "zu", "text", WA_PLACE_BODY };
	const struct wa_to user = { "", USER, "" };
	char text[1200];

	(void)state;
	assert_true(wa_message_template(&TO, &otp, "482177", &out));
	assert_sample_form(out.p, out.len, "out-auth-template.json", " sub_type index" OURS);
	assert_at("template/components/0/parameters/0/text", "482177");
	assert_at("template/components/1/parameters/0/text", "482177");
	assert_at("template/components/1/sub_type", "url");
	assert_at("template/components/1/index", "0");
	assert_false(wa_message_template(&TO, &otp, "1234567890123456", &out));
	assert_false(wa_message_template(&user, &otp, "482177", &out));
	buf_reset(&out);
	assert_true(wa_message_template(&user, &news, " R50  was\npaid.\t\n\nDial *120# ", &out));
	assert_at("template/components/0/parameters/0/text", "R50 was paid. Dial *120#");
	assert_at("template/components/0/parameters/0/parameter_name", "text");
	assert_at("template/components/1/type", NULL);
	assert_at("recipient", USER);
	memset(text, 'x', sizeof text);
	text[1025] = '\0';
	assert_false(wa_message_template(&TO, &news, text, &out));
	assert_false(wa_message_template(&TO, &news, "\n", &out));
}

static void
test_read_out(void **state)
{
	(void)state;
	wa_message_read("wamid.HBg1", &out);
	assert_sample_form(out.p, out.len, "out-read-typing.json", "");
	assert_at("message_id", "wamid.HBg1");
}

/* ---- what is answered ---- */

static void
test_answers(void **state)
{
	static const struct {
		const char *name;
		int code, http;
		enum wa_class c;
	} row[] = {
		{ "send-error-130429.json", 130429, 429, WA_SLOW }, { "send-error-131056.json", 131056, 400,
		    WA_SLOW_PAIR },
		{ "send-error-190.json", 190, 401, WA_AUTH },
	};
	struct buf text = { 0 };
	char id[40];

	(void)state;
	sample_read("send-reply-ok.json", &text);
	assert_true(wa_answer_id(text.p, text.len, id, sizeof id));
	assert_string_equal(id, "wamid.OUT1");
	assert_int_equal(wa_answer_code(text.p, text.len), -1);
	assert_false(wa_answer_id(text.p, text.len - 3, id, sizeof id));
	assert_false(wa_answer_id("", 0, id, sizeof id));
	for (size_t i = 0; i < NELEM(row); i++) {
		buf_reset(&text);
		sample_read(row[i].name, &text);
		assert_false(wa_answer_id(text.p, text.len, id, sizeof id));
		assert_int_equal(wa_answer_code(text.p, text.len), row[i].code);
		assert_int_equal(wa_error_class(row[i].code, row[i].http), row[i].c);
	}
	buf_clear(&text);
}

static void
test_classes(void **state)
{
	static const struct {
		int code, http;
		enum wa_class c;
	} row[] = {
		{ 4, 400, WA_SLOW }, { 80007, 400, WA_SLOW }, { 131048, 400, WA_SLOW }, { 133016, 400, WA_SLOW },
		{ 131026, 400, WA_UNREACHABLE }, { 131049, 0, WA_UNREACHABLE }, { 131050, 0, WA_UNREACHABLE },
		{ 131047, 400, WA_WINDOW }, { 132000, 400, WA_TEMPLATE }, { 132001, 404, WA_TEMPLATE },
		{ 132005, 400, WA_TEMPLATE }, { 132007, 400, WA_TEMPLATE }, { 132012, 400, WA_TEMPLATE },
		{ 132015, 400, WA_TEMPLATE }, { 132016, 400, WA_TEMPLATE }, { 100, 400, WA_OURS }, { 131008, 400,
		    WA_OURS },
		{ 131009, 400, WA_OURS }, { 131051, 400, WA_OURS }, { 0, 401, WA_AUTH }, { 3, 500, WA_AUTH },
		{ 10, 403, WA_AUTH }, { 200, 403, WA_AUTH }, { 299, 403, WA_AUTH }, { 131005, 403, WA_AUTH },
		{ 368, 403, WA_ACCOUNT }, { 131042, 400, WA_ACCOUNT }, { 131031, 403, WA_ACCOUNT }, { 131000, 500,
		    WA_AGAIN },
		{ 1, 400, WA_AGAIN }, { 2, 503, WA_AGAIN }, { 131016, 500, WA_AGAIN }, { 131053, 400, WA_AGAIN },
		/* Without their own words a proxy may have said it, of what went through. */
		{ -1, 502, WA_UNCERTAIN }, { -1, 302, WA_UNCERTAIN }, { -1, 429, WA_SLOW }, { -1, 401, WA_AUTH },
		{ -1, 408, WA_UNCERTAIN }, { 131008, 408, WA_OURS }, { -1, 400, WA_OURS }, { 999999, 500, WA_AGAIN }, { 999999, 400, WA_OURS },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(row); i++)
		if (wa_error_class(row[i].code, row[i].http) != row[i].c)
			fail_msg("code %d, http %d: %s", row[i].code, row[i].http,
			    wa_class_name(wa_error_class(row[i].code, row[i].http)));
}

/* ---- pairs ---- */

static void
test_pairs(void **state)
{
	struct wa_pairs *p = wa_pairs_new(10, 3, 2);

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_true(wa_pairs_take(p, "a", 1000));
	assert_false(wa_pairs_take(p, "a", 1000));
	assert_true(wa_pairs_take(p, "b", 1000));
	assert_false(wa_pairs_take(p, "a", 6999));
	assert_true(wa_pairs_take(p, "a", 7000));
	assert_false(wa_pairs_take(p, "a", 7000));
	wa_pairs_give_back(p, "a");
	assert_true(wa_pairs_take(p, "a", 7000));
	/* Long quiet gives the burst again and no more. */
	for (int i = 0; i < 3; i++)
		assert_true(wa_pairs_take(p, "a", 1000000));
	assert_false(wa_pairs_take(p, "a", 1000000));
	wa_pairs_empty(p, "b", 1000000);
	assert_false(wa_pairs_take(p, "b", 1005999));
	assert_true(wa_pairs_take(p, "b", 1006000));
	assert_false(wa_pairs_take(p, "b", 1006000));
	/* The one that was not written to for longest makes room. */
	assert_true(wa_pairs_take(p, "c", 1006000));
	assert_int_equal(wa_pairs_count(p), 2);
	assert_true(wa_pairs_take(p, "a", 1006000));
	wa_pairs_free(p);
}

/* Where a picture lies, and what it must come to. */
static void
test_media(void **state)
{
	struct buf text = { 0 };
	struct wa_media m = { 0 };

	(void)state;
	sample_read("media-get-reply.json", &text);
	assert_true(wa_media_parse(text.p, text.len, &m));
	assert_string_equal(m.url,
	    "https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1003383421387256&ext=1791280300&hash=AT");
	assert_string_equal(m.type, "image/jpeg");
	assert_string_equal(m.sha256, "d2ff6ddcb69af1b9ab4efa9edf4dcbdf4c8c12f1a0b1a6a93d1ce2f1b0f6a3d1");
	assert_int_equal(m.octets, 303833);
	assert_false(wa_media_parse(text.p, text.len - 3, &m));
	assert_string_equal(m.url, "");
	assert_false(wa_media_is_gone(500, "", 0));
	assert_true(wa_media_is_gone(404, "", 0));
	buf_clear(&text);
}

int
main(void)
{
#define T(name) cmocka_unit_test_teardown(name, teardown)
	const struct CMUnitTest tests[] = {
		T(test_signature), T(test_every_message), T(test_sum_of_media), T(test_batches), T(test_odd_messages),
		T(test_an_identity_is_no_number),
		T(test_long_texts), T(test_no_webhook), T(test_every_status), T(test_text_out), T(test_buttons_out),
		T(test_list_out), T(test_template_out), T(test_read_out), T(test_answers), T(test_classes),
		    T(test_pairs), T(test_media),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
