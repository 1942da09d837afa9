/* SPDX-License-Identifier: Apache-2.0 */
#include "service/persons.h"

#include <stdlib.h>
#include <string.h>

#include "base/metric.h"

#define LOOK_MS 250			/* 256 buckets: about a minute for up to STORE_CLAIM_PARTS tenants */

struct counting {
	struct task task;
};

static void
counting_end(struct task *t)
{
	t->gw->persons.at = t->gw->now + LOOK_MS;
	free(LIST_OF(t, struct counting, task));
}

static void
all_counted(struct gateway *gw)
{
	int64_t age = gw->persons.oldest != 0 ? gw->now - gw->persons.oldest : 0;

	metric_set(M_PERSONS, gw->persons.count);
	metric_set(M_PERSON_OLDEST_S, age > 0 ? age / 1000 : 0);
	memset(&gw->persons, 0, sizeof gw->persons);
}

static void
on_counted(struct task *t, const struct event *e)
{
	struct gateway *gw = t->gw;

	if (e->end == STORE_DONE) {
		for (size_t k = 0; k < e->n; k++)
			if (gw->persons.oldest == 0 || e->c[k].score < gw->persons.oldest)
				gw->persons.oldest = e->c[k].score;
		gw->persons.count += (int64_t)e->n;
		if (++gw->persons.bucket == store_families[STORE_PERSON].buckets) {
			gw->persons.bucket = 0;
			gw->persons.tenant += STORE_CLAIM_PARTS;
		}
		if (gw->persons.tenant >= gw->settings->tenants_n)
			all_counted(gw);
	}
	task_end(t);
}

void
persons_tick(struct gateway *gw)
{
	struct store_claim claim = { .list = STORE_PERSON, .bucket = gw->persons.bucket, .max = STORE_CLAIM_MAX };
	struct counting *c;

	if (gw->now < gw->persons.at)
		return;
	gw->persons.at = INT64_MAX;	/* until it is answered: no bucket is counted twice */
	for (int t = gw->persons.tenant; t < gw->settings->tenants_n && claim.parts < STORE_CLAIM_PARTS; t++) {
		claim.part[claim.parts].id = gw->settings->tenants[t].name;
		claim.part[claim.parts++].max = STORE_CLAIM_MAX;
	}
	c = xcalloc(1, sizeof *c);
	task_start(gw, &c->task, counting_end);
	task_claim(&c->task, &claim, on_counted);
}
