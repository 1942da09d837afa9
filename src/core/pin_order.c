/* SPDX-License-Identifier: Apache-2.0 */
#include "core/pin_order.h"

static const struct rec_field fields[] = {
	REC(1, REC_INT, pin_order, w.kind), REC(2, REC_INT, pin_order, w.key_id),
	REC_VAR(3, pin_order, w.mac, mac_len),
	REC(4, REC_I64, pin_order, customer_id), REC(5, REC_STR, pin_order, password), REC(6, REC_STR, pin_order, id),
	REC(7, REC_STR, pin_order, owner), REC(8, REC_STR, pin_order, tenant), REC(9, REC_STR, pin_order, lang),
	REC(10, REC_I64, pin_order, begun_at), REC(11, REC_BOOL, pin_order, ended), REC(12, REC_INT, pin_order, how),
	REC(13, REC_BOOL, pin_order, told),
};

bool
pin_order_lasts(const struct pin_order *o)
{
	return o->w.kind != PIN_WRITE_ROTATE && o->w.kind != PIN_WRITE_RETIRE;
}

void
pin_order_encode(const struct pin_order *o, struct buf *out)
{
	rec_encode(fields, NELEM(fields), o, &o->rest, out);
}

bool
pin_order_decode(const void *octets, size_t n, struct pin_order *out)
{
	return rec_decode(fields, NELEM(fields), octets, n, out, &out->rest) &&
	    (unsigned)out->w.kind < PIN_WRITE_KINDS && (unsigned)out->how < PIN_WRITTEN_ENDS &&
	    out->mac_len == sizeof out->w.mac;
}
