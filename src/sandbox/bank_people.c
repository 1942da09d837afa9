/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bank's customers and the indexes by which they are found. What they may do is core_api's
 * business.
 */
#include <stdlib.h>
#include <string.h>

#include "sandbox/bank_private.h"

struct customers {		/* of one value of an index */
	struct bank_customer **p;
	size_t n, cap;
};

static const char index_tag[] = { 'p', 'i', 'P', 'l', 'u', 'e' };

static const char *
index_value(const struct bank_profile *p, enum bank_index by)
{
	const char *const value[] = { p->phone, p->id_number, p->passport, p->last_name, p->uid,
	    p->email };

	return value[by];
}

static void
index_add(struct bank *b, struct bank_customer *c, enum bank_index by)
{
	char key[BANK_UID + 1];
	const char *value = index_value(&c->profile, by);
	struct customers *v;
	size_t n;

	if (*value == '\0')
		return;
	n = bank_tagged(key, sizeof key, index_tag[by], value, true);
	if ((v = map_get(b->index, key, n)) == NULL) {
		v = xcalloc(1, sizeof *v);
		map_put(b->index, key, n, v);
	}
	v->p = bank_grow(v->p, v->n, &v->cap, sizeof *v->p);
	v->p[v->n++] = c;
}

static void
index_remove(struct bank *b, struct bank_customer *c, enum bank_index by)
{
	char key[BANK_UID + 1];
	size_t n = bank_tagged(key, sizeof key, index_tag[by], index_value(&c->profile, by), true);
	struct customers *v = map_get(b->index, key, n);

	for (size_t i = 0; v != NULL && i < v->n; i++)
		if (v->p[i] == c) {
			memmove(&v->p[i], &v->p[i + 1], (v->n - i - 1) * sizeof *v->p);
			v->n--;
			return;
		}
}

size_t
bank_customers_by(const struct bank *b, enum bank_index by, const char *value,
    struct bank_customer *const **out)
{
	char key[BANK_UID + 1];
	size_t n = bank_tagged(key, sizeof key, index_tag[by], value, true);
	struct customers *v = map_get(b->index, key, n);

	*out = v != NULL ? v->p : NULL;
	return v != NULL ? v->n : 0;
}

size_t
bank_customers(const struct bank *b, struct bank_customer *const **out)
{
	*out = b->all_customers;
	return b->customers_n;
}

enum bank_end
bank_customer_create(struct bank *b, int64_t now, const struct bank_profile *p,
    struct bank_customer **out)
{
	struct bank_customer *c;

	if (!b->rules->people_uid_free && bank_uid_used(b, UID_CUSTOMER, p->uid))
		return BANK_DUPLICATE;
	bank_uid_take(b, UID_CUSTOMER, p->uid);
	c = xcalloc(1, sizeof *c);
	c->id = b->next_customer++;
	c->profile = *p;
	c->created = c->modified = now;
	map_put_u64(b->customers, (uint64_t)c->id, c);
	b->all_customers = bank_grow(b->all_customers, b->customers_n, &b->customers_cap,
	    sizeof *b->all_customers);
	b->all_customers[b->customers_n++] = c;
	for (size_t i = 0; i < NELEM(index_tag); i++)
		index_add(b, c, (enum bank_index)i);
	*out = c;
	return BANK_OK;
}

enum bank_end
bank_customer_update(struct bank *b, int64_t now, struct bank_customer *c,
    const struct bank_profile *p)
{
	bool other_uid = strcmp(p->uid, c->profile.uid) != 0;

	if (other_uid && bank_uid_used(b, UID_CUSTOMER, p->uid))
		return BANK_DUPLICATE;
	if (other_uid)
		bank_uid_take(b, UID_CUSTOMER, p->uid);
	for (size_t i = 0; i < NELEM(index_tag); i++)
		index_remove(b, c, (enum bank_index)i);
	c->profile = *p;
	for (size_t i = 0; i < NELEM(index_tag); i++)
		index_add(b, c, (enum bank_index)i);
	c->modified = now;
	c->version++;
	return BANK_OK;
}

struct bank_customer *
bank_customer_find(const struct bank *b, int64_t id)
{
	return map_get_u64(b->customers, (uint64_t)id);
}

void
bank_customer_bar(struct bank *b, int64_t now, struct bank_customer *c, bool barred)
{
	c->barred = barred;
	c->modified = now;
	c->version++;
	if (!barred)
		return;
	for (size_t i = 0; i < c->wallets_n; i++) {
		struct bank_wallet *w = c->wallets[i];

		for (size_t j = 0; j < w->withdrawals_n; j++)
			if (w->withdrawals[j]->status == BW_PENDING &&
			    w->withdrawals[j]->kind->barring_cancels)
				bank_set_status(b, now, w->withdrawals[j], BW_CANCELLED, NULL);
		bank_wallet_bar(b, now, w, true);
	}
}

enum bank_kyc
bank_ratify(struct bank *b, int64_t now, struct bank_customer *c)
{
	const char *id = c->profile.id_number;

	(void)b;
	c->kyc = KYC_PASSED;
	if (strlen(id) == 13 && strncmp(id + 6, "0666", 4) == 0)
		c->kyc = KYC_FAILED;
	else if (strlen(id) == 13 && strncmp(id + 6, "0777", 4) == 0)
		c->kyc = KYC_PENDING;
	c->kyc_at = now;
	return c->kyc;
}

static void
free_customers(void *arg, const void *key, size_t n, void *value)
{
	struct customers *v = value;

	(void)arg, (void)key, (void)n;
	free(v->p);
	free(v);
}

void
bank_people_clear(struct bank *b)
{
	for (size_t i = 0; i < b->customers_n; i++) {
		free(b->all_customers[i]->wallets);
		free(b->all_customers[i]->documents);
		free(b->all_customers[i]);
	}
	free(b->all_customers);
	map_each(b->index, free_customers, NULL);
	map_free(b->index);
	map_free(b->customers);
}
