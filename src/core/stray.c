/* SPDX-License-Identifier: Apache-2.0 */
#include "core/stray.h"

#include <string.h>

#include "base/str.h"

static const struct rec_field fields[] = { REC_VAR(1, stray_ring, stray, len) };

struct stray
stray_of(const struct receipt *r, int64_t now)
{
	struct stray s;

	memset(&s, 0, sizeof s);	/* its octets are saved as they are */
	str_copy(s.id, sizeof s.id, r->id[0] != '\0' ? r->id : r->tlv_id);
	str_copy(s.stat, sizeof s.stat, r->stat);
	str_copy(s.err, sizeof s.err, r->err);
	s.state = r->state;
	s.at = now;
	return s;
}

void
stray_ring_add(struct stray_ring *ring, const struct stray *s)
{
	memmove(&ring->stray[1], &ring->stray[0], (STRAYS_KEPT - 1) * sizeof ring->stray[0]);
	memcpy(&ring->stray[0], s, sizeof *s);
	if (ring->len < sizeof ring->stray)
		ring->len += (uint32_t)sizeof ring->stray[0];
}

size_t
stray_ring_count(const struct stray_ring *ring)
{
	return ring->len / sizeof ring->stray[0];
}

void
stray_ring_encode(const struct stray_ring *ring, struct buf *out)
{
	rec_encode(fields, NELEM(fields), ring, &ring->rest, out);
}

bool
stray_ring_decode(const void *octets, size_t n, struct stray_ring *out)
{
	if (!rec_decode(fields, NELEM(fields), octets, n, out, &out->rest) || out->len % sizeof out->stray[0] != 0)
		return false;
	for (size_t i = 0; i < stray_ring_count(out); i++) {
		struct stray *s = &out->stray[i];

		s->id[sizeof s->id - 1] = s->stat[sizeof s->stat - 1] = s->err[sizeof s->err - 1] = '\0';
	}
	return true;
}
