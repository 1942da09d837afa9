/* SPDX-License-Identifier: Apache-2.0 */
/* Between sms_provider.c and the files provider_*.c only. */
#pragma once
#include "core/sms_provider.h"

extern const struct sms_provider_row sms_provider_africastalking, sms_provider_infobip, sms_provider_clickatell,
    sms_provider_twilio, sms_provider_smsportal, sms_provider_kannel, sms_provider_json;

/* A row of a provider's table of words or numbers. */
struct sms_word {
	const char *word;
	int meaning;
	bool stopped;
};
/* Whatever the case; `other` when it stands nowhere, or is NULL. */
const struct sms_word *sms_word(const struct sms_word *rows, size_t n, const char *word);
#define SMS_WORD_OF(rows, word) sms_word(rows, NELEM(rows), word)

struct sms_code {
	int code;
	int meaning;
	bool stopped;
};
const struct sms_code *sms_code(const struct sms_code *rows, size_t n, int64_t code);
#define SMS_CODE_OF(rows, code) sms_code(rows, NELEM(rows), code)

/* Letters, digits, '_' and '-' of it, as far as they fit: no text of a message gets into a log that way. */
void sms_plain(char *out, size_t size, const char *text);
void sms_set_header(struct buf *b, const char *name, const char *value);
void sms_basic(struct buf *header, const char *user, const char *secret);
/* A JSON document into the body, with its Content-Type into header[0]; takes doc over. */
void sms_set_json(struct sms_call *out, json_t *doc);
/* A member of an object whatever the case of its name; NULL. */
const json_t *sms_member(const json_t *o, const char *name);
/* A member as text: a string, or a whole number written into `room`; NULL. */
const char *sms_json_text(const json_t *o, const char *name, char room[24]);
int64_t sms_json_number(const json_t *o, const char *name);	/* INT64_MIN: it has none */
/* The receipt's id fields, fitted; NULL: none. */
void sms_set_ids(struct sms_event *e, const struct sms_provider_row *row, const char *theirs, const char *ours);
void sms_fit(const struct sms_provider_row *row, const char *id, char out[RECEIPT_ID]);
/* The elements of an array, or what is no array as the only one. */
const json_t *sms_element(const json_t *list, size_t i);
