/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Read marks, with the sign that an answer is being written. They are a courtesy: none waits, none is tried again, and
 * what they come to changes nothing.
 */
#include "base/metric.h"
#include "channels/whatsapp.h"
#include "core/wa_message.h"

#define MARK_MS 5000

static void
on_marked(void *arg, uint64_t op, const struct http_result *r)
{
	struct wa_number *n = arg;

	(void)op;
	n->marks--;
	metric_add(r->end == HTTP_ANSWERED && r->status < 300 ? M_WA_MARKS : M_WA_MARKS_FAILED, 1);
}

void
wa_mark(struct wa_number *n, const char *message_id)
{
	struct buf body = { 0 };

	if (n->channel->whatsapp.read_marks == 0 || n->edge->out == NULL)
		return;
	if (n->marks >= (unsigned)n->channel->whatsapp.read_marks || n->stopped ||
	    loop_now(n->edge->loop) < n->paused_until) {
		metric_add(M_WA_MARKS_LEFT_OUT, 1);
		return;
	}
	n->marks++;
	wa_message_read(message_id, &body);
	wa_call(n, body.p, body.len, MARK_MS, 0, on_marked, n);
	buf_clear(&body);
}
