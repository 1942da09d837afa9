/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kannel's sendsms (Kannel user guide, "SMS Service", "Delivery reports"): a GET with everything in it, answered 202
 * with "0: Accepted for delivery" or "3: Queued for later delivery", 403, 503 "Temporal failure, try again later." or
 * another 4xx. It gives no id: ours stands in dlr-url, where it fills in %d (a sum of 1 delivered, 2 failed, 4 buffered,
 * 8 accepted by the SMSC, 16 rejected, 32 intermediate), %A and %F. %A may hold a part of the text: never logged. Long
 * messages are cut by Kannel itself, so no udh is sent. What GSM 03.38 lacks goes as coding 2 in UTF-16BE.
 *
 * What customers write comes where its sms-service sends it:
 *   get-url = ".../sms/NAME/inbound?key=KEY&from=%p&to=%P&text=%a&id=%I", with max-messages = 0 (it would send what is
 * answered) and charset UTF-8.
 */
#include <inttypes.h>
#include <string.h>

#include "base/str.h"
#include "core/gsm.h"
#include "core/sms_provider_parts.h"

enum { DELIVERED = 1, FAILED = 2, BUFFERED = 4, ACCEPTED = 8, REJECTED = 16, INTERMEDIATE = 32 };
#define WANTED (DELIVERED | FAILED | BUFFERED | ACCEPTED | REJECTED)
#define TEXT_OCTETS 2048

static void
add_text(struct buf *url, const char *text)
{
	unsigned char octets[TEXT_OCTETS];
	int n;

	if (text_charset(text) == CHARSET_GSM7) {
		form_add(url, "text", text);
		buf_add_str(url, "&coding=0&charset=UTF-8");
		return;
	}
	n = text_encode(CHARSET_UCS2, text, octets, sizeof octets);
	buf_add_str(url, "&coding=2&charset=UTF-16BE&text=");
	form_escape(url, octets, n > 0 ? (size_t)n : 0);
	mem_wipe(octets, sizeof octets);
}

/* Its own marks stay as they are, since Kannel fills them in. */
static void
add_dlr_url(struct buf *url, const char *receipt_url, const char *ours)
{
	struct buf dlr = { 0 };

	buf_add_str(&dlr, receipt_url);
	buf_addf(&dlr, "%sid=%s&s=%%d&a=%%A&f=%%F", strchr(receipt_url, '?') != NULL ? "&" : "?", ours);
	buf_addf(url, "&dlr-mask=%d", WANTED);
	form_add(url, "dlr-url", buf_str(&dlr));
	buf_clear(&dlr);
}

static void
write_call(const struct sms_account *a, const struct sms_text *t, struct sms_call *out)
{
	struct buf query = { 0 };
	char to[PHONE_MAX + 1];

	str_format(to, sizeof to, "+%s", t->to);
	out->method = "GET";
	form_add(&query, "username", a->user);
	form_add(&query, "password", a->secret);
	form_add(&query, "from", a->sender);
	form_add(&query, "to", to);
	add_text(&query, t->text);
	buf_addf(&query, "&validity=%" PRId64, (t->valid_s + 59) / 60);
	if (a->receipt_url[0] != '\0')
		add_dlr_url(&query, a->receipt_url, t->ours);
	buf_add_str(&out->url, "/cgi-bin/sendsms?");
	buf_add(&out->url, query.p, query.len);
	buf_clear(&query);
}

static void
read_answer(int status, const char *body, const json_t *doc, struct sms_said *said)
{
	(void)doc;
	if (status == 404 && str_starts(body, "Not routable"))
		said->verdict = SMS_SAID_REFUSED;
	if (status >= 300)
		return;
	/* 0: accepted, 3: queued; the id is ours. Anything else in a 2xx is not Kannel's. */
	if (!str_starts(body, "0:") && !str_starts(body, "3:"))
		said->verdict = SMS_SAID_UNKNOWN;
	said->code = body[0] == '3' ? 3 : 0;
}

static enum receipt_state
state_of(int64_t mask)
{
	if (mask & DELIVERED)
		return RECEIPT_DELIVERED;
	if (mask & (FAILED | REJECTED))
		return RECEIPT_FAILED;
	return mask & (BUFFERED | ACCEPTED | INTERMEDIATE) ? RECEIPT_PENDING : RECEIPT_UNKNOWN;
}

static bool
read_heard(enum sms_way way, const struct form *query, const struct form *form, const json_t *doc, sms_event_fn *on,
    void *arg)
{
	struct sms_event e = { .kind = SMS_EVENT_RECEIPT };
	const char *id = form_get(query, "id"), *s = form_get(query, "s");
	int64_t mask;

	(void)form, (void)doc;
	if (way == SMS_WAY_INBOUND) {
		e = (struct sms_event){ .kind = SMS_EVENT_INBOUND, .phone = form_get(query, "from"),
			.to = form_get(query, "to"), .text = form_get(query, "text"), .id = id };
		if (e.phone == NULL || e.to == NULL || e.text == NULL)
			return false;
	} else {
		if (way != SMS_WAY_RECEIPT || id == NULL || s == NULL || !str_to_i64(s, 0, 255, &mask))
			return false;
		sms_set_ids(&e, &sms_provider_kannel, NULL, id);
		e.receipt.state = state_of(mask);
		sms_plain(e.receipt.stat, sizeof e.receipt.stat, s);
	}
	on(arg, &e);
	return true;
}

const struct sms_provider_row sms_provider_kannel = {
	.name = "kannel", .needs = SMS_NEEDS_USER | SMS_NEEDS_SECRET | SMS_NEEDS_URL | SMS_NEEDS_PUBLIC,
	.write = write_call, .read_answer = read_answer, .read = read_heard, .repeats_ours = true,
};
