/* SPDX-License-Identifier: Apache-2.0 */
#include "core/wa_media.h"

#include <string.h>

#include <jansson.h>

#include "base/str.h"

#define GRAPH_NO_OBJECT 100

static bool
take(json_t *o, const char *name, char *out, size_t size)
{
	const char *s = json_string_value(json_object_get(o, name));

	return s != NULL && str_copy(out, size, s);
}

/* A hash that is written in another way is as good as none. */
static void
take_hash(json_t *o, char out[65])
{
	char said[65];
	unsigned char octets[32];

	out[0] = '\0';
	if (take(o, "sha256", said, sizeof said) && str_unhex(said, strlen(said), octets, sizeof octets))
		str_hex(octets, sizeof octets, out);
}

/* Numbers are texts in some versions. */
static int64_t
take_size(json_t *o)
{
	json_t *v = json_object_get(o, "file_size");
	int64_t n = -1;

	if (json_is_integer(v) && json_integer_value(v) >= 0)
		return json_integer_value(v);
	if (json_is_string(v) && !str_to_i64(json_string_value(v), 0, INT64_MAX, &n))
		n = -1;
	return n;
}

bool
wa_media_parse(const char *body, size_t len, struct wa_media *out)
{
	json_t *o = json_loadb(body, len, JSON_REJECT_DUPLICATES, NULL);
	bool good = json_is_object(o) && take(o, "url", out->url, sizeof out->url) &&
	    take(o, "mime_type", out->type, sizeof out->type);

	if (good) {
		take_hash(o, out->sha256);
		out->octets = take_size(o);
	} else
		memset(out, 0, sizeof *out);
	json_decref(o);
	return good;
}

bool
wa_media_is_gone(int status, const char *body, size_t len)
{
	json_t *o;
	bool gone;

	if (status == 404 || status == 410)
		return true;
	o = json_loadb(body, len, 0, NULL);
	gone = status == 400 &&
	    json_integer_value(json_object_get(json_object_get(o, "error"), "code")) == GRAPH_NO_OBJECT;
	json_decref(o);
	return gone;
}
