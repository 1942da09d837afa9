/* SPDX-License-Identifier: Apache-2.0 */
#include "core/request.h"

#include <string.h>

static const struct rec_field fields[] = {
	REC(1, REC_I64, request, number), REC(2, REC_STR, request, act), REC(3, REC_STR, request, who),
	REC(4, REC_I64, request, at), REC(5, REC_STR, request, reason), REC(6, REC_STR, request, owner),
	REC(7, REC_STR, request, phone), REC(8, REC_STR, request, intent), REC(9, REC_BOOL, request, done),
	REC(10, REC_I64, request, seen), REC(11, REC_INT, request, state), REC(12, REC_STR, request, decided_by),
	REC(13, REC_I64, request, decided_at),
};

void
request_encode(const struct request *r, struct buf *out)
{
	rec_encode(fields, NELEM(fields), r, &r->rest, out);
}

bool
request_decode(const void *octets, size_t n, struct request *out)
{
	return rec_decode(fields, NELEM(fields), octets, n, out, &out->rest) &&
	    (unsigned)out->state < REQUEST_STATES && out->number > 0 && out->at > 0 && out->at < INT64_MAX / 2 &&
	    operator_act_find(out->act) != NULL;
}

const char *
request_state_name(enum request_state s)
{
	static const char *const name[REQUEST_STATES] = { "open", "approved", "carried_out", "rejected", "stale" };

	return name[s];
}

bool
request_waits(const struct request *r, int64_t now)
{
	return r->state <= REQUEST_APPROVED && now - r->at < REQUEST_LIFE_MS;
}

enum request_answer
request_decide(const struct request *r, const char *who, bool approve, int64_t now)
{
	if (r->state > REQUEST_APPROVED || (r->state == REQUEST_APPROVED && !approve))
		return REQUEST_DECIDED;
	if (now - r->at >= REQUEST_LIFE_MS)
		return REQUEST_LAPSED;
	return strcmp(r->who, who) == 0 ? REQUEST_OWN : REQUEST_YES;
}
