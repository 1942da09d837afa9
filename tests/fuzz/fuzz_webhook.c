/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A webhook of WhatsApp, of any octets, as it is read once its signature was good; and a message that is written from
 * the same octets. What comes out is bounded, ended and UTF-8, no id is cut, and what is posted is JSON within limits.
 */
#include <jansson.h>

#include "base/str.h"
#include "core/gsm.h"
#include "core/wa_error.h"
#include "core/wa_message.h"
#include "core/wa_webhook.h"
#include "tests/fuzz/fuzz.h"

#define IN(array) (strnlen(array, sizeof(array)) < sizeof(array) && utf8_valid(array, strlen(array)))

static void
check_input(const struct chat_in *in)
{
	must(IN(in->user) && IN(in->phone) && IN(in->id) && IN(in->text) && IN(in->identity));
	must(in->phone[0] != '\0' || in->user[0] != '\0');
	must(in->phone[0] == '\0' || phone_valid(in->phone));
	must(in->id[0] != '\0' && in->kind <= CHAT_MOVED);
	must(in->kind != CHAT_TAPPED || in->text[0] != '\0');
	must((in->kind == CHAT_MEDIA) == (in->media.id[0] != '\0'));
	must(IN(in->media.type) && IN(in->media.name) && strpbrk(in->media.id, "/?#% ") == NULL);
	must(in->media.sha256[0] == '\0' || strlen(in->media.sha256) == 64);
	must(in->at_ms >= 0);
}

static void
check_webhook(const char *octets, size_t size)
{
	struct wa_webhook w;

	if (!wa_webhook_read(octets, size, "27", &w)) {
		must(w.n == 0);
		return;
	}
	for (size_t i = 0; i < w.n; i++) {
		const struct wa_item *it = &w.item[i];

		must(IN(it->number_id) && (it->kind == WA_INPUT) == (it->in != NULL));
		if (it->in != NULL)
			check_input(it->in);
		if (it->kind == WA_STATUS)
			must(IN(it->status.id) && IN(it->status.ours) && (it->status.id[0] != '\0' || it->status.ours[0] != '\0') &&
			    it->status.code >= -1);
	}
	wa_webhook_clear(&w);
}

static int
units_at(const json_t *o, const char *name)
{
	return ucs2_units(json_string_value(json_object_get(o, name)));
}

static void
check_posted(const struct buf *b)
{
	json_t *j = json_loadb(b->p, b->len, JSON_REJECT_DUPLICATES, NULL), *row;
	const json_t *text = json_object_get(j, "text"), *inner = json_object_get(j, "interactive");
	const json_t *action = json_object_get(inner, "action"), *rows;
	size_t i;

	must(j != NULL);
	must(text == NULL || (units_at(text, "body") >= 0 && units_at(text, "body") <= WA_TEXT_CHARS));
	must(inner == NULL || units_at(json_object_get(inner, "body"), "text") <= 1024);
	must(json_array_size(json_object_get(action, "buttons")) <= 3);
	json_array_foreach(json_object_get(action, "buttons"), i, row)
		must(units_at(json_object_get(row, "reply"), "title") <= 20);
	rows = json_object_get(json_array_get(json_object_get(action, "sections"), 0), "rows");
	must(json_array_size(rows) <= 10);
	json_array_foreach((json_t *)rows, i, row)
		must(units_at(row, "title") <= 24 && (json_object_get(row, "description") == NULL ||
		    units_at(row, "description") <= 72));
	json_decref(j);
}

static void
check_message(const char *text)
{
	const struct wa_to to = { "27600000001", "ZA.1", "one" };
	const struct wa_template t = { "news", "en", "", WA_PLACE_BODY };
	struct buf b = { 0 };

	if (wa_message_write(&to, text, &b))
		check_posted(&b);
	buf_reset(&b);
	if (wa_message_template(&to, &t, text, &b))
		check_posted(&b);
	buf_clear(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size), id[64];

	must(text != NULL);
	check_webhook((const char *)data, size);
	check_message(text);
	must(wa_error_class(wa_answer_code((const char *)data, size), 400) < WA_CLASSES);
	if (wa_answer_id((const char *)data, size, id, sizeof id))
		must(id[0] != '\0' && strnlen(id, sizeof id) < sizeof id);
	free(text);
	return 0;
}
