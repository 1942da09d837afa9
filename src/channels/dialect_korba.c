/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Korba and TxtGhana (cybersai/ussd): JSON around the ops of USSD over SMPP, in decimal: 1 begins, 18 brings an input,
 * 2 asks on, 17 ends. The other ops are those of the networks behind (SMPP+: 129 is a release, 146 an input that is the
 * last one); what is in no list is taken for an input, and counted. Nothing counts the requests, nothing is signed.
 */
#include "base/metric.h"
#include "channels/dialect.h"

enum { OP_CONTINUE = 2, OP_END = 17 };

static const struct {
	int64_t op;
	enum dialect_said says;
	enum turn_kind kind;
} ops[] = {
	{ 0, DIALECT_TURN, TURN_BEGIN },		/* PSSD indication */
	{ 1, DIALECT_TURN, TURN_BEGIN },		/* PSSR indication */
	{ 2, DIALECT_TURN, TURN_INPUT },
	{ 18, DIALECT_TURN, TURN_INPUT },		/* USSR confirm */
	{ 3, DIALECT_NOTED, TURN_ABORT },		/* a notification, and that it was shown */
	{ 19, DIALECT_NOTED, TURN_ABORT },
	{ 16, DIALECT_OVER, TURN_ABORT },
	{ 17, DIALECT_OVER, TURN_ABORT },
	{ 128, DIALECT_OVER, TURN_ABORT },
	{ 129, DIALECT_OVER, TURN_ABORT },
	{ 146, DIALECT_OVER, TURN_ABORT },		/* no answer to it would be shown */
};

static enum dialect_said
korba_read(const struct dialect_req *req, struct dialect_in *in)
{
	char session[DIALECT_DIGITS], phone[DIALECT_DIGITS];
	const char *input = dialect_text(req->json, "ussdString", in->digits);
	enum dialect_said says = DIALECT_TURN;
	enum turn_kind kind = TURN_INPUT;
	bool known = false;
	int64_t op;

	if (!dialect_take(req, in, dialect_text(req->json, "sessionID", session),
	    dialect_text(req->json, "msisdn", phone)))
		return DIALECT_BAD;
	if (!dialect_int(req->json, "ussdServiceOp", &op))
		return dialect_bad(in, "ussdServiceOp is missing or no number");
	for (size_t i = 0; i < NELEM(ops); i++)
		if (ops[i].op == op) {
			known = true;
			says = ops[i].says;
			kind = ops[i].kind;
		}
	metric_add(M_USSD_OP_UNKNOWN, !known);
	dialect_code(req, in, kind == TURN_BEGIN ? input : NULL, kind == TURN_BEGIN ? input : NULL);
	return says == DIALECT_TURN ? dialect_turn(in, kind, input) : says == DIALECT_OVER ? dialect_over(in) : says;
}

static void
korba_write(const struct dialect_site *site, const struct dialect_way *way, const struct reply *r, struct buf *out)
{
	(void)site;
	(void)way;
	dialect_add_json(out, json_pack("{s:s,s:i}", "message", r->text, "ussdServiceOp",
	    r->end ? OP_END : OP_CONTINUE));
}

static void
korba_acknowledge(const struct dialect_site *site, const struct dialect_way *way, struct buf *out)
{
	struct reply r = { "", true };

	korba_write(site, way, &r, out);
}

const struct dialect dialect_korba = {
	.methods = "POST", .type = "application/json", .json = true, .read = korba_read, .write = korba_write,
	.acknowledge = korba_acknowledge,
};
