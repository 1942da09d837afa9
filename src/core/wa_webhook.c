/* SPDX-License-Identifier: Apache-2.0 */
#include "core/wa_webhook.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <sodium.h>

#include "base/str.h"

#define PREFIX "sha256="
#define MAC crypto_auth_hmacsha256_BYTES
#define SECONDS_MAX INT64_C(100000000000)	/* more is milliseconds: the year 5138, or 1973 */

/* ---- who sent it ---- */

static void
mac_of(const char *secret, const void *body, size_t len, unsigned char out[MAC])
{
	crypto_auth_hmacsha256_state st;

	crypto_auth_hmacsha256_init(&st, (const unsigned char *)secret, strlen(secret));
	crypto_auth_hmacsha256_update(&st, body, len);
	crypto_auth_hmacsha256_final(&st, out);
	mem_wipe(&st, sizeof st);
}

void
wa_signature_make(const char *secret, const void *body, size_t len, char out[WA_SIGNATURE_MAX])
{
	unsigned char mac[MAC];
	char hex[2 * MAC + 1];

	mac_of(secret, body, len, mac);
	str_hex(mac, sizeof mac, hex);
	str_format(out, WA_SIGNATURE_MAX, PREFIX "%s", hex);
}

bool
wa_signature_good(const char *header, const char *secret, const void *body, size_t len)
{
	unsigned char theirs[MAC], ours[MAC];
	bool good;

	if (header == NULL || !str_starts(header, PREFIX) ||
	    !str_unhex(header + strlen(PREFIX), strlen(header + strlen(PREFIX)), theirs, sizeof theirs))
		return false;
	mac_of(secret, body, len, ours);
	good = str_equal_secret(ours, theirs, sizeof ours);
	mem_wipe(ours, sizeof ours);
	return good;
}

/* ---- what it says ---- */

struct reading {
	struct wa_webhook *out;
	const char *country;
	char number_id[WA_NUMBER_ID];
	const json_t *contacts;
};

static const char *
text_of(const json_t *o, const char *name)
{
	const char *s = json_string_value(json_object_get(o, name));

	return s != NULL ? s : "";
}

/* As much as fits, of whole characters. */
static void
copy_cut(char *out, size_t size, const char *text)
{
	size_t n = strlen(text);

	if (n >= size) {
		n = size - 1;
		while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
			n--;
	}
	memcpy(out, text, n);
	out[n] = '\0';
}

static int
code_of(const json_t *errors)
{
	const json_t *code = json_object_get(json_array_get(errors, 0), "code");
	json_int_t v = json_integer_value(code);

	return json_is_integer(code) && v >= 0 && v <= INT32_MAX ? (int)v : -1;
}

/* Texts of seconds; of milliseconds at times, and numbers. 0: none. */
static int64_t
time_of(const json_t *o)
{
	const json_t *v = json_object_get(o, "timestamp");
	int64_t at = json_integer_value(v);

	if (json_is_string(v) && !str_to_i64(json_string_value(v), 0, INT64_MAX / 1000, &at))
		at = 0;
	return at <= 0 ? 0 : at < SECONDS_MAX ? at * 1000 : at;
}

static struct wa_item *
add(struct reading *r, enum wa_kind kind)
{
	struct wa_webhook *w = r->out;
	struct wa_item *it;

	w->item = xrealloc(w->item, w->n + 1, sizeof *w->item);
	it = &w->item[w->n++];
	memset(it, 0, sizeof *it);
	it->kind = kind;
	str_copy(it->number_id, sizeof it->number_id, r->number_id);
	return it;
}

/* The contact whom the message is from; messages and contacts need not be in one order. */
static const json_t *
contact_of(const struct reading *r, const char *phone, const char *user)
{
	const json_t *c;
	size_t i;

	json_array_foreach((json_t *)r->contacts, i, c)
		if ((phone[0] != '\0' && strcmp(text_of(c, "wa_id"), phone) == 0) ||
		    (user[0] != '\0' && strcmp(text_of(c, "user_id"), user) == 0))
			return c;
	return phone[0] == '\0' && user[0] == '\0' && json_array_size(r->contacts) == 1 ?
	    json_array_get(r->contacts, 0) : NULL;
}

/* WhatsApp writes numbers in international form, without '+'. */
static void
read_phone(const struct reading *r, const char *text, char out[PHONE_MAX])
{
	char plus[40];

	if (text[0] == '\0' || !str_format(plus, sizeof plus, "%s%s", text[0] == '+' ? "" : "+", text) ||
	    !phone_parse(plus, r->country, out))
		out[0] = '\0';
}

