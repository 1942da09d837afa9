/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must hold between the options of one struct, and between one struct and those read before
 * it.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "config/file.h"
#include "config/reader.h"
#include "core/phone.h"
#include "core/sms_provider.h"

#define PLAIN_MAX_SEPTETS 160	/* of a screen over HTTP, and of one SMS */
#define KEY_FILE_MAX 65536

#define SAY(r, node, ...) jsondoc_problem((r)->doc, node, (r)->problems, __VA_ARGS__)

/*
 * The element's own name is a string and knows its line, which an object shares with its
 * neighbours.
 */
static const json_t *
member(const json_t *node, const char *name)
{
	const json_t *value = json_object_get(node, name);

	return value != NULL && !json_is_boolean(value) ? value : node;
}

static void
check_tls(struct reader *r, const struct tls_settings *t, const json_t *node)
{
	struct buf key = { 0 };
	char why[512];

	if ((t->cert_file[0] != '\0') != (t->key_file[0] != '\0'))
		SAY(r, node, "tls: cert_file and key_file go together");
	if (t->unverified && (t->ca_file[0] != '\0' || t->name[0] != '\0'))
		SAY(r, node, "tls: unverified checks neither ca_file nor name: leave one or the "
		    "other out");
	if (t->key_file[0] != '\0' && !file_read_secret(t->key_file, KEY_FILE_MAX, &key, why,
	    sizeof why))
		SAY(r, member(node, "key_file"), "key_file: %s", why);
	buf_clear(&key);
}

void
reader_check_bind(struct reader *r, struct bind_settings *b, const json_t *node)
{
	const struct settings *s = r->settings;

	for (int i = 0; i < s->binds_n - 1; i++)
		if (strcmp(s->binds[i].name, b->name) == 0)
			SAY(r, member(node, "name"), "there are two binds called \"%s\"", b->name);
	for (int i = 0; i < b->statuses_n; i++)
		for (int k = 0; k < i; k++)
			if (b->statuses[i].status == b->statuses[k].status)
				SAY(r, member(json_array_get(json_object_get(node, "statuses"), (size_t)i), "status"),
				    "statuses: 0x%" PRIx32 " stands there twice", b->statuses[i].status);
	if (b->has_tls)
		check_tls(r, &b->tls, json_object_get(node, "tls"));
	if (b->has_ussd && b->mode != BIND_TRANSCEIVER)
		SAY(r, member(node, "mode"),
		    "a bind with USSD must be a transceiver: it hears and answers");
	if (b->has_ussd)
		reader_check_ussd(r, b, json_object_get(node, "ussd"));
}

/* Options that this kind of channel does not know, or must have. */
static bool
check_channel_options(struct reader *r, const struct channel_settings *c,
    const struct option_group *g, const json_t *node)
{
	const char *kind = json_string_value(json_object_get(node, "kind"));
	bool ok = true;

	for (size_t i = 0; i < g->n; i++) {
		const struct option *o = &g->options[i];
		bool given = json_object_get(node, o->name) != NULL;

		if (given && o->only != 0 && !(o->only & 1u << c->kind)) {
			SAY(r, member(node, o->name),
			    "%s: a channel of kind \"%s\" has no such option", o->name, kind);
			ok = false;
		} else if (!given && o->needed & 1u << c->kind) {
			SAY(r, node, "%s%s is missing: a channel of kind \"%s\" needs it. %s",
			    g->path, o->name, kind, o->help);
			ok = false;
		}
	}
	return ok;
}

/* One code on one bind belongs to one channel, or nobody knows whom the customer dialled. */
static void
check_codes(struct reader *r, const struct channel_settings *c, const json_t *node)
{
	const struct settings *s = r->settings;

	for (int i = 0; i < s->channels_n - 1; i++) {
		const struct channel_settings *other = &s->channels[i];

		if (other->kind != CHANNEL_USSD_SMPP || other->bind != c->bind)
			continue;
		for (int a = 0; a < c->service_codes_n; a++)
			for (int b = 0; b < other->service_codes_n; b++)
				if (strcmp(c->service_codes[a], other->service_codes[b]) == 0)
					SAY(r, member(node, "service_codes"),
					    "service_codes: %s of bind \"%s\" belongs to channel "
					    "\"%s\"",
					    c->service_codes[a], s->binds[c->bind].name,
					    other->name);
	}
}

