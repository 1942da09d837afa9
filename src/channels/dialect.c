/* SPDX-License-Identifier: Apache-2.0 */
#include "channels/dialect.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "core/phone.h"
#include "core/ussd_dialect.h"

#define IMSI_MIN 6
#define IMSI_MAX 15

static const struct dialect *const dialects[HTTP_DIALECTS] = {
	[DIALECT_AFRICASTALKING] = &dialect_africastalking,
	[DIALECT_INFOBIP] = &dialect_infobip,
	[DIALECT_AAT] = &dialect_aat,
	[DIALECT_CHANNELMOBILE] = &dialect_channelmobile,
	[DIALECT_MTN] = &dialect_mtn,
	[DIALECT_SAFARICOM] = &dialect_safaricom,
	[DIALECT_HUBTEL] = &dialect_hubtel,
	[DIALECT_ARKESEL] = &dialect_arkesel,
	[DIALECT_NALO] = &dialect_nalo,
	[DIALECT_NSANO] = &dialect_nsano,
	[DIALECT_KORBA] = &dialect_korba,
	[DIALECT_JSON] = &dialect_json,
};

const struct dialect *
dialect_of(const struct channel_settings *c)
{
	int i = http_dialect_find(c->dialect);

	if (i < 0)
		fatalx("channel %s: no dialect \"%s\"", c->name, c->dialect);
	return dialects[i];
}

/* ---- the request as a whole ---- */

static bool
has_word(const char *words, const char *word)
{
	size_t n = strlen(word);

	for (const char *at = words; (at = strstr(at, word)) != NULL; at += n)
		if ((at == words || at[-1] == ' ') && (at[n] == '\0' || at[n] == ' '))
			return true;
	return false;
}

/* Twice the same name is once too often: who reads the other one reads another request. */
static json_t *
read_json(const struct http_req *http)
{
	size_t len;
	const char *body = http_req_body(http, &len);

	return json_loadb(body, len, JSON_REJECT_DUPLICATES, NULL);
}

enum dialect_said
dialect_read(const struct dialect *d, struct dialect_req *req, struct dialect_in *in, json_t **body)
{
	const char *method = http_req_method(req->http);

	*body = NULL;
	in->way.number = -1;
	if (req->rest[0] != '\0' && !d->paths)
		return DIALECT_NO_PATH;
	if (!has_word(d->methods, method))
		return DIALECT_NO_METHOD;
	if (http_req_repeats(req->http))
		return dialect_bad(in, "a parameter stands there twice");
	if (d->json && strcmp(method, "GET") != 0) {
		*body = read_json(req->http);
		if (!json_is_object(*body))
			return dialect_bad(in, "the body is no JSON object, or names something twice");
		req->json = *body;
	}
	return d->read(req, in);
}

/* ---- what dialects have in common ---- */

enum dialect_said
dialect_bad(struct dialect_in *in, const char *problem)
{
	in->problem = problem;
	return DIALECT_BAD;
}

/* It goes back to them, and into records: printable ASCII, without a blank. */
static bool
is_id(const char *s)
{
	if (s == NULL || *s == '\0')
		return false;
	for (; *s != '\0'; s++)
		if (*s <= ' ' || *s >= 0x7f)
			return false;
	return true;
}

bool
dialect_session(struct dialect_in *in, const char *session)
{
	if (!is_id(session) || !str_copy(in->turn.dialogue, sizeof in->turn.dialogue, session))
		in->problem = "the id of the session is missing, too long, or not plain";
	(void)str_copy(in->way.session, sizeof in->way.session, in->turn.dialogue);
	return in->problem == NULL;
}

bool
dialect_take(const struct dialect_req *req, struct dialect_in *in, const char *session, const char *phone)
{
	if (!dialect_session(in, session))
		return false;
	if (phone == NULL || !phone_parse(phone, req->site.country, in->turn.phone))
		in->problem = "the phone is missing or no phone number";
	else if (!str_copy(in->way.phone, sizeof in->way.phone, phone))
		in->problem = "the phone is too long";
	return in->problem == NULL;
}

static bool
is_like_code(const char *s)
{
	return (s[0] == '*' || s[0] == '#') && strlen(s) < DIALECT_CODE && strspn(s, "*#0123456789") == strlen(s);
}

/* Without what frames it: "120*384". */
static void
bare(const char *code, char out[DIALECT_CODE])
{
	size_t n;

	code += strspn(code, "*#");
	n = strlen(code);
	while (n > 0 && code[n - 1] == '#')
		n--;
	(void)str_copyn(out, DIALECT_CODE, code, n);
}

/* "384" or "120*384" of "*120*384#". */
static bool
is_short_of(const char *ours, const char *told)
{
	char whole[DIALECT_CODE], theirs[DIALECT_CODE];
	size_t n, k;

	bare(ours, whole);
	bare(told, theirs);
	n = strlen(whole);
	k = strlen(theirs);
	if (k == 0 || k > n || strcmp(whole + n - k, theirs) != 0)
		return ussd_code_is_short(ours, told);
	return k == n || whole[n - k - 1] == '*';
}

