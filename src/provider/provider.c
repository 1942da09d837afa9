/* SPDX-License-Identifier: Apache-2.0 */
/* What all providers have in common: the table of them, addresses, who they say they are, the repetition. */
#include "provider/provider.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/str.h"
#include "provider/provider_parts.h"

static const struct provider *const providers[] = {
	&provider_africastalking, &provider_infobip, &provider_aat, &provider_channelmobile, &provider_mtn,
	&provider_safaricom, &provider_hubtel, &provider_arkesel, &provider_nalo, &provider_nsano, &provider_korba,
	&provider_json,
};

const struct provider *
provider_find(const char *name)
{
	for (size_t i = 0; i < NELEM(providers); i++)
		if (strcmp(providers[i]->name, name) == 0)
			return providers[i];
	return NULL;
}

const char *
provider_name(size_t n)
{
	return n < NELEM(providers) ? providers[n]->name : NULL;
}

int
provider_answer_ms(const struct provider *p)
{
	return p->answer_ms;
}

bool
provider_proof_find(const char *word, enum provider_proof *out)
{
	static const char *const words[] = {
		[BY_NOTHING] = "none", [BY_URL] = "url", [BY_HEADER] = "header", [BY_BASIC] = "basic",
		[BY_HMAC] = "hmac",
	};

	for (size_t i = 0; i < NELEM(words); i++)
		if (strcmp(words[i], word) == 0) {
			*out = (enum provider_proof)i;
			return true;
		}
	return false;
}

/* ---- addresses and bodies ---- */

/* Forms write a blank as '+', addresses here as %20: a reader has to know both. */
static void
add_escaped(struct buf *b, const char *value, bool is_form)
{
	static const char hex[] = "0123456789ABCDEF";

	for (const unsigned char *p = (const unsigned char *)value; *p != '\0'; p++) {
		if ((*p >= '0' && *p <= '9') || ((*p | 32) >= 'a' && (*p | 32) <= 'z') || strchr("-._", *p) != NULL) {
			buf_add_char(b, (char)*p);
		} else if (is_form && *p == ' ') {
			buf_add_char(b, '+');
		} else {
			buf_add_char(b, '%');
			buf_add_char(b, hex[*p >> 4]);
			buf_add_char(b, hex[*p & 15]);
		}
	}
}

void
provider_field(struct buf *b, const char *name, const char *value)
{
	if (b->len > 0)
		buf_add_char(b, '&');
	buf_add_str(b, name);
	buf_add_char(b, '=');
	add_escaped(b, value, true);
}

void
provider_query(struct buf *url, const char *name, const char *value)
{
	buf_add_char(url, strchr(buf_str(url), '?') != NULL ? '&' : '?');
	buf_add_str(url, name);
	buf_add_char(url, '=');
	add_escaped(url, value, false);
}

void
provider_body(struct provider_request *out, json_t *body)
{
	char *text = json_dumps(body, JSON_COMPACT);

	buf_add_str(&out->body, text);
	mem_wipe(text, strlen(text));
	free(text);
	json_decref(body);
}

void
provider_code_part(const char *code, int n, char out[PROVIDER_CODE])
{
	const char *p = code, *end;

	out[0] = '\0';
	for (int i = 0; *p == '*'; i++, p = end) {
		p++;
		end = p + strcspn(p, "*#");
		if (n < 0 || i == n)
			str_copyn(out, PROVIDER_CODE, p, (size_t)(end - p));
		if (i == n)
			return;
	}
}

/* ---- a dialogue ---- */

/* "d" becomes ten digits, "x" 24 hex digits; all else stands for itself. */
static void
write_session(const char *form, uint64_t n, char out[PROVIDER_SESSION])
{
	struct buf b = { 0 };

	for (; *form != '\0'; form++) {
		if (*form == 'd')
			buf_addf(&b, "%" PRIu64, UINT64_C(1000000000) + n % UINT64_C(9000000000));
		else if (*form == 'x')
			buf_addf(&b, "%024" PRIx64, n);
		else
			buf_add_char(&b, *form);
	}
	str_copy(out, PROVIDER_SESSION, buf_str(&b));
	buf_clear(&b);
}

