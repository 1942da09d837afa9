/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gateway's ports, each of them a call of one layer, and what the layers answer. It opens and closes nothing.
 * Answers may still come when there is no gateway any more.
 */
#include "cli/serve.h"

#include <string.h>
#include <time.h>

#include <sodium.h>

#include "admin/operator_http.h"
#include "base/log.h"
#include "channels/edge.h"
#include "channels/integrator_tell.h"
#include "service/gateway.h"
#include "store/redis_store.h"
#include "wallet/documents.h"
#include "wallet/wallet_client.h"

static void
port_load(void *ctx, uint64_t op, const struct store_key *keys, size_t n)
{
	redis_store_load(((struct server *)ctx)->store, op, keys, n);
}

static void
port_commit(void *ctx, uint64_t op, const struct store_commit *c)
{
	redis_store_commit(((struct server *)ctx)->store, op, c);
}

static void
port_claim(void *ctx, uint64_t op, const struct store_claim *c)
{
	redis_store_claim(((struct server *)ctx)->store, op, c);
}

static void
port_range(void *ctx, uint64_t op, const struct store_range *r)
{
	redis_store_range(((struct server *)ctx)->store, op, r);
}

static unsigned
port_bucket(void *ctx, enum store_family family, const char *owner)
{
	return redis_store_bucket(((struct server *)ctx)->store, family, owner);
}

static void
on_wallet(void *arg, uint64_t op, const struct wallet_answer *a)
{
	struct server *s = arg;

	if (s->gw != NULL)
		gateway_on_wallet(s->gw, loop_wall(s->loop), op, a);
}

static void
port_wallet(void *ctx, uint64_t op, int tenant, const struct wallet_req *req, int64_t timeout_ms)
{
	struct server *s = ctx;

	wallet_client_call(s->cores[tenant].client, op, req, timeout_ms, on_wallet, s);
}

static void
on_document(void *arg, uint64_t op, const struct document_answer *a)
{
	struct server *s = arg;

	if (s->gw != NULL)
		gateway_on_document(s->gw, loop_wall(s->loop), op, a);
}

static void
port_document(void *ctx, uint64_t op, const struct document_req *req, int64_t timeout_ms)
{
	struct server *s = ctx;

	documents_carry(s->documents, s->cores[req->tenant].client, op, req, timeout_ms, on_document, s);
}

static void
port_sms(void *ctx, uint64_t op, const struct sms_req *req)
{
	edge_sms(((struct server *)ctx)->edge, op, req);
}

static unsigned
port_sms_free(void *ctx, int channel)
{
	return edge_sms_free(((struct server *)ctx)->edge, channel);
}

static void
port_reply(void *ctx, uint64_t turn, const struct reply *r)
{
	edge_reply(((struct server *)ctx)->edge, turn, r);
}

static void
port_api_reply(void *ctx, uint64_t call, int status, const char *json)
{
	edge_api_reply(((struct server *)ctx)->edge, call, status, json);
}

static void
port_operator_reply(void *ctx, uint64_t call, int status, const char *json)
{
	operator_http_reply(((struct server *)ctx)->operators, call, status, json);
}

static void
port_receipt_stored(void *ctx, uint64_t peer_op, enum receipt_end end)
{
	edge_receipt_stored(((struct server *)ctx)->edge, peer_op, end);
}

static void
port_link(void *ctx, int bind, int slot, bool hold, int64_t within_ms)
{
	edge_link(((struct server *)ctx)->edge, bind, slot, hold, within_ms);
}

static int64_t
port_steady(void *ctx)
{
	struct timespec ts;

	(void)ctx;
	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void
port_random(void *ctx, void *p, size_t n)
{
	(void)ctx;
	randombytes_buf(p, n);
}

static void
port_mac(void *ctx, const void *p, size_t n, unsigned char out[16])
{
	seal_mac(&((struct server *)ctx)->seal, p, n, out);
}

#define SEALED_FOR "callback"		/* what it was sealed for opens for nothing else */
_Static_assert(PORT_SEAL == SEAL_OVERHEAD, "the port promises what sealing adds");

static void
port_seal(void *ctx, const void *p, size_t n, unsigned char *out)
{
	seal_close(&((struct server *)ctx)->seal, SEALED_FOR, strlen(SEALED_FOR), p, n, out);
}

static bool
port_open(void *ctx, const void *p, size_t n, unsigned char *out)
{
	return seal_open(&((struct server *)ctx)->seal, SEALED_FOR, strlen(SEALED_FOR), p, n, out);
}

void
serve_on_told(void *arg, uint64_t op, bool heard)
{
	struct server *s = arg;

	if (s->gw != NULL)
		gateway_on_told(s->gw, loop_wall(s->loop), op, heard);
}

static void
port_tell(void *ctx, uint64_t op, const struct tell_req *req)
{
	integrator_tell(((struct server *)ctx)->tells, op, req);
}

static void
on_pushed(void *arg, uint64_t push, enum push_end end)
{
	(void)arg;
	log_debug(push, "push for a chat", "shown=%d", end == PUSH_SHOWN);	/* its text says what to dial otherwise */
}

static void
port_push(void *ctx, int channel, const char *phone)
{
	struct server *s = ctx;

	(void)edge_push(s->edge, channel, phone, "", on_pushed, s);
}

void
serve_set_ports(struct server *s)
{
	s->ports = (struct ports){
		.ctx = s, .load = port_load, .commit = port_commit, .claim = port_claim, .range = port_range,
		.bucket = port_bucket, .wallet = port_wallet, .document = port_document, .sms = port_sms, .sms_free = port_sms_free,
		.reply = port_reply, .api_reply = port_api_reply, .operator_reply = port_operator_reply,
		.receipt_stored = port_receipt_stored,
		.link = port_link, .steady = port_steady, .random = port_random, .mac = port_mac,
		.seal = port_seal, .open = port_open, .tell = port_tell, .push = port_push,
	};
}

void
serve_on_loaded(void *arg, int64_t now, uint64_t op, enum store_end end, const struct store_value *v, size_t n)
{
	struct server *s = arg;

	if (s->gw != NULL)
		gateway_on_loaded(s->gw, now, op, end, v, n);
}

void
serve_on_committed(void *arg, int64_t now, uint64_t op, enum store_end end)
{
	struct server *s = arg;

	if (s->gw != NULL)
		gateway_on_committed(s->gw, now, op, end);
}

void
serve_on_claimed(void *arg, int64_t now, uint64_t op, enum store_end end, const struct store_claimed *c, size_t n)
{
	struct server *s = arg;

	if (s->gw != NULL)
		gateway_on_claimed(s->gw, now, op, end, c, n);
}

void
serve_on_history(void *arg, bool trusted, int64_t lost_ms)
{
	struct server *s = arg;

	/* The first word of it comes before there is a gateway; nothing is lost by then as far as anybody knows. */
	if (s->gw == NULL)
		return;
	gateway_on_history(s->gw, loop_wall(s->loop), trusted);
	gateway_on_loss(s->gw, loop_wall(s->loop), lost_ms);
}

void
serve_on_health(void *arg, bool is_short)
{
	struct server *s = arg;

	if (s->gw != NULL)
		gateway_on_money(s->gw, loop_wall(s->loop), is_short);
}

void
serve_on_processes(void *arg, int processes)
{
	struct server *s = arg;

	if (s->gw != NULL)
		gateway_on_processes(s->gw, loop_wall(s->loop), processes);
}
