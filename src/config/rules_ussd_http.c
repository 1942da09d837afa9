/* SPDX-License-Identifier: Apache-2.0 */
/* How a channel of USSD over HTTP knows who calls: at least one way, each of them whole, none that proves nothing. */
#include <string.h>

#include "base/str.h"
#include "config/reader.h"
#include "core/http_dialect.h"

#define SAY(r, node, ...) jsondoc_problem((r)->doc, node, (r)->problems, __VA_ARGS__)

static const json_t *
place(const json_t *node, const char *name)
{
	const json_t *value = json_object_get(node, name);

	return value != NULL ? value : node;
}

/* RFC 9110 section 5.6.2 */
static bool
is_header_name(const char *s)
{
	for (; *s != '\0'; s++)
		if (*s <= ' ' || *s >= 0x7f || strchr("\"(),/:;<=>?@[\\]{}", *s) != NULL)
			return false;
	return true;
}

static void
check_pair(struct reader *r, const json_t *node, const char *name, const char *file)
{
	bool a = json_object_get(node, name) != NULL, b = json_object_get(node, file) != NULL;

	if (a != b)
		SAY(r, place(node, a ? name : file), "%s and %s go together: give both or leave both out", name, file);
}

static void
check_names(struct reader *r, const struct channel_settings *c, const json_t *node)
{
	if (!is_header_name(c->header_name))
		SAY(r, place(node, "header_name"), "header_name: \"%s\" cannot be the name of a header",
		    c->header_name);
	if (!is_header_name(c->hmac_header))
		SAY(r, place(node, "hmac_header"), "hmac_header: \"%s\" cannot be the name of a header",
		    c->hmac_header);
	if (strchr(c->basic_user, ':') != NULL)
		SAY(r, place(node, "basic_user"), "basic_user: a user of HTTP basic has no colon");
	if (c->basic_user[0] != '\0' && (str_equal_fold(c->header_name, "Authorization") ||
	    str_equal_fold(c->hmac_header, "Authorization")))
		SAY(r, place(node, "basic_user"),
		    "basic_user: the header Authorization is its own; take another one for the "
		    "secret or the HMAC");
}

void
reader_check_proofs(struct reader *r, const struct channel_settings *c, const json_t *node)
{
	const struct http_dialect_row *d;
	int dialect = http_dialect_find(c->dialect);

	check_pair(r, node, "header_name", "header_key_file");
	check_pair(r, node, "basic_user", "basic_password_file");
	check_pair(r, node, "hmac_header", "hmac_key_file");
	check_names(r, c, node);
	if (c->key[0] == '\0' && c->from_n == 0 && c->header_name[0] == '\0' && c->basic_user[0] == '\0' &&
	    c->hmac_header[0] == '\0')
		SAY(r, node, "channel \"%s\" has neither key_file nor from nor header_name, basic_user or hmac_header: "
		    "anybody could pose as any customer. Give the ways that the provider offers", c->name);
	if (dialect < 0)
		return;		/* complained of already */
	d = &http_dialects[dialect];
	if (c->hmac_header[0] != '\0' && !(d->proofs & PROOF_HMAC))
		SAY(r, place(node, "hmac_header"),
		    "hmac_header: requests of \"%s\" say more than their body does: an HMAC "
		    "of it proves nothing. Use key_file, header_name, basic_user or from", d->name);
	if (d->needs_public_url && r->settings->public_url[0] == '\0')
		SAY(r, place(node, "dialect"),
		    "dialect: answers of \"%s\" say where the next request goes: public_url, of "
		    "the main file, must be there", d->name);
}
