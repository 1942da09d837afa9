/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The menus and texts of this process. Of each tenant one version is what dialogues begin on: that which the store's
 * pointer names (core/edition.h), looked at each second. A dialogue stays on the version that it began with, so others
 * are loaded when somebody comes back to them, once however many ask, and forgotten in the order of their use.
 * What is loaded is not checked here: that was done before it was published.
 */
#pragma once
#include "service/task.h"

struct version {
	struct list node;		/* of those that are loaded, what was used last at the end */
	int tenant;
	char name[BUNDLE_VERSION];
	struct gateway_content content;	/* without a menu: it cannot be used by this program */
	unsigned holds;			/* by turns under way; and by being what dialogues begin on */
};

void versions_start(struct gateway *gw, const struct gateway_content *contents);
void versions_free(struct gateway *gw);
void versions_tick(struct gateway *gw);

/* NULL: it is not loaded. The name NULL: that which dialogues begin on. Each hold is let go of once. */
struct version *version_hold(struct gateway *gw, int tenant, const char *name);
void version_let_go(struct gateway *gw, struct version *v);	/* NULL is fine */
/*
 * The task sleeps, and goes on when the version was looked for (EV_CONTENT: with end STORE_DONE it is loaded now, or
 * there is none; else the store gave no answer), or at that time.
 */
void version_await(struct task *t, int tenant, const char *name, int64_t until, task_fn *on);
