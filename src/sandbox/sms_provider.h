/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Providers of SMS over HTTP, the other side of core/sms_provider.h: one listener takes the sends of all of them, each
 * at the path that it documents, strictly: what the provider would refuse is refused, and a violation. Messages lie in
 * the inbox of their phone; receipts, what phones write and opt-outs go to the gateway in the provider's form.
 */
#pragma once
#include <stdbool.h>

#include <jansson.h>

#include "base/mem.h"

#define SMS_BOX_USER "wallet"		/* of the account at each */

struct box;
struct sms_providers;

struct sms_providers_options {
	const char *address;
	const char *secret;		/* of the account at each */
	const char *key;		/* that callbacks carry as ?key=, or "" */
};

/* NULL with the reason in err. */
struct sms_providers *sms_providers_new(struct box *x, const struct sms_providers_options *o, char *err, size_t err_size);
void sms_providers_free(struct sms_providers *s);
int sms_providers_port(const struct sms_providers *s);
/*
 * Where the gateway is heard, ".../sms/NAME"; `public`, or NULL: the same as it is seen from outside, without a path,
 * for signatures. false: no such provider.
 */
bool sms_providers_aim(struct sms_providers *s, const char *provider, const char *url, const char *public) MUST_CHECK;
/* A phone writes to that number. false: no such provider, or it was told of no gateway, or cannot do it. */
bool sms_providers_write(struct sms_providers *s, const char *provider, const char *from, const char *to,
    const char *text) MUST_CHECK;
bool sms_providers_opt_out(struct sms_providers *s, const char *provider, const char *phone) MUST_CHECK;
json_t *sms_providers_counts(const struct sms_providers *s);
