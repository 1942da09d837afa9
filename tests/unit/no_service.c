/* SPDX-License-Identifier: Apache-2.0 */
/* A service that does nothing, for tests of the edge: each defines for itself what it wants of it. */
#include "service/gateway.h"

#define UNLESS_DEFINED __attribute__((weak))

UNLESS_DEFINED void
gateway_turn(struct gateway *gw, int64_t now, const struct turn_in *in)
{
	(void)gw, (void)now, (void)in;
}

UNLESS_DEFINED const char *
gateway_text(const struct gateway *gw, int tenant, const char *key)
{
	(void)gw, (void)tenant;
	return key;
}

UNLESS_DEFINED void
gateway_chat(struct gateway *gw, int64_t now, const struct chat_in *in, uint64_t peer_op)
{
	(void)gw, (void)now, (void)in, (void)peer_op;
}

UNLESS_DEFINED void
gateway_inbound(struct gateway *gw, int64_t now, const struct inbound_in *in, uint64_t peer_op)
{
	(void)gw, (void)now, (void)in, (void)peer_op;
}

UNLESS_DEFINED void
gateway_receipt(struct gateway *gw, int64_t now, int lane, const struct receipt *r, uint64_t peer_op)
{
	(void)gw, (void)now, (void)lane, (void)r, (void)peer_op;
}

UNLESS_DEFINED void
gateway_on_sms(struct gateway *gw, int64_t now, uint64_t op, const struct sms_answer *a)
{
	(void)gw, (void)now, (void)op, (void)a;
}

UNLESS_DEFINED void
gateway_api(struct gateway *gw, int64_t now, const struct api_in *in)
{
	(void)gw, (void)now, (void)in;
}

UNLESS_DEFINED void
gateway_hint(struct gateway *gw, int64_t now, const struct hint_in *in)
{
	(void)gw, (void)now, (void)in;
}

UNLESS_DEFINED void
gateway_sim_changed(struct gateway *gw, int64_t now, const char *phone, int64_t at_ms)
{
	(void)gw, (void)now, (void)phone, (void)at_ms;
}

UNLESS_DEFINED bool
gateway_links_elsewhere(const struct gateway *gw, int bind)
{
	(void)gw, (void)bind;
	return false;
}

UNLESS_DEFINED int
gateway_processes(const struct gateway *gw)
{
	(void)gw;
	return 1;
}

UNLESS_DEFINED const struct ports *
gateway_ports(const struct gateway *gw)
{
	(void)gw;
	return NULL;
}
