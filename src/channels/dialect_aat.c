/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AAT / Vodacom Messaging and Channel Mobile, South African gateways for all networks: a GET, and an answer in XML.
 *
 * AAT (aat_ussd of praekeltfoundation/vumi2, vodacom_messaging of vumi): the answer names the URL that the next input
 * goes to, with its parameters added; an answer without <options> is the end. We put the code that was dialled and the
 * number of the screen there, so each process knows what came before, and a request that comes again has its old
 * number. A request without them begins a dialogue. Free input is one option that is not shown (display "false").
 * ussdSessionId may be missing, says vumi2: then the phone alone tells dialogues apart.
 *
 * Channel Mobile (sg1.channelmobile.co.za/api/ussd_api.htm): requestid is 0 in a first request and then what our answer
 * before said. There is no end: with 0 in the last answer whatever follows begins anew (a guess that this is all that
 * can be done; the network ends the dialogue when nothing follows).
 *
 * Neither tells of a hang-up, and neither signs.
 */
#include <inttypes.h>
#include <string.h>

#include "base/str.h"
#include "channels/dialect.h"

#define XML "text/xml; charset=utf-8"

/* false: it is there and no number. */
static bool
number_of(const char *text, struct dialect_in *in)
{
	int64_t n;

	if (text == NULL)
		return true;
	if (!str_to_i64(text, 0, INT32_MAX, &n))
		return false;
	dialect_number(in, n);
	return true;
}

static enum dialect_said
aat_read(const struct dialect_req *req, struct dialect_in *in)
{
	const char *text = http_req_query(req->http, "request"), *code = http_req_query(req->http, "to_addr");
	const char *step = http_req_query(req->http, "step");
	const char *session = http_req_query(req->http, "ussdSessionId");
	bool begins = code == NULL && step == NULL, none = session == NULL || session[0] == '\0';

	if (!dialect_take(req, in, none ? "-" : session, http_req_query(req->http, "msisdn")))
		return DIALECT_BAD;
	if (none)
		in->turn.dialogue[0] = '\0';
	if (!number_of(begins ? "0" : step, in))
		return dialect_bad(in, "step is no number");
	if (text == NULL)
		return dialect_bad(in, "request is missing");
	dialect_code(req, in, begins ? text : code, NULL);
	str_copy(in->way.code, sizeof in->way.code, in->code);
	return dialect_turn(in, begins ? TURN_BEGIN : TURN_INPUT, text);
}

/* The key, where the channel asks for one, is in the provider's own URL too. */
static void
add_callback(const struct dialect_site *site, const struct dialect_way *way, struct buf *out)
{
	size_t n = strlen(site->public_url);

	while (n > 0 && site->public_url[n - 1] == '/')
		n--;
	buf_add(out, site->public_url, n);
	buf_addf(out, "/ussd/%s?to_addr=", site->channel->name);
	dialect_add_query(out, way->code);
	buf_addf(out, "&step=%" PRId64, way->number + 1);
	if (site->channel->key[0] != '\0') {
		buf_add_str(out, "&key=");
		dialect_add_query(out, site->channel->key);
	}
}

static void
aat_write(const struct dialect_site *site, const struct dialect_way *way, const struct reply *r, struct buf *out)
{
	struct buf url = { 0 };

	buf_add_str(out, "<request><headertext>");
	dialect_add_xml(out, r->text);
	buf_add_str(out, "</headertext>");
	if (!r->end) {
		add_callback(site, way, &url);
		buf_add_str(out, "<options><option command=\"1\" order=\"1\" callback=\"");
		dialect_add_xml(out, buf_str(&url));
		buf_add_str(out, "\" display=\"false\" /></options>");
	}
	buf_add_str(out, "</request>");
	buf_clear(&url);
}

static enum dialect_said
cm_read(const struct dialect_req *req, struct dialect_in *in)
{
	const char *text = http_req_query(req->http, "request"), *id = http_req_query(req->http, "requestid");

	if (!dialect_take(req, in, http_req_query(req->http, "ussdSessionId"), http_req_query(req->http, "msisdn")))
		return DIALECT_BAD;
	if (id == NULL || !number_of(id, in))
		return dialect_bad(in, "requestid is missing or no number");
	if (text == NULL)
		return dialect_bad(in, "request is missing");
	dialect_code(req, in, in->way.number == 0 ? text : NULL, NULL);
	return dialect_turn(in, in->way.number == 0 ? TURN_BEGIN : TURN_INPUT, text);
}

static void
cm_write(const struct dialect_site *site, const struct dialect_way *way, const struct reply *r, struct buf *out)
{
	(void)site;
	buf_add_str(out, "<request><displaytext>");
	dialect_add_xml(out, r->text);
	buf_addf(out, "</displaytext><requestid>%" PRId64 "</requestid></request>", r->end ? 0 : way->number + 1);
}

const struct dialect dialect_aat = { .methods = "GET", .type = XML, .read = aat_read, .write = aat_write };
const struct dialect dialect_channelmobile = { .methods = "GET", .type = XML, .read = cm_read, .write = cm_write };