void
provider_call_begin(struct provider_call *c, const struct provider *p, const char *phone, const char *code,
    uint64_t n, int64_t now_ms)
{
	provider_call_clear(c);
	str_copy(c->phone, sizeof c->phone, phone);
	str_copy(c->code, sizeof c->code, code);
	write_session(p->session, n, c->id);
	c->began_ms = now_ms;
}

void
provider_call_clear(struct provider_call *c)
{
	buf_clear(&c->history);
	buf_clear(&c->input);
	buf_clear(&c->given);
	buf_clear(&c->shown);
	buf_clear(&c->back);
	memset(c, 0, sizeof *c);
}

void
provider_request_clear(struct provider_request *r)
{
	buf_clear(&r->url);
	buf_clear(&r->body);
	mem_wipe(r, sizeof *r);
}

/* ---- requests ---- */

static void
add_header(struct provider_request *r, const char *name, const char *value)
{
	str_format(r->headers[r->headers_n++], sizeof r->headers[0], "%s: %s", name, value);
}

static void
add_basic(struct provider_request *r, const char *user, const char *key)
{
	char plain[160], code[sodium_base64_ENCODED_LEN(sizeof plain, sodium_base64_VARIANT_ORIGINAL)];
	char value[sizeof code + sizeof "Basic "];

	str_format(plain, sizeof plain, "%s:%s", user, key);
	sodium_bin2base64(code, sizeof code, (const unsigned char *)plain, strlen(plain),
	    sodium_base64_VARIANT_ORIGINAL);
	str_format(value, sizeof value, "Basic %s", code);
	add_header(r, "Authorization", value);
	mem_wipe(plain, sizeof plain);
}

/* HMAC-SHA256 of the body's octets, as hex. */
static void
add_hmac(struct provider_request *r, const char *name, const char *key)
{
	crypto_auth_hmacsha256_state state;
	unsigned char mac[crypto_auth_hmacsha256_BYTES];
	char hex[2 * sizeof mac + 1], value[sizeof hex + sizeof "sha256="];

	crypto_auth_hmacsha256_init(&state, (const unsigned char *)key, strlen(key));
	crypto_auth_hmacsha256_update(&state, (const unsigned char *)buf_str(&r->body), r->body.len);
	crypto_auth_hmacsha256_final(&state, mac);
	str_hex(mac, sizeof mac, hex);
	str_format(value, sizeof value, "sha256=%s", hex);
	add_header(r, name, value);
}

static bool
is_given(const struct provider_key *k)
{
	return k->key != NULL && k->key[0] != '\0';
}

static void
prove(const struct provider_key *k, struct provider_request *r)
{
	if (!is_given(k))
		return;
	switch (k->way) {
	case BY_HEADER:
		add_header(r, k->name != NULL ? k->name : "X-Api-Key", k->key);
		break;
	case BY_BASIC:
		add_basic(r, k->name != NULL ? k->name : "provider", k->key);
		break;
	case BY_HMAC:
		add_hmac(r, k->name != NULL ? k->name : "X-Signature", k->key);
		break;
	case BY_NOTHING:
	case BY_URL:
		break;
	}
}

static bool
wants_screen(enum provider_event event)
{
	return event == PROVIDER_BEGIN || event == PROVIDER_INPUT;
}

static void
set_text(struct buf *b, const char *text)
{
	buf_reset(b);
	buf_add_str(b, text);
}

/* The address that the provider was given, with the key that belongs to it. */
static void
set_address(const struct provider_site *site, enum provider_event event, struct buf *url)
{
	bool over = !wants_screen(event);

	set_text(url, over && site->event_url != NULL ? site->event_url : site->url);
	for (const struct provider_key *k = site->keys; k < site->keys + PROVIDER_KEYS; k++)
		if (k->way == BY_URL && is_given(k))
			provider_query(url, k->name != NULL ? k->name : "key", k->key);
}

/* A repetition leaves all as it was when that request was made. */
static void
note_request(struct provider_call *c, enum provider_event event, const char *text)
{
	c->number = ++c->sequence;
	if (!wants_screen(event))
		return;
	c->event = event;
	c->turn = c->number;
	set_text(&c->back, buf_str(&c->given));
	set_text(&c->input, event == PROVIDER_BEGIN ? c->code : text);
	if (event == PROVIDER_BEGIN)
		return;
	if (c->answers++ > 0)
		buf_add_char(&c->history, '*');
	buf_add_str(&c->history, text);
}

