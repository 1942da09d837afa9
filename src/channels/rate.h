/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much may come in over HTTP: of one phone, one channel, all channels of a tenant, one integrator. Each is counted by
 * itself, so that none of them uses up what is another's; memory is bounded, and of phones the one heard longest ago is
 * forgotten first. Counted in this process alone. Times are monotonic milliseconds.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "core/settings.h"

struct rates;

/* Settings are borrowed. */
struct rates *rates_new(const struct settings *s);
void rates_free(struct rates *r);		/* NULL is fine */
/*
 * A request of a channel; phone NULL or "": of nobody, as a receipt is. false: too many, and nothing was taken from any
 * of them; it may be sent again after *retry_s seconds.
 */
bool rates_allow(struct rates *r, int64_t now, int channel, const char *phone, int *retry_s) MUST_CHECK;
/* A call of an integrator. */
bool rates_allow_integrator(struct rates *r, int64_t now, int tenant, int integrator, int *retry_s) MUST_CHECK;
size_t rates_phones(const struct rates *r);
