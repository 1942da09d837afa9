/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Documents that customers send in a chat, on their way to the wallet core: asked for by the id that the chat's network
 * gave them, streamed from there into the core's call, kept nowhere. Where that network may point us is bounded as
 * callbacks are: https and the public internet, unless documents.hosts names it.
 */
#pragma once
#include <stdint.h>

#include "base/mem.h"
#include "core/settings.h"
#include "service/ports.h"

struct documents;
struct loop;
struct wallet_client;

/* Settings are borrowed. */
struct documents *documents_new(struct loop *l, const struct settings *s) MUST_CHECK;
/* What is open completes first, here. Before it the wallet clients go, and behind it the loop. NULL is fine. */
void documents_free(struct documents *d);
/* One completion, in a later turn of the loop and after timeout_ms at most. `client` is of the request's tenant. */
void documents_carry(struct documents *d, struct wallet_client *client, uint64_t op, const struct document_req *req,
    int64_t timeout_ms, void (*done)(void *arg, uint64_t op, const struct document_answer *a), void *arg);
