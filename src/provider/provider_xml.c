/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The South African providers that send GETs and want XML: AAT, the former Vodacom Messaging, and Channel Mobile
 * (protocols.md 3, samples aat-vodacom/ and channelmobile/). Neither says when a dialogue is over. The reader takes
 * exactly the elements that they know: what a provider's parser would skip, ours must not send.
 */
#include <string.h>

#include "base/str.h"
#include "provider/provider_parts.h"

struct xml {
	const char *p;
	const char *why;		/* the first thing that is wrong, or NULL */
};

static bool
wrong(struct xml *x, const char *why)
{
	if (x->why == NULL)
		x->why = why;
	return false;
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void
skip_space(struct xml *x)
{
	while (is_space(*x->p))
		x->p++;
}

static bool
is_next(struct xml *x, const char *what)
{
	skip_space(x);
	return str_starts(x->p, what);
}

static bool
take(struct xml *x, const char *what)
{
	if (!is_next(x, what))
		return wrong(x, "it is not the XML that it knows");
	x->p += strlen(what);
	return true;
}

/* &amp; &#10; and so on, at x->p, into out. */
static bool
take_entity(struct xml *x, struct buf *out)
{
	static const struct {
		const char *name;
		char c;
	} names[] = { { "&amp;", '&' }, { "&lt;", '<' }, { "&gt;", '>' }, { "&quot;", '"' }, { "&apos;", '\'' } };
	const char *end = strchr(x->p, ';');
	char number[8], utf8[4];
	int64_t cp;

	for (size_t i = 0; i < NELEM(names); i++)
		if (str_starts(x->p, names[i].name)) {
			buf_add_char(out, names[i].c);
			x->p += strlen(names[i].name);
			return true;
		}
	if (end == NULL || x->p[1] != '#' || !str_copyn(number, sizeof number, x->p + 2, (size_t)(end - x->p - 2)) ||
	    !str_to_i64(number, 9, 0x10ffff, &cp))
		return wrong(x, "an & that stands for nothing");
	buf_add(out, utf8, utf8_encode((uint32_t)cp, utf8));
	x->p = end + 1;
	return true;
}

/* Up to `end`, which is not taken. */
static bool
take_text(struct xml *x, char end, struct buf *out)
{
	buf_reset(out);
	while (*x->p != end) {
		if (*x->p == '\0' || *x->p == '<' || ((unsigned char)*x->p < ' ' && !is_space(*x->p)))
			return wrong(x, "a character that XML has no room for");
		if (*x->p != '&')
			buf_add_char(out, *x->p++);
		else if (!take_entity(x, out))
			return false;
	}
	return true;
}

/* <name>text</name> without attributes. */
static bool
take_element(struct xml *x, const char *name, struct buf *out)
{
	char open[24], close[24];

	str_format(open, sizeof open, "<%s>", name);
	str_format(close, sizeof close, "</%s>", name);
	return take(x, open) && take_text(x, '<', out) && take(x, close);
}

static void
take_prolog(struct xml *x)
{
	const char *end;

	if (is_next(x, "<?xml ") && (end = strstr(x->p, "?>")) != NULL)
		x->p = end + 2;
}

static bool
take_end(struct xml *x)
{
	skip_space(x);
	return *x->p == '\0' || wrong(x, "something follows the document");
}

static bool
finish(struct provider_view *v, const struct xml *x)
{
	v->why = x->why;
	v->text = buf_str(&v->c->shown);
	return x->why == NULL;
}

/* ---- AAT, Vodacom Messaging ---- */

#define OPTION_ATTRIBUTES 4

/* The code is in the first request only; the others go where the reply said. */
static bool
aat_write(const struct provider_call *c, enum provider_event event, int64_t now_ms, struct provider_request *out)
{
	(void)now_ms;
	if (event != PROVIDER_BEGIN && event != PROVIDER_INPUT)
		return false;
	if (event == PROVIDER_INPUT) {
		buf_reset(&out->url);
		buf_add_str(&out->url, buf_str(&c->back));
	}
	provider_query(&out->url, "ussdSessionId", c->id);
	provider_query(&out->url, "msisdn", c->phone);
	provider_query(&out->url, "provider", "Vodacom");
	provider_query(&out->url, "request", buf_str(&c->input));
	return true;
}

struct option {
	struct buf value[OPTION_ATTRIBUTES], text;
};
enum { COMMAND, ORDER, CALLBACK, DISPLAY };

static void
option_clear(struct option *o)
{
	for (size_t i = 0; i < NELEM(o->value); i++)
		buf_clear(&o->value[i]);
	buf_clear(&o->text);
}

static bool
take_attribute(struct xml *x, struct option *o)
{
	static const char *const names[] = {
		[COMMAND] = "command=\"", [ORDER] = "order=\"", [CALLBACK] = "callback=\"", [DISPLAY] = "display=\"",
	};

	for (size_t i = 0; i < NELEM(names); i++)
		if (is_next(x, names[i])) {
			if (o->value[i].len > 0)
				return wrong(x, "an attribute twice");
			x->p += strlen(names[i]);
			return take_text(x, '"', &o->value[i]) && take(x, "\"");
		}
	return wrong(x, "an attribute that it does not know");
}

static bool
take_option(struct xml *x, struct option *o)
{
	if (!take(x, "<option "))
		return false;
	while (!is_next(x, "/>") && !is_next(x, ">"))
		if (!take_attribute(x, o))
			return false;
	for (size_t i = 0; i < NELEM(o->value); i++)
		if (o->value[i].len == 0)
			return wrong(x, "an attribute is missing");
	if (is_next(x, "/>"))
		return take(x, "/>");
	return take(x, ">") && take_text(x, '<', &o->text) && take(x, "</option>");
}

/* What is displayed is drawn under the header; the address of the first option is that of the next answer. */
static bool
use_option(struct xml *x, const struct option *o, struct provider_call *c)
{
	const char *address = buf_str(&o->value[CALLBACK]), *shown = buf_str(&o->value[DISPLAY]);

	if (!str_starts(address, "http://") && !str_starts(address, "https://"))
		return wrong(x, "a callback that is no address");
	if (strcmp(shown, "true") == 0)
		buf_addf(&c->shown, "\n%s %s", buf_str(&o->value[ORDER]), buf_str(&o->text));
	else if (strcmp(shown, "false") != 0)
		return wrong(x, "display is neither true nor false");
	if (c->given.len == 0)
		buf_add_str(&c->given, address);
	return true;
}

static bool
take_options(struct xml *x, struct provider_call *c)
{
	bool good = take(x, "<options>");

	while (good && !is_next(x, "</options>")) {
		struct option o = { 0 };

		good = take_option(x, &o) && use_option(x, &o, c);
		option_clear(&o);
	}
	return good && take(x, "</options>") && (c->given.len > 0 || wrong(x, "options without any option"));
}

static bool
aat_read(struct provider_view *v)
{
	struct xml x = { .p = v->a->body };

	buf_reset(&v->c->given);
	take_prolog(&x);
	if (take(&x, "<request>") && take_element(&x, "headertext", &v->c->shown)) {
		v->open = is_next(&x, "<options>");
		if ((!v->open || take_options(&x, v->c)) && take(&x, "</request>"))
			(void)take_end(&x);
	}
	return finish(v, &x);
}

const struct provider provider_aat = {
	.name = "aat-vodacom", .method = "GET", .reply_type = { "text/xml", "application/xml" }, .session = "d",
	.answer_ms = 10000, .write = aat_write, .read = aat_read,
};

/* ---- Channel Mobile ---- */

static bool
channelmobile_write(const struct provider_call *c, enum provider_event event, int64_t now_ms,
    struct provider_request *out)
{
	(void)now_ms;
	if (event != PROVIDER_BEGIN && event != PROVIDER_INPUT)
		return false;
	provider_query(&out->url, "msisdn", c->phone);
	provider_query(&out->url, "provider", "Telkom_8t");
	provider_query(&out->url, "ussdSessionId", c->id);
	provider_query(&out->url, "request", buf_str(&c->input));
	provider_query(&out->url, "requestid", event == PROVIDER_BEGIN ? "0" : buf_str(&c->back));
	return true;
}

/* It has no word for an end: the phone can always answer. Both elements must be there, once. */
static bool
channelmobile_read(struct provider_view *v)
{
	struct xml x = { .p = v->a->body };

	take_prolog(&x);
	v->open = true;
	if (take(&x, "<request>") && take_element(&x, "displaytext", &v->c->shown) &&
	    take_element(&x, "requestid", &v->c->given) && take(&x, "</request>") && take_end(&x) &&
	    v->c->given.len == 0)
		wrong(&x, "requestid is empty");
	return finish(v, &x);
}

const struct provider provider_channelmobile = {
	.name = "channelmobile", .method = "GET", .reply_type = { "text/xml", "application/xml" }, .session = "d",
	.answer_ms = 10000, .write = channelmobile_write, .read = channelmobile_read,
};