/* One number on one bind belongs to one tenant, or nobody knows whom the customer wrote to. */
static void
check_number(struct reader *r, const struct channel_settings *c, const char *number, const json_t *at)
{
	const struct settings *s = r->settings;
	const char *country = s->tenants[r->tenant].country;

	for (int i = 0; i < s->channels_n - 1; i++) {
		const struct channel_settings *other = &s->channels[i];
		bool same = phone_same_number(other->sender, number, country);

		if (other->kind != CHANNEL_SMS_SMPP || other->bind != c->bind || other->tenant == c->tenant)
			continue;
		for (int k = 0; k < other->inbound_n; k++)
			same = same || phone_same_number(other->inbound[k], number, country);
		if (same)
			SAY(r, at, "the number \"%s\" of bind \"%s\" belongs to channel \"%s\" of another "
			    "tenant; give each tenant numbers of its own", number, s->binds[c->bind].name, other->name);
	}
}

static void
check_numbers(struct reader *r, const struct channel_settings *c, const json_t *node)
{
	const json_t *inbound = json_object_get(node, "inbound");

	if (phone_is_number(c->sender))
		check_number(r, c, c->sender, member(node, "sender"));
	for (int i = 0; i < c->inbound_n; i++)
		check_number(r, c, c->inbound[i], json_array_get(inbound, (size_t)i));
}

static bool
sender_valid(const char *s)
{
	bool digits = str_all_digits(s[0] == '+' ? s + 1 : s);

	for (const char *p = s; !digits && *p != '\0'; p++)
		if (!isalnum((unsigned char)*p) && strchr(" -_.&", *p) == NULL)
			return false;
	return strlen(s) <= (digits ? 20 : 11);
}

/* The outbox keeps what goes by a bind and what goes by a channel over HTTP under their names. */
static void
check_lane_name(struct reader *r, const struct channel_settings *c, const json_t *node)
{
	const struct settings *s = r->settings;

	for (int i = 0; i < s->binds_n; i++)
		if (strcmp(s->binds[i].name, c->name) == 0 || strcmp(s->binds[i].smsc, c->name) == 0)
			SAY(r, member(node, "name"), "name: a bind is called \"%s\" too, or its smsc; give the channel "
			    "another name", c->name);
}

static void
check_provider(struct reader *r, const struct channel_settings *c, const json_t *node)
{
	const struct sms_provider_row *row = sms_provider_row(c->provider);
	bool service = c->provider == SMS_TWILIO && str_starts(c->sender, "MG");

	if ((row->needs & SMS_NEEDS_USER) && c->user[0] == '\0')
		SAY(r, node, "user is missing: %s wants the name of our account", row->name);
	if ((row->needs & SMS_NEEDS_URL) && c->api_url[0] == '\0')
		SAY(r, node, "api_url is missing: %s has no address that is the same for all", row->name);
	if ((row->needs & SMS_NEEDS_PUBLIC) && r->settings->public_url[0] == '\0')
		SAY(r, member(node, "provider"), "provider: %s calls an address that we give it: public_url, of the main "
		    "file, is missing", row->name);
	if (!(row->needs & SMS_SIGNS) && c->key[0] == '\0' && c->from_n == 0)
		SAY(r, node, "channel \"%s\" has neither key_file nor from, and %s signs nothing: anybody could send receipts "
		    "and messages of customers", c->name, row->name);
	if (!service && !sender_valid(c->sender))
		SAY(r, member(node, "sender"), "sender: must be up to 11 letters and digits, or a number");
}