bool
provider_request(const struct provider_site *site, struct provider_call *c, enum provider_event event,
    const char *text, int64_t now_ms, struct provider_request *out)
{
	const struct provider *p = site->dialect;

	memset(out, 0, sizeof *out);
	if (event == PROVIDER_REPEAT) {
		event = c->event;
		c->number = c->turn;
	} else
		note_request(c, event, text);
	out->method = p->method;
	set_address(site, event, &out->url);
	if (!p->write(c, event, now_ms, out)) {
		provider_request_clear(out);
		return false;
	}
	if (p->request_type != NULL)
		add_header(out, "Content-Type", p->request_type);
	for (size_t i = 0; i < PROVIDER_KEYS; i++)
		prove(&site->keys[i], out);
	return true;
}

/* ---- replies ---- */

const char *
provider_text_of(struct provider_view *v, const char *name)
{
	const char *text = json_string_value(json_object_get(v->json, name));

	if (text == NULL)
		v->why = "a text is missing";
	return text;
}

bool
provider_bool_of(struct provider_view *v, const char *name, bool *out)
{
	const json_t *value = json_object_get(v->json, name);

	if (!json_is_boolean(value)) {
		v->why = "a truth value is missing";
		return false;
	}
	*out = json_is_true(value);
	return true;
}

bool
provider_members(struct provider_view *v, const json_t *object, size_t n)
{
	if (json_object_size(object) == n)
		return true;
	v->why = json_object_size(object) < n ? "a member is missing" : "a member that it does not know";
	return false;
}

bool
provider_echoes(struct provider_view *v, const json_t *object, const char *name, const char *value)
{
	const char *text = json_string_value(json_object_get(object, name));

	if (text != NULL && strcmp(text, value) == 0)
		return true;
	v->why = "what it sent does not come back";
	return false;
}

static bool
has_type(const struct provider *p, const char *type)
{
	for (size_t i = 0; type != NULL && i < NELEM(p->reply_type) && p->reply_type[i] != NULL; i++) {
		size_t n = strlen(p->reply_type[i]);

		if (strncmp(type, p->reply_type[i], n) == 0 && (type[n] == '\0' || type[n] == ';'))
			return true;
	}
	return false;
}

/* What every provider wants of every reply. */
static bool
open_view(const struct provider *p, struct provider_view *v)
{
	if (v->a->status != 200)
		v->why = "the status is not 200";
	else if (!has_type(p, v->a->type))
		v->why = "the content type is another";
	else if (!utf8_valid(v->a->body, v->a->len) || strlen(v->a->body) != v->a->len)
		v->why = "it is no text";
	if (v->why != NULL || !str_starts(p->reply_type[0], "application/json"))
		return v->why == NULL;
	v->json = json_loadb(v->a->body, v->a->len, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(v->json))
		v->why = "it is no JSON object";
	return v->why == NULL;
}

bool
provider_read(const struct provider_site *site, struct provider_call *c, const struct provider_answer *a,
    bool *open, char why[PROVIDER_WHY])
{
	const struct provider *p = site->dialect;
	struct provider_view v = { .c = c, .a = a };
	bool good = open_view(p, &v) && p->read(&v);

	if (good && (v.text == NULL || v.text[0] == '\0')) {
		v.why = "the screen is empty";
		good = false;
	}
	if (good && v.text != buf_str(&c->shown))
		set_text(&c->shown, v.text);
	*open = c->open = v.open;
	if (!good)
		str_format(why, PROVIDER_WHY, "%s cannot take the reply (status %d): %s", p->name, a->status, v.why);
	json_decref(v.json);
	return good;
}

bool
provider_read_end(const struct provider_site *site, const struct provider_answer *a, char why[PROVIDER_WHY])
{
	const struct provider *p = site->dialect;
	struct provider_view v = { .a = a };
	bool good;

	if (p->read_end == NULL)
		good = a->status == 200;
	else
		good = open_view(p, &v) && p->read_end(&v);
	if (!good)
		str_format(why, PROVIDER_WHY, "%s cannot take the reply to an end (status %d): %s", p->name, a->status,
		    v.why != NULL ? v.why : "the status is not 200");
	json_decref(v.json);
	return good;
}