/* Letters, digits and what stands between them, whole or not at all: what goes into keys and paths. */
static bool
read_name(const char *text, char *out, size_t size)
{
	for (const char *c = text; *c != '\0'; c++)
		if (!((*c >= '0' && *c <= '9') || (*c >= 'A' && *c <= 'Z') || (*c >= 'a' && *c <= 'z') ||
		    strchr("._-", *c) != NULL))
			text = "";
	return str_copy(out, size, text) && out[0] != '\0';
}

static void
read_person(const struct reading *r, const json_t *m, struct chat_in *in)
{
	const char *phone = text_of(m, "from"), *user = text_of(m, "from_user_id");
	const json_t *c = contact_of(r, phone, user);

	if (phone[0] == '\0')
		phone = text_of(c, "wa_id");
	if (user[0] == '\0')
		user = text_of(c, "user_id");
	read_phone(r, phone, in->phone);
	/* A name of digits only would be somebody's number, and the chat that number's. */
	if (str_all_digits(user))
		user = "";
	(void)read_name(user, in->user, sizeof in->user);	/* country code, dot, up to 128 letters and digits */
	copy_cut(in->identity, sizeof in->identity, text_of(c, "identity_key_hash"));
}

/* ---- messages ---- */

static void
read_text(const json_t *m, struct chat_in *in)
{
	in->kind = CHAT_TYPED;
	copy_cut(in->text, sizeof in->text, text_of(json_object_get(m, "text"), "body"));
}

static void
read_interactive(const json_t *m, struct chat_in *in)
{
	const json_t *i = json_object_get(m, "interactive");
	const char *type = text_of(i, "type");
	bool known = strcmp(type, "button_reply") == 0 || strcmp(type, "list_reply") == 0;

	/* An id is never cut: half of one could be another one. */
	if (known && str_copy(in->text, sizeof in->text, text_of(json_object_get(i, type), "id")) &&
	    in->text[0] != '\0')
		in->kind = CHAT_TAPPED;
}

/* A button of a template, whose payload its author has chosen: a word like STOP, as if it were typed. */
static void
read_button(const json_t *m, struct chat_in *in)
{
	const json_t *b = json_object_get(m, "button");
	const char *payload = text_of(b, "payload");

	in->kind = CHAT_TYPED;
	copy_cut(in->text, sizeof in->text, payload[0] != '\0' ? payload : text_of(b, "text"));
}

static void
read_media(const json_t *m, struct chat_in *in)
{
	const json_t *o = json_object_get(m, text_of(m, "type"));
	const char *sum = text_of(o, "sha256");
	unsigned char octets[32];
	size_t n;

	if (!read_name(text_of(o, "id"), in->media.id, sizeof in->media.id))
		return;
	in->kind = CHAT_MEDIA;
	copy_cut(in->media.type, sizeof in->media.type, text_of(o, "mime_type"));
	copy_cut(in->media.name, sizeof in->media.name, text_of(o, "filename"));
	copy_cut(in->text, sizeof in->text, text_of(o, "caption"));
	/* Base64 in webhooks, hex where the media are asked for. */
	if (str_unhex(sum, strlen(sum), octets, sizeof octets) ||
	    (sodium_base642bin(octets, sizeof octets, sum, strlen(sum), NULL, &n, NULL,
	    sodium_base64_VARIANT_ORIGINAL) == 0 && n == sizeof octets))
		str_hex(octets, sizeof octets, in->media.sha256);
}

static void
read_film(const json_t *m, struct chat_in *in)
{
	const char *caption = text_of(json_object_get(m, text_of(m, "type")), "caption");

	if (caption[0] == '\0')
		return;
	in->kind = CHAT_TYPED;
	copy_cut(in->text, sizeof in->text, caption);
}

/* No person wrote it. `from` is who it was until now; the text is the new number, or what else is new. */
static void
read_system(const struct reading *r, const json_t *m, struct chat_in *in)
{
	static const char *const news[] = { "wa_id", "new_wa_id", "user_id", "identity" };
	const json_t *s = json_object_get(m, "system");
	char phone[PHONE_MAX];

	in->kind = CHAT_MOVED;
	for (size_t i = 0; i < NELEM(news) && in->text[0] == '\0'; i++) {
		const char *value = text_of(s, news[i]);

		read_phone(r, i < 2 ? value : "", phone);
		copy_cut(in->text, sizeof in->text, phone[0] != '\0' ? phone : value);
	}
}