void
reader_check_channel(struct reader *r, struct channel_settings *c, const struct option_group *g,
    const json_t *node)
{
	const struct settings *s = r->settings;
	const struct bind_settings *b;

	for (int i = 0; i < s->channels_n - 1; i++)
		if (strcmp(s->channels[i].name, c->name) == 0)
			SAY(r, member(node, "name"),
			    "there are two channels called \"%s\" (of any tenant)", c->name);
	if (!check_channel_options(r, c, g, node))
		return;
	b = c->bind >= 0 ? &s->binds[c->bind] : NULL;
	switch (c->kind) {
	case CHANNEL_USSD_SMPP:
		if (!b->has_ussd)
			SAY(r, member(node, "bind"),
			    "bind: \"%s\" has no \"ussd\" and carries no USSD", b->name);
		check_codes(r, c, node);
		break;
	case CHANNEL_USSD_HTTP:
		reader_check_proofs(r, c, node);
		break;
	case CHANNEL_SMS_SMPP:
		if (b->mode == BIND_RECEIVER)
			SAY(r, member(node, "bind"), "bind: \"%s\" is a receiver and cannot send",
			    b->name);
		if (!sender_valid(c->sender))
			SAY(r, member(node, "sender"),
			    "sender: must be up to 11 letters and digits, or a number");
		check_numbers(r, c, node);
		break;
	case CHANNEL_SMS_HTTP:
		check_provider(r, c, node);
		check_lane_name(r, c, node);
		break;
	case CHANNEL_WHATSAPP:
		check_lane_name(r, c, node);
		reader_check_whatsapp(r, c, json_object_get(node, "whatsapp"));
		break;
	}
	if (c->max_septets == 0)
		c->max_septets = b != NULL && b->has_ussd && channel_is_ussd(c->kind) ?
		    b->ussd.max_septets : PLAIN_MAX_SEPTETS;
	else if (b != NULL && b->has_ussd && c->max_septets > b->ussd.max_septets)
		SAY(r, member(node, "max_septets"), "max_septets: the bind \"%s\" carries %d; more would be cut off",
		    b->name, b->ussd.max_septets);
}

void
reader_check_kind(struct reader *r, struct kind_settings *k, const json_t *node)
{
	if (k->name[0] == '\0' && !str_format(k->name, sizeof k->name, "kind.%s", k->type))
		SAY(r, member(node, "type"), "name is missing: \"kind.%s\" would be too long",
		    k->type);
	if (k->min > k->max)
		SAY(r, member(node, "max"), "max: must not be below min");
	else if (k->min % k->step != 0 || k->max % k->step != 0)
		SAY(r, member(node, "step"), "step: min and max must be whole multiples of it");
}

void
reader_check_integrator(struct reader *r, struct integrator_settings *in, const json_t *node)
{
	const struct tenant_settings *t = &r->settings->tenants[r->tenant];

	for (int i = 0; i < t->integrators_n - 1; i++) {
		if (strcmp(t->integrators[i].name, in->name) == 0)
			SAY(r, member(node, "name"), "there are two integrators called \"%s\"",
			    in->name);
		if (memcmp(t->integrators[i].key_sha256, in->key_sha256,
		    sizeof in->key_sha256) == 0)
			SAY(r, member(node, "key_sha256_file"),
			    "key_sha256_file: integrator \"%s\" has the same key",
			    t->integrators[i].name);
	}
}

static void
check_kinds(struct reader *r, struct tenant_settings *t, const json_t *node)
{
	if (json_object_get(node, "kinds") == NULL) {
		memcpy(t->kinds, options_kinds, options_kinds_n * sizeof *options_kinds);
		t->kinds_n = (int)options_kinds_n;
	}
	for (int i = 0; i < t->kinds_n; i++)
		for (int j = 0; j < i; j++)
			if (strcmp(t->kinds[i].type, t->kinds[j].type) == 0)
				SAY(r, member(node, "kinds"), "kinds: \"%s\" stands there twice",
				    t->kinds[i].type);
}

/*
 * Who sends tokens here at all needs a way to do so, or money would be taken and no token arrive.
 */
static bool
sends_tokens(const struct tenant_settings *t)
{
	bool kinds = false;

	for (int i = 0; i < t->kinds_n; i++)
		kinds = kinds || t->kinds[i].token;
	for (int i = 0; i < t->integrators_n; i++)
		if (t->integrators[i].token_sms == TOKEN_SMS_GATEWAY)
			return true;
	return kinds && t->wallet.token_sms == TOKEN_SMS_GATEWAY;
}

static bool
can_be_answered(const struct channel_settings *c)
{
	return !channel_is_sms(c->kind) || phone_is_number(c->sender) || c->inbound_n > 0;
}

