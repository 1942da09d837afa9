/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/sms_provider.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sodium.h>

#include "base/list.h"
#include "base/log.h"
#include "base/str.h"
#include "core/form.h"
#include "core/gsm.h"
#include "core/phone.h"
#include "core/sms_provider.h"
#include "io/http_client.h"
#include "sandbox/box.h"
#include "sandbox/faults.h"
#include "sandbox/phone.h"
#include "sandbox/sms_provider_forms.h"

#define POST_TRIES 10
#define POST_RETRY_MS 1000
#define POST_MS 10000

struct aim {				/* of one provider: where its gateway is */
	char *url, *public;		/* NULL: not told */
	int64_t taken, refused, posted, heard;
};

struct sms_providers {
	struct box *x;
	struct http_server *server;
	char *secret, *key;
	struct aim aim[SMS_PROVIDERS];
	struct list posts, answers;
	uint64_t next_id;
};

struct post {				/* in posts, until the gateway has taken it */
	struct list node;
	struct sms_providers *s;
	enum sms_provider p;
	struct timer timer;
	char *url, *method, *type, *body, *signature;
	int tries;
};

struct answer {				/* a late one */
	struct list node;
	struct sms_providers *s;
	struct timer timer;
	uint64_t http;
	struct sms_reply reply;
};

/* ---- to the gateway ---- */

static void
post_free(struct post *p)
{
	timer_stop(&p->timer);
	list_remove(&p->node);
	free(p->url);
	free(p->method);
	free(p->type);
	free(p->body);
	free(p->signature);
	free(p);
}

static void
on_posted(void *arg, uint64_t op, const struct http_result *r)
{
	struct post *p = arg;

	(void)op;
	if (r->end == HTTP_ANSWERED && r->status < 300)
		p->s->aim[p->p].heard++;
	else if (++p->tries < POST_TRIES) {
		timer_arm(&p->timer, POST_RETRY_MS);
		return;
	}
	post_free(p);
}

