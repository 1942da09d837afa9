/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Documents of customers (wallet-core.md 5, 6): what is sent is looked at as far as a stand-in can, and only its hash
 * and its length are kept. Whether it shows what it should is decided by the switch document_problem, and what the
 * checks come to by ratify_result or by the identity number.
 */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/str.h"
#include "sandbox/box.h"
#include "sandbox/core_api.h"
#include "sandbox/core_json.h"

#define IMAGE_OCTETS 5000000	/* more is refused */
#define FILE_OCTETS 16000000

static const struct media {
	const char *type;
	unsigned char begin[4];
	size_t n, most;
} medias[] = {
	{ "image/jpeg", { 0xff, 0xd8, 0xff }, 3, IMAGE_OCTETS },
	{ "image/png", { 0x89, 'P', 'N', 'G' }, 4, IMAGE_OCTETS },
	{ "application/pdf", { '%', 'P', 'D', 'F' }, 4, FILE_OCTETS },
};
static const char *const types[] = { "AUTO", "NATIONAL_IDENTITY", "PASSPORT", "FACIAL_PHOTO", "PROOF_OF_ADDRESS" };

static const struct core_field fields[] = {
	{ "documentType", FIELD_TEXT, 1, 40, true },
	{ "mediaType", FIELD_TEXT, 1, 60, true },
	{ "base64EncodedDocument", FIELD_TEXT, 4, (size_t)FILE_OCTETS * 2, true },
	{ "fileName", FIELD_TEXT, 0, 200, false },
};

static const struct media *
media_find(const char *type)
{
	for (size_t i = 0; i < NELEM(medias); i++)
		if (strcmp(medias[i].type, type) == 0)
			return &medias[i];
	return NULL;
}

static bool
is_type(const char *type)
{
	for (size_t i = 0; i < NELEM(types); i++)
		if (strcmp(types[i], type) == 0)
			return true;
	return false;
}

static void
keep(struct core_call *c, const unsigned char *p, size_t n)
{
	struct bank_document *d;
	unsigned char hash[crypto_hash_sha256_BYTES];

	c->customer->documents = xrealloc(c->customer->documents, c->customer->documents_n + 1, sizeof *d);
	d = &c->customer->documents[c->customer->documents_n++];
	memset(d, 0, sizeof *d);
	d->id = (int64_t)(9000 + c->customer->documents_n) + c->customer->id * 100;
	d->octets = n;
	d->at = c->now;
	str_copy(d->type, sizeof d->type, core_text(c, "documentType"));
	str_copy(d->media, sizeof d->media, core_text(c, "mediaType"));
	crypto_hash_sha256(hash, p, n);
	str_hex(hash, sizeof hash, d->sha256);
	core_created(c, json_pack("{s:I,s:s,s:i}", "documentId", (json_int_t)d->id, "documentType", d->type, "version",
	    0));
}

static bool
is_asked(const struct core_call *c, const char *name)
{
	const char *v = core_query(c, name);

	return v != NULL && strcmp(v, "true") == 0;
}

/* Codes and words are this sandbox's own: the vendor's are not known (wallet-core.md 21). */
static bool
has_problem(struct core_call *c)
{
	static const char *const problem[][2] = {
		{ "DOC001", "The document is not readable" },
		{ "DOC002", "The document is not of the expected type" },
		{ "DOC003", "The document has expired" },
		{ "DOC004", "No face was found in the photo" },
	};
	int64_t n = c->x->rules.document_problem;

	if (n < 1 || n > (int64_t)NELEM(problem) || !is_asked(c, "validateDocType"))
		return false;
	core_error(c, 400, problem[n - 1][0], problem[n - 1][1]);
	return true;
}

static void
look(struct core_call *c, const unsigned char *p, size_t n)
{
	const struct media *m = media_find(core_text(c, "mediaType"));

	if (m == NULL || n < m->n || memcmp(p, m->begin, m->n) != 0)
		core_error(c, 400, "VAL001", "Value of Document's mediaType is invalid: it is something else");
	else if (n > m->most)
		core_error(c, 400, "VAL001", "Value of Document's base64EncodedDocument is invalid: too long");
	else if (!is_type(core_text(c, "documentType")))
		core_error(c, 400, "VAL001", "Value of Document's documentType is invalid");
	else if (!has_problem(c))
		keep(c, p, n);
}

static void
document_create(struct core_call *c)
{
	const char *text;
	unsigned char *p;
	size_t room, n;

	if (!core_fields(c, "Document", fields, NELEM(fields)))
		return;
	text = core_text(c, "base64EncodedDocument");
	room = strlen(text) / 4 * 3 + 3;
	p = xcalloc(1, room);
	if (sodium_base642bin(p, room, text, strlen(text), NULL, &n, NULL, sodium_base64_VARIANT_ORIGINAL) != 0)
		core_error(c, 400, "VAL001", "Value of Document's base64EncodedDocument is invalid");
	else
		look(c, p, n);
	free(p);
}

/* ---- ratification ---- */

/* What was left pending comes to its end by itself. */
static void
settle(struct core_call *c)
{
	int64_t after = c->x->rules.ratify_pending_ms;

	if (c->customer->kyc != KYC_PENDING || after == 0 || c->now - c->customer->kyc_at < after)
		return;
	c->customer->kyc = KYC_PASSED;
	c->customer->kyc_at = c->now;
}

static void
ratify(struct core_call *c)
{
	static const enum bank_kyc results[] = { KYC_NONE, KYC_PASSED, KYC_FAILED, KYC_PENDING };
	int64_t wanted = c->x->rules.ratify_result;
	json_t *result;

	bank_ratify(c->x->bank, c->now, c->customer);
	if (wanted > 0 && wanted < (int64_t)NELEM(results))
		c->customer->kyc = results[wanted];
	result = core_kyc(c->customer);
	core_answer(c, 200, c->x->rules.ratify_array ? json_pack("[o]", result) : result);
}

static void
ratify_get(struct core_call *c)
{
	size_t offset, limit;

	if (!core_page(c, &offset, &limit))
		return;
	settle(c);
	if (c->customer->kyc == KYC_NONE || offset > 0 || limit == 0)
		core_answer(c, 200, json_array());
	else
		core_answer(c, 200, json_pack("[o]", core_kyc(c->customer)));
}

#define CUSTOMER "tenants/#/customers/#"

const struct core_route core_documents[] = {
	{ "POST", CUSTOMER "/documents", WHO_CUSTOMER, false, document_create },
	{ "POST", CUSTOMER "/ratify", WHO_TENANT, false, ratify },
	{ "GET", CUSTOMER "/ratify", WHO_CUSTOMER, false, ratify_get },
};
const size_t core_documents_n = NELEM(core_documents);