/* Whoever gets a notice must be able to answer STOP. */
static void
check_answerable(struct reader *r, const struct tenant_settings *t, const json_t *node)
{
	const struct settings *s = r->settings;
	const json_t *notice = json_object_get(json_object_get(node, "routes"), "notice");
	bool answerable = false;

	for (int i = 0; i < t->routes_n[MSG_NOTICE]; i++) {
		const struct channel_settings *c = &s->channels[t->routes[MSG_NOTICE][i]];

		if (!can_be_answered(c))
			SAY(r, json_array_get(notice, (size_t)i),
			    "routes.notice: nobody can answer STOP to \"%s\", the "
			    "sender of channel \"%s\"; name a channel whose sender is a number, or give this one "
			    "\"inbound\" numbers", c->sender, c->name);
	}
	for (int i = 0; i < s->channels_n; i++)
		answerable = answerable || (s->channels[i].tenant == r->tenant &&
		    channel_is_sms(s->channels[i].kind) && can_be_answered(&s->channels[i]));
	if (t->sms_menu[0] != '\0' && !answerable)
		SAY(r, member(node, "sms_menu"), "sms_menu: no channel of this tenant has a number to write to; give "
		    "one a number as sender, or \"inbound\" numbers");
}

void
reader_check_pin_key(struct reader *r, const struct pin_key *k, const json_t *node)
{
	if (k->file_id != k->id)
		SAY(r, member(node, "id"), "id: the file holds the key %d, not %d; name the file of this key, or write "
		    "the number that stands in it", k->file_id, k->id);
}

/* The newest key is the one that everything new is made with, however the keys are written down. */
static void
check_pin_keys(struct reader *r, struct wallet_settings *w, const json_t *wallet)
{
	bool one = json_object_get(wallet, "pin_key_file") != NULL, list = w->pin_keys_n > 0;

	if (wallet != NULL && one == list)
		SAY(r, wallet, one ? "pin_key_file and pin_keys are both given; put the key of pin_key_file into pin_keys" :
		    "pin_key_file is missing. The key that passwords and MACs are made with from PINs, as isango keygen "
		    "writes it; several keys go into pin_keys");
	for (int i = 0; i < w->pin_keys_n; i++)
		for (int j = 0; j < i; j++)
			if (w->pin_keys[i].id == w->pin_keys[j].id)
				SAY(r, member(wallet, "pin_keys"), "pin_keys: the key %d stands there twice",
				    w->pin_keys[i].id);
	if (list) {
		w->pin_key_id = w->pin_keys[0].id;
		memcpy(w->pin_key, w->pin_keys[0].key, sizeof w->pin_key);
	}
}

/*
 * Runs after mistakes within the tenant too: what could not be read is empty then, and not
 * complained of again.
 */
void
reader_check_tenant(struct reader *r, struct tenant_settings *t, const json_t *node)
{
	const struct settings *s = r->settings;
	const json_t *wallet = json_object_get(node, "wallet_core"), *routes = json_object_get(node,
	    "routes");

	for (int i = 0; i < s->tenants_n - 1; i++) {
		if (t->name[0] != '\0' && strcmp(s->tenants[i].name, t->name) == 0)
			SAY(r, member(node, "name"), "there are two tenants called \"%s\"",
			    t->name);
		/* Integrators name the tenant by this number alone. */
		if (t->wallet.tenant_id != 0 &&
		    s->tenants[i].wallet.tenant_id == t->wallet.tenant_id)
			SAY(r, member(wallet, "tenant_id"),
			    "tenant_id: tenant \"%s\" has the same one", s->tenants[i].name);
	}
	if (t->country[0] != '\0' && (!str_all_digits(t->country) || t->country[0] == '0'))
		SAY(r, member(node, "country"), "country: must be a dialling code such as \"27\"");
	if (t->wallet.pin_check == PIN_CHECK_LOCAL && t->wallet.acts_as_customer)
		SAY(r, member(wallet, "pin_check"),
		    "pin_check: \"local\" gives no login of the customer: acts_as must be "
		    "\"tenant\"");
	if (t->wallet.callback_key[0] != '\0' && s->public_url[0] == '\0')
		SAY(r, member(wallet, "callback_key_file"),
		    "callback_key_file: the wallet core cannot call back while public_url, of the main file, is "
		    "missing: give it, or leave the key out");
	check_pin_keys(r, &t->wallet, wallet);
	check_kinds(r, t, node);
	check_answerable(r, t, node);
	reader_check_token_routes(r, t, node);
	reader_check_chat_routes(r, t, node);
	if (sends_tokens(t) && json_array_size(json_object_get(routes, "token")) == 0)
		SAY(r, member(node, "routes"),
		    "routes.token is empty: token_sms is \"gateway\", so tokens need a channel");
	if (t->result_sms && json_array_size(json_object_get(routes, "result")) == 0)
		SAY(r, member(node, "routes"),
		    "routes.result is empty: outcomes need a channel, or result_sms must be false");
}