static const struct {
	const char *type;
	void (*read)(const json_t *m, struct chat_in *in);
} types[] = {
	{ "text", read_text }, { "interactive", read_interactive }, { "button", read_button },
	{ "image", read_media }, { "document", read_media }, { "video", read_film },
	/* audio, sticker, location, contacts, order, unsupported and whatever comes: not readable */
};

static void
read_message(struct reading *r, const json_t *m)
{
	const char *type = text_of(m, "type");
	struct chat_in *in;

	if (strcmp(type, "reaction") == 0 || text_of(m, "id")[0] == '\0') {
		add(r, WA_IGNORED);
		return;
	}
	in = xcalloc(1, sizeof *in);
	in->kind = CHAT_UNREADABLE;
	in->at_ms = time_of(m);
	read_person(r, m, in);
	if (strcmp(type, "system") == 0)
		read_system(r, m, in);
	for (size_t i = 0; i < NELEM(types); i++)
		if (strcmp(types[i].type, type) == 0)
			types[i].read(m, in);
	if ((in->phone[0] == '\0' && in->user[0] == '\0') ||
	    !str_copy(in->id, sizeof in->id, text_of(m, "id"))) {
		r->out->unknown++;
		mem_wipe(in, sizeof *in);
		free(in);
		return;
	}
	add(r, WA_INPUT)->in = in;
}

/* ---- statuses ---- */

static void
read_status(struct reading *r, const json_t *s)
{
	static const struct {
		const char *word;
		enum wa_state state;
	} words[] = {
		{ "sent", WA_SENT }, { "delivered", WA_DELIVERED }, { "read", WA_READ }, { "played", WA_READ },
		{ "failed", WA_FAILED },
	};
	struct wa_status st = { .code = code_of(json_object_get(s, "errors")), .at_ms = time_of(s) };
	const char *word = text_of(s, "status");

	if (!str_copy(st.id, sizeof st.id, text_of(s, "id")))
		st.id[0] = '\0';
	if (!str_copy(st.ours, sizeof st.ours, text_of(s, "biz_opaque_callback_data")))
		st.ours[0] = '\0';
	read_phone(r, text_of(s, "recipient_id"), st.to);
	for (size_t i = 0; i < NELEM(words); i++)
		if (strcmp(words[i].word, word) == 0 && (st.id[0] != '\0' || st.ours[0] != '\0')) {
			st.state = words[i].state;
			add(r, WA_STATUS)->status = st;
			return;
		}
	add(r, WA_IGNORED);	/* "deleted" by the customer, and what is not known yet */
}

static void
read_value(struct reading *r, const json_t *value)
{
	const json_t *one;
	size_t i;

	if (!str_copy(r->number_id, sizeof r->number_id, text_of(json_object_get(value, "metadata"),
	    "phone_number_id")))
		r->number_id[0] = '\0';
	r->contacts = json_object_get(value, "contacts");
	json_array_foreach(json_object_get(value, "messages"), i, one)
		read_message(r, one);
	json_array_foreach(json_object_get(value, "statuses"), i, one)
		read_status(r, one);
	if (json_array_size(json_object_get(value, "errors")) > 0)
		add(r, WA_ERROR)->code = code_of(json_object_get(value, "errors"));
}

static void
read_entry(struct reading *r, const json_t *entry)
{
	const json_t *change;
	size_t i;

	json_array_foreach(json_object_get(entry, "changes"), i, change) {
		if (strcmp(text_of(change, "field"), "messages") == 0)
			read_value(r, json_object_get(change, "value"));
		else
			add(r, WA_IGNORED);
	}
}

bool
wa_webhook_read(const char *body, size_t len, const char *country, struct wa_webhook *out)
{
	json_t *root = json_loadb(body, len, JSON_REJECT_DUPLICATES, NULL);
	const json_t *entries = json_object_get(root, "entry"), *entry;
	bool good = strcmp(text_of(root, "object"), "whatsapp_business_account") == 0 && json_is_array(entries);
	struct reading r = { .out = out, .country = country };
	size_t i;

	memset(out, 0, sizeof *out);
	if (good)
		json_array_foreach((json_t *)entries, i, entry)
			read_entry(&r, entry);
	json_decref(root);
	return good;
}

void
wa_webhook_clear(struct wa_webhook *w)
{
	for (size_t i = 0; i < w->n; i++) {
		if (w->item[i].in != NULL)
			mem_wipe(w->item[i].in, sizeof *w->item[i].in);
		free(w->item[i].in);
	}
	free(w->item);
	memset(w, 0, sizeof *w);
}
