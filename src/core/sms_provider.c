/* SPDX-License-Identifier: Apache-2.0 */
#include "core/sms_provider.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sodium.h>

#include "base/log.h"
#include "base/str.h"
#include "core/sms_provider_parts.h"

#define CODE_DIGITS 6		/* of a provider's number of an error, at most */
#define ROWS(R) \
	R(SMS_AFRICASTALKING, "africastalking", sms_provider_africastalking) R(SMS_INFOBIP, "infobip", sms_provider_infobip) \
	R(SMS_CLICKATELL, "clickatell", sms_provider_clickatell) R(SMS_TWILIO, "twilio", sms_provider_twilio) \
	R(SMS_SMSPORTAL, "smsportal", sms_provider_smsportal) R(SMS_KANNEL, "kannel", sms_provider_kannel) \
	R(SMS_JSON, "json", sms_provider_json)

const char *const sms_provider_words[SMS_PROVIDERS + 1] = {
#define R(p, name, row) [p] = name,
	ROWS(R)
#undef R
};

const struct sms_provider_row *
sms_provider_row(enum sms_provider p)
{
	static const struct sms_provider_row *const rows[SMS_PROVIDERS] = {
#define R(p, name, row) [p] = &row,
		ROWS(R)
#undef R
	};

	return rows[p];
}

/* ---- what the providers' files share ---- */

const struct sms_word *
sms_word(const struct sms_word *rows, size_t n, const char *word)
{
	for (size_t i = 0; word != NULL && i < n; i++)
		if (str_equal_fold(rows[i].word, word))
			return &rows[i];
	return NULL;
}

const struct sms_code *
sms_code(const struct sms_code *rows, size_t n, int64_t code)
{
	for (size_t i = 0; i < n; i++)
		if (rows[i].code == code)
			return &rows[i];
	return NULL;
}

void
sms_plain(char *out, size_t size, const char *text)
{
	size_t n = 0;

	for (; text != NULL && *text != '\0' && n + 1 < size; text++)
		if (isalnum((unsigned char)*text) || *text == '_' || *text == '-')
			out[n++] = *text;
	out[n] = '\0';
}

void
sms_set_header(struct buf *b, const char *name, const char *value)
{
	buf_addf(b, "%s: %s", name, value);
}

void
sms_basic(struct buf *header, const char *user, const char *secret)
{
	struct buf plain = { 0 };
	size_t size;
	char *coded;

	buf_addf(&plain, "%s:%s", user, secret);
	size = sodium_base64_ENCODED_LEN(plain.len, sodium_base64_VARIANT_ORIGINAL);
	coded = xcalloc(1, size);
	sodium_bin2base64(coded, size, (const unsigned char *)plain.p, plain.len, sodium_base64_VARIANT_ORIGINAL);
	buf_addf(header, "Authorization: Basic %s", coded);
	mem_wipe(coded, size);
	free(coded);
	buf_clear(&plain);
}

void
sms_set_json(struct sms_call *out, json_t *doc)
{
	char *text = json_dumps(doc, JSON_COMPACT);

	if (text == NULL)
		fatalx("a message cannot be written as JSON");
	buf_add_str(&out->body, text);
	mem_wipe(text, strlen(text));
	free(text);
	json_decref(doc);
	sms_set_header(&out->header[0], "Content-Type", "application/json");
}

const json_t *
sms_member(const json_t *o, const char *name)
{
	const json_t *found = json_object_get(o, name);
	const char *key;
	json_t *value;

	if (found != NULL || !json_is_object(o))
		return found;
	json_object_foreach((json_t *)(uintptr_t)o, key, value)
		if (str_equal_fold(key, name))
			return value;
	return NULL;
}

const char *
sms_json_text(const json_t *o, const char *name, char room[24])
{
	const json_t *v = sms_member(o, name);

	if (json_is_integer(v)) {
		str_format(room, 24, "%" PRId64, (int64_t)json_integer_value(v));
		return room;
	}
	return json_string_value(v);
}

