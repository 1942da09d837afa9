/* SPDX-License-Identifier: Apache-2.0 */
/* Messages out: each kind of channel has its own way, behind the two ports that the outbox knows. */
#include <stdlib.h>

#include "base/mem.h"
#include "channels/edge_parts.h"

struct nobody {				/* a message that no way takes; ours until that is said */
	struct edge *edge;
	uint64_t op;
	struct deferred said;
};

static void
say_refused(void *arg)
{
	struct nobody *n = arg;
	struct sms_answer answer = { .end = SMS_REFUSED };

	if (n->edge->gw != NULL)
		gateway_on_sms(n->edge->gw, loop_wall(n->edge->loop), n->op, &answer);
	free(n);
}

static void
nobody_sends(struct edge *e, uint64_t op, const struct sms_req *q)
{
	struct nobody *n = xcalloc(1, sizeof *n);

	(void)q;
	n->edge = e;
	n->op = op;
	loop_defer(e->loop, &n->said, say_refused, n);
}

static unsigned
no_room(const struct edge *e, int channel)
{
	(void)e;
	(void)channel;
	return 0;
}

static const struct way {
	void (*send)(struct edge *e, uint64_t op, const struct sms_req *q);
	unsigned (*room)(const struct edge *e, int channel);
} ways[] = {
	[CHANNEL_USSD_SMPP] = { nobody_sends, no_room },
	[CHANNEL_USSD_HTTP] = { nobody_sends, no_room },
	[CHANNEL_SMS_SMPP] = { sms_smpp_send, sms_smpp_free },
	[CHANNEL_SMS_HTTP] = { sms_http_send, sms_http_free },
	[CHANNEL_WHATSAPP] = { whatsapp_send, whatsapp_free },
};

void
edge_sms(void *ctx, uint64_t op, const struct sms_req *req)
{
	struct edge *e = ctx;

	ways[e->settings->channels[req->channel].kind].send(e, op, req);
}

unsigned
edge_sms_free(void *ctx, int channel)
{
	const struct edge *e = ctx;

	return ways[e->settings->channels[channel].kind].room(e, channel);
}

const char *
sms_country(const struct settings *s, const struct channel_settings *c)
{
	return s->tenants[c->tenant].country;
}

bool
sms_has_number(const struct settings *s, const struct channel_settings *c, const char *number)
{
	const char *country = sms_country(s, c);

	for (int i = 0; i < c->inbound_n; i++)
		if (phone_same_number(c->inbound[i], number, country))
			return true;
	return phone_same_number(c->sender, number, country);
}

bool
sms_is_ours(const struct settings *s, const char *phone)
{
	for (int i = 0; i < s->channels_n; i++)
		if (channel_is_sms(s->channels[i].kind) && sms_has_number(s, &s->channels[i], phone))
			return true;
	return false;
}
