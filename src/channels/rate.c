/* SPDX-License-Identifier: Apache-2.0 */
#include "channels/rate.h"

#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/metric.h"
#include "base/str.h"
#include "core/bucket.h"

#define SECOND_MS 1000
#define MINUTE_MS 60000
#define KEY_MAX 96

struct phone {
	struct list node;	/* in rates->order, the one heard longest ago first */
	struct bucket bucket;
	size_t key_len;
	char key[];		/* tenant and phone: one tenant's customers are not another's */
};

struct rates {
	const struct settings *settings;
	struct map *phones;
	struct list order;
	struct bucket *channels, *tenants;
	struct bucket **integrators;	/* of each tenant */
};

struct rates *
rates_new(const struct settings *s)
{
	struct rates *r = xcalloc(1, sizeof *r);

	r->settings = s;
	r->phones = map_new();
	list_init(&r->order);
	r->channels = xcalloc((size_t)s->channels_n + 1, sizeof *r->channels);
	r->tenants = xcalloc((size_t)s->tenants_n + 1, sizeof *r->tenants);
	r->integrators = xcalloc((size_t)s->tenants_n + 1, sizeof *r->integrators);
	for (int i = 0; i < s->tenants_n; i++)
		r->integrators[i] = xcalloc((size_t)s->tenants[i].integrators_n + 1, sizeof **r->integrators);
	return r;
}

static void
forget_oldest(struct rates *r, int64_t now)
{
	struct phone *p = LIST_OF(r->order.next, struct phone, node);

	if (!bucket_is_full(&p->bucket, now))
		metric_add(M_RATE_PHONES_DROPPED, 1);
	list_remove(&p->node);
	map_remove(r->phones, p->key, p->key_len);
	free(p);
	metric_add(M_RATE_PHONES, -1);
}

void
rates_free(struct rates *r)
{
	if (r == NULL)
		return;
	while (!list_empty(&r->order))
		forget_oldest(r, INT64_MAX / SECOND_MS);
	map_free(r->phones);
	for (int i = 0; i < r->settings->tenants_n; i++)
		free(r->integrators[i]);
	free(r->integrators);
	free(r->tenants);
	free(r->channels);
	free(r);
}

static struct bucket_rate
per_second(int n)
{
	return bucket_rate(n, SECOND_MS, n);
}

/* Of that phone, moved to the end of the order; NULL: phones are not limited, or there is none. */
static struct bucket *
of_phone(struct rates *r, int64_t now, int tenant, const char *phone)
{
	char key[KEY_MAX];
	struct phone *p;
	size_t n;

	if (phone == NULL || phone[0] == '\0' || r->settings->http_phone_per_minute == 0)
		return NULL;
	/* What is too long for any phone or name of a user shares what its beginning has. */
	if (!str_format(key, sizeof key, "%d %s", tenant, phone))
		key[sizeof key - 1] = '\0';
	n = strlen(key);
	if ((p = map_get(r->phones, key, n)) == NULL) {
		if (map_count(r->phones) >= (size_t)r->settings->http_phones_max)
			forget_oldest(r, now);
		p = xcalloc(1, sizeof *p + n);
		p->key_len = n;
		memcpy(p->key, key, n);
		map_put(r->phones, key, n, p);
		metric_add(M_RATE_PHONES, 1);
	} else {
		list_remove(&p->node);
	}
	list_add_tail(&r->order, &p->node);
	return &p->bucket;
}

/* They allow it all, or nothing is taken from any. */
struct ask {
	struct bucket *bucket;		/* NULL: no such limit */
	struct bucket_rate rate;
	enum metric refused;
};

static bool
take_all(const struct ask *asks, size_t n, int64_t now, int *retry_s)
{
	int64_t wait;

	*retry_s = 0;
	for (size_t i = 0; i < n; i++)
		if (asks[i].bucket != NULL && !bucket_allows(asks[i].bucket, &asks[i].rate, now, &wait)) {
			metric_add(asks[i].refused, 1);
			*retry_s = (int)((wait + SECOND_MS - 1) / SECOND_MS);
			return false;
		}
	for (size_t i = 0; i < n; i++)
		if (asks[i].bucket != NULL)
			bucket_take(asks[i].bucket, &asks[i].rate, now);
	return true;
}

bool
rates_allow(struct rates *r, int64_t now, int channel, const char *phone, int *retry_s)
{
	const struct settings *s = r->settings;
	const struct channel_settings *c = &s->channels[channel];
	const struct ask asks[] = {
		{ of_phone(r, now, c->tenant, phone),
		    bucket_rate(s->http_phone_per_minute, MINUTE_MS, s->http_phone_per_minute), M_RATE_PHONE },
		{ &r->channels[channel], per_second(c->requests_per_s), M_RATE_CHANNEL },
		{ &r->tenants[c->tenant], per_second(s->tenants[c->tenant].requests_per_s), M_RATE_TENANT },
	};

	return take_all(asks, NELEM(asks), now, retry_s);
}

bool
rates_allow_integrator(struct rates *r, int64_t now, int tenant, int integrator, int *retry_s)
{
	const struct ask ask = { &r->integrators[tenant][integrator],
		per_second(r->settings->tenants[tenant].integrators[integrator].requests_per_s), M_RATE_INTEGRATOR };

	return take_all(&ask, 1, now, retry_s);
}

size_t
rates_phones(const struct rates *r)
{
	return map_count(r->phones);
}
