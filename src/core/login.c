/* SPDX-License-Identifier: Apache-2.0 */
#include "core/login.h"

static const struct rec_field fields[] = {
	REC(1, REC_STR, login, jwt), REC(2, REC_I64, login, until), REC(3, REC_STR, login, dialogue),
};

void
login_encode(const struct login *l, struct buf *out)
{
	rec_encode(fields, NELEM(fields), l, &l->rest, out);
}

bool
login_decode(const void *octets, size_t n, struct login *out)
{
	return rec_decode(fields, NELEM(fields), octets, n, out, &out->rest);
}
