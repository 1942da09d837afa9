/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Providers that want CON or END in front of a text and send all answers so far, joined by '*' (protocols.md 3,
 * samples africastalking/ussd-*, safaricom/). An answer with a '*' in it looks like two: they leave that to us.
 */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/str.h"
#include "provider/provider_parts.h"

#define AT_NETWORK "65501"		/* Vodacom South Africa */

static bool
read_text(struct provider_view *v)
{
	const char *body = v->a->body;

	v->open = str_starts(body, "CON ");
	if (!v->open && !str_starts(body, "END ")) {
		v->why = "it begins with neither CON nor END";
		return false;
	}
	v->text = body + strlen("CON ");
	return true;
}

/* ---- Africa's Talking ---- */

static void
at_dialogue(const struct provider_call *c, struct provider_request *out)
{
	char phone[PHONE_MAX + 1];

	str_format(phone, sizeof phone, "+%s", c->phone);
	provider_field(&out->body, "sessionId", c->id);
	provider_field(&out->body, "serviceCode", c->code);
	provider_field(&out->body, "phoneNumber", phone);
	provider_field(&out->body, "networkCode", AT_NETWORK);
}

/* The notification that follows each dialogue. */
static bool
at_event(const struct provider_call *c, enum provider_event event, int64_t now_ms, struct provider_request *out)
{
	static const char *const status[] = {
		[PROVIDER_DONE] = "Success", [PROVIDER_HANGUP] = "Incomplete", [PROVIDER_TIMEOUT] = "Incomplete",
		[PROVIDER_FAILED] = "Failed",
	};
	struct buf *b = &out->body, last = { 0 };
	time_t now = (time_t)(now_ms / 1000);
	char text[32];
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &tm);
	provider_field(b, "date", text);
	at_dialogue(c, out);
	provider_field(b, "status", status[event]);
	provider_field(b, "cost", event == PROVIDER_FAILED ? "ZAR 0.00" : "ZAR 0.30");
	str_format(text, sizeof text, "%" PRId64, now_ms > c->began_ms ? now_ms - c->began_ms : 0);
	provider_field(b, "durationInMillis", text);
	str_format(text, sizeof text, "%d", c->answers + 1);
	provider_field(b, "hopsCount", text);
	provider_field(b, "input", buf_str(&c->history));
	if (c->shown.len > 0)
		buf_addf(&last, "%s %s", c->open ? "CON" : "END", buf_str(&c->shown));
	provider_field(b, "lastAppResponse", buf_str(&last));
	buf_clear(&last);
	provider_field(b, "errorMessage", event == PROVIDER_FAILED ? "Application did not respond" : "");
	return true;
}

static bool
at_write(const struct provider_call *c, enum provider_event event, int64_t now_ms, struct provider_request *out)
{
	if (event != PROVIDER_BEGIN && event != PROVIDER_INPUT)
		return at_event(c, event, now_ms, out);
	at_dialogue(c, out);
	provider_field(&out->body, "text", buf_str(&c->history));
	return true;
}

const struct provider provider_africastalking = {
	.name = "africastalking", .method = "POST", .request_type = "application/x-www-form-urlencoded",
	.reply_type = { "text/plain" }, .session = "ATUid_x", .answer_ms = 15000,
	.write = at_write, .read = read_text,
};

/* ---- Safaricom ---- */

/* The code is split: *167*7# is DEST 167, and its rest is the beginning of the history. */
static void
safaricom_history(const struct provider_call *c, struct buf *out)
{
	size_t first = strcspn(c->code + 1, "*#") + 1;
	const char *rest = c->code + first;

	if (*rest == '*')
		buf_add(out, rest + 1, strcspn(rest + 1, "#"));
	if (out->len > 0 && c->answers > 0)
		buf_add_char(out, '*');
	buf_add_str(out, buf_str(&c->history));
}

/* It tells nobody when a dialogue is over. */
static bool
safaricom_write(const struct provider_call *c, enum provider_event event, int64_t now_ms, struct provider_request *out)
{
	struct buf history = { 0 };
	char dest[PROVIDER_CODE];

	(void)now_ms;
	if (event != PROVIDER_BEGIN && event != PROVIDER_INPUT)
		return false;
	provider_code_part(c->code, 0, dest);
	safaricom_history(c, &history);
	provider_query(&out->url, "ORIG", c->phone);
	provider_query(&out->url, "DEST", dest);
	provider_query(&out->url, "SESSION_ID", c->id);
	provider_query(&out->url, "USSD_PARAMS", buf_str(&history));
	buf_clear(&history);
	return true;
}

const struct provider provider_safaricom = {
	.name = "safaricom", .method = "GET", .reply_type = { "text/plain" }, .session = "d", .answer_ms = 10000,
	.write = safaricom_write, .read = read_text,
};