int64_t
sms_json_number(const json_t *o, const char *name)
{
	const json_t *v = sms_member(o, name);
	int64_t n;

	if (json_is_integer(v))
		return json_integer_value(v);
	return json_is_string(v) && str_to_i64(json_string_value(v), INT32_MIN, INT32_MAX, &n) ? n : INT64_MIN;
}

void
sms_fit(const struct sms_provider_row *row, const char *id, char out[RECEIPT_ID])
{
	if (row->case_matters)
		provider_id_fit(id, out);
	else
		provider_id_short(id, out);
}

void
sms_set_ids(struct sms_event *e, const struct sms_provider_row *row, const char *theirs, const char *ours)
{
	if (theirs != NULL)
		sms_fit(row, theirs, e->receipt.id);
	if (ours != NULL)
		sms_fit(row, ours, e->receipt.tlv_id);
}

const json_t *
sms_element(const json_t *list, size_t i)
{
	if (!json_is_array(list))
		return i == 0 ? list : NULL;
	return json_array_get(list, i);
}

/* ---- what everybody calls ---- */

void
sms_provider_write(const struct sms_account *a, const struct sms_text *t, struct sms_call *out)
{
	out->method = "POST";
	buf_add_str(&out->url, a->url);
	while (out->url.len > 0 && out->url.p[out->url.len - 1] == '/')
		out->url.p[--out->url.len] = '\0';
	sms_provider_row(a->provider)->write(a, t, out);
}

void
sms_provider_keep_id(enum sms_provider p, const char *id, char out[RECEIPT_ID])
{
	sms_fit(sms_provider_row(p), id, out);
}

void
sms_call_clear(struct sms_call *c)
{
	buf_clear(&c->url);
	buf_clear(&c->body);
	for (size_t i = 0; i < NELEM(c->header); i++)
		buf_clear(&c->header[i]);
}

/*
 * What a status says by itself. 503 is said before anything is done; behind another 5xx or a time that was over the
 * message may have been taken.
 */
static enum sms_verdict
of_status(int status)
{
	static const struct sms_code rows[] = {
		{ 400, SMS_SAID_REFUSED, false }, { 413, SMS_SAID_REFUSED, false }, { 422, SMS_SAID_REFUSED, false },
		{ 408, SMS_SAID_UNKNOWN, false }, { 409, SMS_SAID_REFUSED, false },
		{ 425, SMS_SAID_SLOW, false }, { 429, SMS_SAID_SLOW, false }, { 503, SMS_SAID_SLOW, false },
	};
	const struct sms_code *row = SMS_CODE_OF(rows, status);

	if (row != NULL)
		return (enum sms_verdict)row->meaning;
	if (status >= 200 && status < 300)
		return SMS_SAID_ACCEPTED;
	/* A wrong key, no credit, a wrong address: no message will do better. */
	return status >= 300 && status < 500 ? SMS_SAID_SHUT : SMS_SAID_UNKNOWN;
}

/* A sentence of theirs may name the phone: digits go. */
static void
drop_digits(char *word)
{
	char *to = word;

	for (; *word != '\0'; word++)
		if (!isdigit((unsigned char)*word))
			*to++ = *word;
	*to = '\0';
}

void
sms_provider_answer(enum sms_provider p, int status, const char *body, size_t len, struct sms_said *out)
{
	json_t *doc = NULL;

	memset(out, 0, sizeof *out);
	out->code = status;
	out->verdict = of_status(status);
	if (status >= 500 || status == 429)
		return;
	doc = json_loadb(body, len, JSON_REJECT_DUPLICATES, NULL);
	sms_provider_row(p)->read_answer(status, body, doc, out);
	drop_digits(out->word);
	json_decref(doc);
}

/* Codes have digits too, but not as many in a row as a phone that somebody has written there; or a part of it. */
static void
drop_phone(char *word)
{
	size_t row = 0;

	for (const char *p = word; *p != '\0' && row <= CODE_DIGITS; p++)
		row = isdigit((unsigned char)*p) ? row + 1 : 0;
	if (row > CODE_DIGITS)
		drop_digits(word);
}

struct counted {			/* events of one request */
	sms_event_fn *on;
	void *arg;
	size_t n;
};

