/* SPDX-License-Identifier: Apache-2.0 */
/* What WhatsApp says of a picture or document that somebody sent: GET {api_url}/{media-id} (protocols.md 5.3). Pure. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"

struct wa_media {
	char url[2048];			/* good for about five minutes, with the same bearer */
	char type[64];			/* "image/jpeg" */
	char sha256[65];		/* lower-case hex; "" where it is not said so */
	int64_t octets;			/* -1: not said */
};
/* false: it is no such answer. */
bool wa_media_parse(const char *body, size_t len, struct wa_media *out) MUST_CHECK;
/* An error that says that there is no such media any more: Graph's code 100 ("unsupported get request"), or a 404. */
bool wa_media_is_gone(int status, const char *body, size_t len);
