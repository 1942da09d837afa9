/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls to integrators' callbackUrls. They share nothing with the wallet cores: one that hangs holds up itself. Each
 * address that a name leads to is judged when it is connected to, and no redirect is followed. What is told, and when
 * again, is the service's.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "core/settings.h"
#include "service/ports.h"

struct integrator_tells;
struct loop;

/* `told` runs once for each call, later. Settings are borrowed. */
struct integrator_tells *integrator_tells_new(struct loop *l, const struct settings *s,
    void (*told)(void *arg, uint64_t op, bool heard), void *arg);
void integrator_tells_free(struct integrator_tells *t);	/* what is under way counts as not heard */
void integrator_tell(struct integrator_tells *t, uint64_t op, const struct tell_req *req);