static void
count(void *arg, const struct sms_event *e)
{
	struct counted *c = arg;
	struct sms_event shown = *e;

	/* Both go into the log. */
	drop_phone(shown.receipt.stat);
	drop_phone(shown.receipt.err);
	if (++c->n <= SMS_EVENTS_MAX)
		c->on(c->arg, &shown);
}

bool
sms_provider_read(enum sms_provider p, enum sms_way way, const struct sms_heard *h, sms_event_fn *on, void *arg)
{
	const char *question = strchr(h->target, '?'), *first = h->body + strspn(h->body, " \t\r\n");
	struct counted c = { on, arg, 0 };
	struct form query = { 0 }, form = { 0 };
	json_t *doc = NULL;
	bool ok = true;

	/* By what it is, not by what its Content-Type says: SMSPortal calls JSON text. */
	if (question != NULL)
		ok = form_read(&query, question + 1, strlen(question + 1));
	if (*first == '{' || *first == '[')
		ok = ok && (doc = json_loadb(h->body, h->len, JSON_REJECT_DUPLICATES, NULL)) != NULL;
	else
		ok = ok && form_read(&form, h->body, h->len);
	ok = ok && sms_provider_row(p)->read(way, &query, &form, doc, count, &c) && c.n <= SMS_EVENTS_MAX;
	json_decref(doc);
	form_clear(&query);
	form_clear(&form);
	return ok;
}

/* ---- signatures ---- */

#define HMAC_SHA1 20
#define HMAC_SHA1_BASE64 29		/* with the NUL */

static const struct form *sorted;	/* by by_name() during qsort() only */

static int
by_name(const void *a, const void *b)
{
	size_t x = *(const size_t *)a, y = *(const size_t *)b;
	const char *p = sorted->text.p;
	int n = strcmp(p + sorted->at[x].name, p + sorted->at[y].name);

	return n != 0 ? n : strcmp(p + sorted->at[x].value, p + sorted->at[y].value);
}

/* Twilio: base64 of HMAC-SHA1(auth token, URL and every field of the form, sorted by name, name and value joined). */
static void
sign_url_and_fields(const char *secret, const char *url, const struct form *f, char out[HMAC_SHA1_BASE64])
{
	struct buf b = { 0 };
	size_t order[FORM_FIELDS];
	unsigned char mac[HMAC_SHA1];

	for (size_t i = 0; i < f->n; i++)
		order[i] = i;
	sorted = f;
	qsort(order, f->n, sizeof order[0], by_name);
	buf_add_str(&b, url);
	for (size_t i = 0; i < f->n; i++) {
		buf_add_str(&b, f->text.p + f->at[order[i]].name);
		buf_add(&b, f->text.p + f->at[order[i]].value, f->at[order[i]].len);
	}
	if (HMAC(EVP_sha1(), secret, (int)strlen(secret), (const unsigned char *)buf_str(&b), b.len, mac, NULL) == NULL)
		fatalx("no HMAC-SHA1");
	sodium_bin2base64(out, HMAC_SHA1_BASE64, mac, sizeof mac, sodium_base64_VARIANT_ORIGINAL);
	buf_clear(&b);
}

bool
sms_provider_signed(enum sms_provider p, const char *secret, const char *public_url, const struct sms_heard *h)
{
	struct form f = { 0 };
	struct buf url = { 0 };
	char ours[HMAC_SHA1_BASE64];
	bool good;

	if (!(sms_provider_row(p)->needs & SMS_SIGNS) || h->signature == NULL || secret[0] == '\0' ||
	    strlen(h->signature) != sizeof ours - 1 || !form_read(&f, h->body, h->len))
		return false;
	buf_add_str(&url, public_url);
	while (url.len > 0 && url.p[url.len - 1] == '/')
		url.p[--url.len] = '\0';
	buf_add_str(&url, h->target);
	sign_url_and_fields(secret, buf_str(&url), &f, ours);
	good = str_equal_secret(ours, h->signature, sizeof ours - 1);
	buf_clear(&url);
	form_clear(&f);
	return good;
}
