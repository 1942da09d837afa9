/* SPDX-License-Identifier: Apache-2.0 */
/* One built request to the wallet core of a tenant, over HTTP. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "core/settings.h"
#include "core/wallet.h"
#include "io/http_client.h"
#include "io/http_pipe.h"

/*
 * `w` is cleared. authorization: the Authorization header's value, or "" for none. done runs as
 * http_client.h says, with op 0.
 */
void wallet_send(struct http_client *http, const struct tenant_settings *tenant,
    struct wallet_http *w, const char *authorization, int64_t timeout_ms,
    void (*done)(void *arg, uint64_t op, const struct http_result *r), void *arg);

/* Where a document comes from. */
struct wallet_source {
	struct http_pipe_side from;
	int64_t octets, max;		/* octets -1: not known */
	bool has_sha256;
	unsigned char sha256[HTTP_PIPE_SHA256];
};
struct wallet_carried {			/* of one call */
	struct http_pipes *pipes;
	struct wallet_source source;	/* its texts are ours */
	enum wallet_document end;
};
struct wallet_carried *wallet_carried_new(struct http_pipes *pipes, const struct wallet_source *source) MUST_CHECK;
void wallet_carried_free(struct wallet_carried *d);
/* The same of WALLET_DOCUMENT, whose body is completed with what is streamed. */
void wallet_send_document(const struct wallet_carried *d, const struct tenant_settings *tenant, struct wallet_http *w,
    const char *authorization, int64_t timeout_ms,
    void (*done)(void *arg, uint64_t op, const struct http_pipe_result *r), void *arg);
