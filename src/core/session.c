/* SPDX-License-Identifier: Apache-2.0 */
#include "core/session.h"

#include <string.h>

static const struct rec_field fields[] = {
	REC(1, REC_STR, session, dlg.menu), REC(2, REC_STR, session, dlg.version),
	REC(3, REC_STR, session, dlg.state), REC(4, REC_STR, session, dlg.lang),
	REC(5, REC_STR, session, dlg.back[0]), REC(6, REC_STR, session, dlg.back[1]),
	REC(7, REC_STR, session, dlg.back[2]), REC(8, REC_STR, session, dlg.back[3]),
	REC(9, REC_STR, session, dlg.back[4]), REC(10, REC_STR, session, dlg.back[5]),
	REC(11, REC_STR, session, dlg.back[6]), REC(12, REC_STR, session, dlg.back[7]),
	REC(13, REC_STR, session, dlg.back[8]), REC(14, REC_STR, session, dlg.back[9]),
	REC(15, REC_STR, session, dlg.back[10]), REC(16, REC_STR, session, dlg.back[11]),
	REC(17, REC_INT, session, dlg.back_n), REC(18, REC_INT, session, dlg.page),
	REC(19, REC_STR, session, dlg.problem), REC_VAR(20, session, dlg.vars.p, dlg.vars.len),
	REC(21, REC_STR, session, dialogue), REC(22, REC_BOOL, session, ended),
	REC(23, REC_I64, session, expires_ms), REC(24, REC_I64, session, touched_ms),
	REC(25, REC_STR, session, turn_key), REC(26, REC_STR, session, answer),
	REC(27, REC_BOOL, session, answer_end), REC(28, REC_I64, session, consumed),
	REC_VAR(29, session, consumed_mac, consumed_mac_len),
	REC(30, REC_BOOL, session, uncounted), REC(31, REC_STR, session, claim_key),
	REC(32, REC_I64, session, claim_until), REC(33, REC_STR, session, intent),
	REC(60, REC_STR, session, trail),
	REC_VAR(90, session, input_mac, input_mac_len),
	REC(100, REC_STR, session, tenant), REC(101, REC_INT, session, resume_s),
	REC(102, REC_STR, session, dlg.offer),
	REC(120, REC_INT, session, handed), REC(121, REC_STR, session, chat), REC(122, REC_BOOL, session, proven),
	REC(123, REC_INT, session, pushes), REC(124, REC_I64, session, pushes_until),
	REC(125, REC_BOOL, session, asks_pin), REC(126, REC_I64, session, proven_for),
};
_Static_assert(MENU_BACK == 12, "fields name each step back");

void
session_encode(const struct session *s, struct buf *out)
{
	rec_encode(fields, NELEM(fields), s, &s->rest, out);
}

bool
session_decode(const void *octets, size_t n, struct session *out)
{
	return rec_decode(fields, NELEM(fields), octets, n, out, &out->rest) &&
	    vars_valid(&out->dlg.vars) && out->resume_s >= 0 && out->dlg.back_n >= 0 && out->dlg.back_n <= MENU_BACK &&
	    out->dlg.page >= 0 && (unsigned)out->handed < HANDED_STATES;
}

int64_t
session_resumable_until(const struct session *s)
{
	return !s->ended && s->dlg.state[0] != '\0' && s->resume_s > 0 ? s->touched_ms + (int64_t)s->resume_s * 1000 : 0;
}

int64_t
session_lives_until(const struct session *s)
{
	int64_t resumable = session_resumable_until(s);

	if (s->ended)
		return 0;
	return resumable > s->expires_ms ? resumable : s->expires_ms;
}