void
dialect_code(const struct dialect_req *req, struct dialect_in *in, const char *dialled, const char *told)
{
	const struct channel_settings *c = req->site.channel;
	const char *said[] = { dialled, told }, *found = NULL;

	for (size_t i = 0; found == NULL && i < NELEM(said); i++)
		if (said[i] != NULL && is_like_code(said[i]))
			found = said[i];
	for (size_t i = 0; found == NULL && i < NELEM(said); i++)
		for (int k = 0; said[i] != NULL && found == NULL && k < c->service_codes_n; k++)
			if (is_short_of(c->service_codes[k], said[i]))
				found = c->service_codes[k];
	if (found == NULL)
		found = c->service_codes[0];
	(void)str_copy(in->code, sizeof in->code, found);
	in->turn.service_code = in->code;
}

bool
dialect_is_our_code(const struct dialect_req *req, const char *text)
{
	const struct channel_settings *c = req->site.channel;

	for (int i = 0; is_like_code(text) && i < c->service_codes_n; i++)
		if (ussd_code_matches(c->service_codes[i], text))
			return true;
	return false;
}

enum dialect_said
dialect_turn(struct dialect_in *in, enum turn_kind kind, const char *text)
{
	if (kind == TURN_BEGIN)
		text = "";
	if (text == NULL)
		return dialect_bad(in, "the input is missing or no text");
	if (!utf8_valid(text, strlen(text)))
		return dialect_bad(in, "the input is not UTF-8");
	in->turn.kind = kind;
	in->turn.text = text;
	if (in->way.number >= 0) {
		(void)str_format(in->turn.key, sizeof in->turn.key, "%c%" PRId64, kind == TURN_BEGIN ? 'b' : 'i',
		    in->way.number);
		in->turn.counts_up = true;
	}
	return DIALECT_TURN;
}

enum dialect_said
dialect_over(struct dialect_in *in)
{
	in->turn.kind = TURN_ABORT;
	in->turn.text = "";
	return DIALECT_OVER;
}

void
dialect_number(struct dialect_in *in, int64_t number)
{
	in->way.number = number;
}

void
dialect_imsi(const struct dialect_req *req, struct dialect_in *in, const char *imsi)
{
	size_t n = imsi != NULL && str_all_digits(imsi) ? strlen(imsi) : 0;

	if (req->site.channel->takes_imsi && n >= IMSI_MIN && n <= IMSI_MAX)
		(void)str_copy(in->turn.imsi, sizeof in->turn.imsi, imsi);
}

/* ---- JSON ---- */

const char *
dialect_text(const json_t *o, const char *name, char room[DIALECT_DIGITS])
{
	const json_t *v = json_object_get(o, name);

	if (!json_is_integer(v))
		return json_string_value(v);
	(void)str_format(room, DIALECT_DIGITS, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
	return room;
}

bool
dialect_int(const json_t *o, const char *name, int64_t *out)
{
	char room[DIALECT_DIGITS];
	const char *text = dialect_text(o, name, room);

	return text != NULL && str_to_i64(text, 0, INT32_MAX, out);
}

bool
dialect_flag(const json_t *o, const char *name, bool *out)
{
	const json_t *v = json_object_get(o, name);
	const char *text = json_string_value(v);

	*out = json_is_true(v) || (text != NULL && str_equal_fold(text, "true"));
	return json_is_boolean(v) || (text != NULL && (*out || str_equal_fold(text, "false")));
}

void
dialect_add_json(struct buf *out, json_t *o)
{
	char *text = json_dumps(o, JSON_COMPACT);

	buf_add_str(out, text != NULL ? text : "{}");
	if (text != NULL)
		mem_wipe(text, strlen(text));
	free(text);
	json_decref(o);
}

/* ---- XML and URLs ---- */

void
dialect_add_xml(struct buf *out, const char *text)
{
	static const struct {
		char c;
		const char *as;
	} escapes[] = {
		{ '&', "&amp;" }, { '<', "&lt;" }, { '>', "&gt;" }, { '"', "&quot;" }, { '\'', "&apos;" },
		{ '\n', "&#10;" }, { '\t', "&#9;" },
	};

	for (; *text != '\0'; text++) {
		const char *as = NULL;

		for (size_t i = 0; i < NELEM(escapes); i++)
			if (escapes[i].c == *text)
				as = escapes[i].as;
		if (as != NULL)
			buf_add_str(out, as);
		else if ((unsigned char)*text >= ' ')	/* XML 1.0 has no other control characters, not even escaped */
			buf_add_char(out, *text);
	}
}

void
dialect_add_query(struct buf *out, const char *value)
{
	for (; *value != '\0'; value++) {
		unsigned char c = (unsigned char)*value;

		if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
		    strchr("-._~", c) != NULL)
			buf_add_char(out, (char)c);
		else
			buf_addf(out, "%%%02X", c);
	}
}