static void
post(void *arg)
{
	struct post *p = arg;
	struct http_out out = { .method = p->method, .url = p->url, .timeout_ms = POST_MS, .body = p->body,
		.len = strlen(p->body), .headers = { p->type, p->signature } };

	p->s->aim[p->p].posted++;
	http_client_request(p->s->x->http, &out, ++p->s->next_id, on_posted, p);
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Twilio's, written down independently of the gateway's: name and value of each field joined, in the order of names. */
static char *
sign(const char *secret, const char *url, const char *body)
{
	struct form f = { 0 };
	struct buf b = { 0 };
	char *pair[FORM_FIELDS], coded[40], header[100];
	unsigned char mac[20];

	if (!form_read(&f, body, strlen(body)))
		fatalx("a form of ours cannot be read");
	for (size_t i = 0; i < f.n; i++) {
		struct buf one = { 0 };

		buf_addf(&one, "%s%s", f.text.p + f.at[i].name, f.text.p + f.at[i].value);
		pair[i] = one.p;
	}
	qsort(pair, f.n, sizeof pair[0], by_text);
	buf_add_str(&b, url);
	for (size_t i = 0; i < f.n; i++) {
		buf_add_str(&b, pair[i]);
		free(pair[i]);
	}
	if (HMAC(EVP_sha1(), secret, (int)strlen(secret), (const unsigned char *)b.p, b.len, mac, NULL) == NULL)
		fatalx("no HMAC-SHA1");
	sodium_bin2base64(coded, sizeof coded, mac, sizeof mac, sodium_base64_VARIANT_ORIGINAL);
	str_format(header, sizeof header, "X-Twilio-Signature: %s", coded);
	buf_clear(&b);
	form_clear(&f);
	return xstrdup(header);
}

/* Behind "scheme://host:port". */
static const char *
path_of(const char *url)
{
	const char *host = strstr(url, "://"), *slash = host != NULL ? strchr(host + 3, '/') : NULL;

	return slash != NULL ? slash : "";
}

/* The way as the gateway knows itself leads to where it really is: what stands between them in the field does that. */
static void
send_post(struct sms_providers *s, enum sms_provider p, const char *path, struct sms_post *what, int64_t after_ms)
{
	const struct aim *a = &s->aim[p];
	struct post *out = xcalloc(1, sizeof *out);
	struct buf url = { 0 }, seen = { 0 }, target = { 0 }, type = { 0 };

	buf_add_str(&target, path);
	if (what->query.len > 0)
		buf_addf(&target, "%s%s", strchr(path, '?') != NULL ? "&" : "?", what->query.p);
	buf_add(&url, a->url, strlen(a->url) - strlen(path_of(a->url)));
	buf_add_str(&url, buf_str(&target));
	buf_addf(&seen, "%s%s", a->public != NULL ? a->public : "", buf_str(&target));
	buf_addf(&type, "Content-Type: %s", what->type != NULL ? what->type : "application/x-www-form-urlencoded");
	out->s = s;
	out->p = p;
	out->url = xstrdup(buf_str(&url));
	out->method = xstrdup(what->method != NULL ? what->method : "POST");
	out->type = xstrdup(buf_str(&type));
	out->body = xstrdup(buf_str(&what->body));
	if (sms_provider_row(p)->needs & SMS_SIGNS)
		out->signature = sign(s->secret, a->public != NULL ? buf_str(&seen) : out->url, out->body);
	list_add_tail(&s->posts, &out->node);
	timer_init(&out->timer, s->x->loop, post, out);
	timer_arm(&out->timer, after_ms > 0 ? after_ms : 1);
	buf_clear(&url);
	buf_clear(&seen);
	buf_clear(&target);
	buf_clear(&type);
	buf_clear(&what->query);
	buf_clear(&what->body);
}

static void
usual_path(const struct sms_providers *s, enum sms_provider p, const char *way, struct buf *out)
{
	buf_addf(out, "%s%s", path_of(s->aim[p].url), way);
	if (s->key[0] != '\0') {
		buf_add_str(out, "?key=");
		form_escape(out, s->key, strlen(s->key));
	}
}

/* What Kannel fills in. */
static void
fill_marks(const char *url, bool delivered, struct buf *out)
{
	for (; *url != '\0'; url++)
		if (str_starts(url, "%d"))
			buf_addf(out, "%d", delivered ? 1 : 2), url++;
		else if (str_starts(url, "%A"))
			buf_add_str(out, delivered ? "id%3A12+stat%3ADELIVRD" : "id%3A12+stat%3AUNDELIV"), url++;
		else if (str_starts(url, "%F"))
			buf_add_str(out, "0000000012"), url++;
		else
			buf_add_char(out, *url);
}

static void
plan_receipt(struct sms_providers *s, enum sms_provider p, const struct sms_seen *m, const char *id, bool delivered,
    int64_t after_ms)
{
	struct sms_note n = { .id = id, .ours = m->ours, .phone = m->to[0] == '+' ? m->to + 1 : m->to,
		.delivered = delivered };
	struct sms_post out = { 0 };
	struct buf path = { 0 };

	if (s->aim[p].url == NULL)
		return;
	if (m->receipt_url[0] != '\0')
		fill_marks(path_of(m->receipt_url), delivered, &path);
	else
		usual_path(s, p, "/receipt", &path);
	sms_forms[p].receipt(&n, &out);
	send_post(s, p, buf_str(&path), &out, after_ms);
	buf_clear(&path);
}

static int
provider_named(const char *name)
{
	for (int i = 0; name != NULL && i < SMS_PROVIDERS; i++)
		if (strcmp(sms_provider_words[i], name) == 0)
			return i;
	return -1;
}

static bool
tell(struct sms_providers *s, const char *provider, const char *way, struct sms_note *n)
{
	int p = provider_named(provider);
	void (*form)(const struct sms_note *n, struct sms_post *out);
	struct sms_post out = { 0 };
	struct buf path = { 0 };
	char id[24];

	if (p < 0 || s->aim[p].url == NULL ||
	    (form = n->text != NULL ? sms_forms[p].inbound : sms_forms[p].opt_out) == NULL)
		return false;
	str_format(id, sizeof id, "mo%" PRIu64, ++s->next_id);
	n->id = id;
	form(n, &out);
	usual_path(s, (enum sms_provider)p, way, &path);
	send_post(s, (enum sms_provider)p, buf_str(&path), &out, 0);
	buf_clear(&path);
	return true;
}

bool
sms_providers_write(struct sms_providers *s, const char *provider, const char *from, const char *to, const char *text)
{
	struct sms_note n = { .phone = from, .number = to, .text = text };

	return tell(s, provider, "/inbound", &n);
}

bool
sms_providers_opt_out(struct sms_providers *s, const char *provider, const char *phone)
{
	struct sms_note n = { .phone = phone };

	return tell(s, provider, "/optout", &n);
}

/* ---- from the gateway ---- */

static void
answer_free(struct answer *a)
{
	timer_stop(&a->timer);
	list_remove(&a->node);
	free(a->reply.body);
	free(a);
}

static void
give(struct sms_providers *s, uint64_t http, const struct sms_reply *r)
{
	http_answer(s->server, http, r->status, r->type, r->body, r->body != NULL ? strlen(r->body) : 0);
}

static void
on_answer_due(void *arg)
{
	struct answer *a = arg;

	give(a->s, a->http, &a->reply);
	answer_free(a);
}

static void
give_later(struct sms_providers *s, uint64_t http, struct sms_reply *r, int64_t ms)
{
	struct answer *a = xcalloc(1, sizeof *a);

	a->s = s;
	a->http = http;
	a->reply = *r;
	r->body = NULL;
	list_add_tail(&s->answers, &a->node);
	timer_init(&a->timer, s->x->loop, on_answer_due, a);
	timer_arm(&a->timer, ms);
}

/* Ids as each writes them. */
static void
new_id(struct sms_providers *s, enum sms_provider p, char out[64])
{
	uint64_t n = ++s->next_id;

	switch (p) {
	case SMS_AFRICASTALKING:
		str_format(out, 64, "ATXid_%032" PRIx64, rng_next(&s->x->rng) ^ n);
		break;
	case SMS_TWILIO:
		str_format(out, 64, "SM%016" PRIx64 "%016" PRIx64, rng_next(&s->x->rng), n);
		break;
	case SMS_CLICKATELL:
		str_format(out, 64, "%016" PRIx64 "%016" PRIx64, rng_next(&s->x->rng), n);
		break;
	case SMS_JSON:
		/* Two that differ by case alone are two. */
		str_format(out, 64, "%s-%" PRIu64, n % 2 ? "Msg" : "mSG", n / 2);
		break;
	default:
		str_format(out, 64, "%" PRIu64, 32000000 + n);
	}
}

static enum sms_take
fault_take(const struct fault *f)
{
	switch (f->what) {
	case FAULT_REFUSE:
		return SMS_TAKE_REFUSED;
	case FAULT_STOPPED:
		return SMS_TAKE_STOPPED;
	case FAULT_BALANCE:
		return SMS_TAKE_BALANCE;
	case FAULT_ERROR:
		return f->status == 429 ? SMS_TAKE_SLOW : f->status == 401 || f->status == 403 ? SMS_TAKE_STRANGER :
		    SMS_TAKES;
	default:
		return SMS_TAKE;
	}
}

static void
show(struct sms_providers *s, enum sms_provider p, const struct sms_seen *m, const char *id)
{
	struct phone_sms sms = { .from = m->from, .text = m->text, .id = id, .parts = sms_parts(m->text) };

	s->aim[p].taken++;
	phones_sms(s->x->phones, m->to[0] == '+' ? m->to + 1 : m->to, &sms);
}

/* What every provider would refuse. */
static const char *
look_at(const struct sms_seen *m)
{
	const char *to = m->to[0] == '+' ? m->to + 1 : m->to;

	return !phone_valid(to) ? "to what is no phone number" : m->text[0] == '\0' ? "without a text" :
	    m->from[0] == '\0' ? "without a sender" : NULL;
}

static void
carry_out(struct sms_providers *s, uint64_t http, enum sms_provider p, enum sms_take take, const struct sms_seen *m,
    const struct fault *f)
{
	struct sms_reply r = { 0 };
	char id[64];

	new_id(s, p, id);
	if (take == SMS_TAKE) {
		show(s, p, m, id);
		if (f->what != FAULT_NO_RECEIPT)
			plan_receipt(s, p, m, id, f->what != FAULT_FAIL, f->what == FAULT_RECEIPT_FIRST ? 0 :
			    s->x->rules.receipt_ms + (f->what == FAULT_FAIL ? f->ms : 0));
	} else
		s->aim[p].refused++;
	if (f->what == FAULT_ERROR && take == SMS_TAKES)
		r = (struct sms_reply){ f->status != 0 ? f->status : 500, NULL, xstrdup(f->body != NULL ? f->body : "") };
	else
		sms_forms[p].answer(take, m, id, &r);
	if (f->what == FAULT_GARBAGE) {
		free(r.body);
		r.body = xstrdup("<html>?");
	}
	if (f->what == FAULT_LOSE_ANSWER)
		http_drop(s->server, http);
	else if (f->what == FAULT_DELAY || f->what == FAULT_RECEIPT_FIRST)
		give_later(s, http, &r, f->ms > 0 ? f->ms : 50);
	else if (f->what != FAULT_NO_ANSWER)
		give(s, http, &r);
	free(r.body);
}

static void
take_send(struct sms_providers *s, uint64_t http, enum sms_provider p, const struct http_req *req, const json_t *doc)
{
	struct sms_seen m = { "", "", "", "", "" };
	struct buf room = { 0 };
	const char *problem = sms_forms[p].read(req, doc, &m, &room);
	struct fault f;
	enum sms_take take = SMS_TAKE;

	f = faults_match(s->x->faults, FAULT_SMS, sms_provider_words[p], m.to);
	if (problem == NULL)
		problem = look_at(&m);
	if (!sms_forms[p].is_ours(req, s->secret)) {
		box_violation(s->x, "sms for %s from a stranger", sms_provider_words[p]);
		take = SMS_TAKE_STRANGER;
	} else if (problem != NULL) {
		box_violation(s->x, "sms for %s: %s", sms_provider_words[p], problem);
		take = SMS_TAKE_BAD;
	} else
		take = fault_take(&f);
	if (f.what == FAULT_DROP_BEFORE)
		http_drop(s->server, http);
	else
		carry_out(s, http, p, take, &m, &f);
	buf_clear(&room);
}

static void
on_request(void *arg, uint64_t id, const struct http_req *req)
{
	struct sms_providers *s = arg;
	static const char none[] = "No provider sends at this path.\n";
	size_t len;
	const char *body = http_req_body(req, &len);
	json_t *doc = len > 0 && body[0] == '{' ? json_loadb(body, len, JSON_REJECT_DUPLICATES, NULL) : NULL;
	int p = 0;

	while (p < SMS_PROVIDERS && (strcmp(sms_forms[p].path, http_req_path(req)) != 0 ||
	    strcmp(sms_forms[p].method, http_req_method(req)) != 0))
		p++;
	if (p < SMS_PROVIDERS)
		take_send(s, id, (enum sms_provider)p, req, doc);
	else {
		box_violation(s->x, "sms to a path of no provider");
		http_answer(s->server, id, 404, NULL, none, sizeof none - 1);
	}
	json_decref(doc);
}

/* ---- its life ---- */

struct sms_providers *
sms_providers_new(struct box *x, const struct sms_providers_options *o, char *err, size_t err_size)
{
	struct sms_providers *s = xcalloc(1, sizeof *s);
	struct http_server_options h = { .name = "sms providers", .address = o->address, .connections = 1000,
		.body_max = 65536, .header_max = 16384, .arrive_s = 30, .idle_s = 300, .answer_s = 3600,
		.handler = on_request, .arg = s };

	s->x = x;
	list_init(&s->posts);
	list_init(&s->answers);
	s->secret = xstrdup(o->secret);
	s->key = xstrdup(o->key);
	if ((s->server = http_server_new(x->loop, &h, err, err_size)) != NULL)
		return s;
	sms_providers_free(s);
	return NULL;
}

void
sms_providers_free(struct sms_providers *s)
{
	struct list *it, *nx;

	if (s == NULL)
		return;
	http_server_free(s->server);
	LIST_EACH(it, nx, &s->answers)
		answer_free(LIST_OF(it, struct answer, node));
	LIST_EACH(it, nx, &s->posts)
		post_free(LIST_OF(it, struct post, node));
	for (int i = 0; i < SMS_PROVIDERS; i++) {
		free(s->aim[i].url);
		free(s->aim[i].public);
	}
	mem_wipe(s->secret, strlen(s->secret));
	free(s->secret);
	free(s->key);
	free(s);
}

int
sms_providers_port(const struct sms_providers *s)
{
	return http_server_port(s->server);
}

bool
sms_providers_aim(struct sms_providers *s, const char *provider, const char *url, const char *public)
{
	int p = provider_named(provider);

	if (p < 0 || url == NULL || path_of(url)[0] == '\0')
		return false;
	free(s->aim[p].url);
	free(s->aim[p].public);
	s->aim[p].url = xstrdup(url);
	s->aim[p].public = public != NULL ? xstrdup(public) : NULL;
	return true;
}

json_t *
sms_providers_counts(const struct sms_providers *s)
{
	json_t *all = json_object();

	for (int i = 0; i < SMS_PROVIDERS; i++)
		json_object_set_new(all, sms_provider_words[i], json_pack("{s:I, s:I, s:I, s:I}", "taken",
		    (json_int_t)s->aim[i].taken, "refused", (json_int_t)s->aim[i].refused, "posted",
		    (json_int_t)s->aim[i].posted, "heard", (json_int_t)s->aim[i].heard));
	return all;
}
