/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wallet core of one tenant (wallet-core.md, money.md section 3): calls with a deadline, each
 * completed exactly once; the gateway's own login, kept fresh. Never repeats a call that may have
 * been processed: only one that was answered 401 to the service user, once.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/mem.h"
#include "core/settings.h"
#include "core/wallet.h"

struct http_client;
struct http_pipes;
struct loop;
struct wallet_client;
struct wallet_source;

/* `ans` is borrowed during the callback. `op` is what the caller gave. */
typedef void wallet_done(void *arg, uint64_t op, const struct wallet_answer *ans);

/*
 * Logs in at once. Loop, http client and tenant are borrowed and outlive it. At most
 * wallet.connections calls are under way, the others wait here: so a call whose time is over before
 * it was sent is LATER, not UNKNOWN. The login comes on top: let the http client have one more.
 * A core that stopped answering is not called for a while (LATER at once) but for a trial and what
 * resolves; one that answers 429 is left alone by everything for as long as it says.
 */
struct wallet_client *wallet_client_new(struct loop *l, struct http_client *http,
    const struct tenant_settings *tenant) MUST_CHECK;
/*
 * Completes every open call before it returns: LATER when it was never sent, else UNKNOWN. To be
 * called before http_client_free(); the memory goes when the last request of ours has come back
 * from there. NULL is fine.
 */
void wallet_client_free(struct wallet_client *c);

/*
 * Exactly one completion, in a later turn of the loop and after timeout_ms at most, waiting
 * included. `req` is copied. With req->jwt as that customer, else as the service user; LOGIN as
 * nobody. AUTH is only ever about the customer's JWT or password; a service user that is not let in
 * is LATER.
 */
void wallet_client_call(struct wallet_client *c, uint64_t op, const struct wallet_req *req,
    int64_t timeout_ms, wallet_done *done, void *arg);

/*
 * The same with WALLET_DOCUMENT, as the service user: what is at `source` (wallet_send.h; its texts are copied) is
 * streamed into the call. `pipes` is borrowed and outlives the client.
 */
void wallet_client_document(struct wallet_client *c, struct http_pipes *pipes, uint64_t op,
    const struct wallet_req *req, const struct wallet_source *source, int64_t timeout_ms, wallet_done *done, void *arg);

/*
 * The service user is logged in, or no try has failed yet, and the core answers. *why: in words, ""
 * when ready; borrowed until control goes back to the loop.
 */
bool wallet_client_ready(const struct wallet_client *c, const char **why);
/* Calls not completed yet. */
unsigned wallet_client_busy(const struct wallet_client *c);
