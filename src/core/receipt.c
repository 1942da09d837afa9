/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the text of a delivery receipt by names, not by places: vendors leave fields out, reorder
 * them and change their sizes. What follows "text:" is a piece of the message and may say anything,
 * so only what stands before it counts. It reads no dates and no counts, and does not decide
 * whether a PDU is a receipt: its esm_class does.
 */
#include "core/receipt.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/str.h"

#define TEXT_MAX 512		/* octets looked at; real ones have under 200 */

static const struct {
	const char *stat;
	enum receipt_state state;
} stat_row[] = {
	{ "DELIVRD", RECEIPT_DELIVERED },
	{ "ACCEPTD", RECEIPT_ACCEPTED },
	{ "ENROUTE", RECEIPT_PENDING },
	{ "BUFFRED", RECEIPT_PENDING },
	{ "BUFFERD", RECEIPT_PENDING },
	{ "SCHEDULED", RECEIPT_PENDING },
	{ "EXPIRED", RECEIPT_FAILED },
	{ "DELETED", RECEIPT_FAILED },
	{ "UNDELIV", RECEIPT_FAILED },
	{ "REJECTD", RECEIPT_FAILED },
	{ "FAILED", RECEIPT_FAILED },
	{ "NOCRED", RECEIPT_FAILED },
	{ "SYSERR", RECEIPT_FAILED },
	{ "SKIPPED", RECEIPT_FAILED },
	{ "UNKNOWN", RECEIPT_UNKNOWN },
};

static const struct {
	const char *stat;	/* the word, for operators, when only the number came */
	enum receipt_state state;
} message_state_row[] = {	/* SMPP 3.4 5.2.28; 0 and 9 are SMPP 5 */
	{ "SCHEDULED", RECEIPT_PENDING },
	{ "ENROUTE", RECEIPT_PENDING },
	{ "DELIVRD", RECEIPT_DELIVERED },
	{ "EXPIRED", RECEIPT_FAILED },
	{ "DELETED", RECEIPT_FAILED },
	{ "UNDELIV", RECEIPT_FAILED },
	{ "ACCEPTD", RECEIPT_ACCEPTED },
	{ "UNKNOWN", RECEIPT_UNKNOWN },
	{ "REJECTD", RECEIPT_FAILED },
	{ "SKIPPED", RECEIPT_FAILED },
};

/* The value after the first `key` that begins a word, or NULL. */
static const char *
find_key(const char *s, const char *key)
{
	size_t n = strlen(key);

	for (const char *p = s; *p != '\0'; p++)
		if ((p == s || !isalnum((unsigned char)p[-1])) && strncasecmp(p, key, n) == 0)
			return p + n + strspn(p + n, " ");
	return NULL;
}

/* The word at s; false when there is none or it does not fit. */
static bool
take_word(const char *s, char *out, size_t size)
{
	size_t n = 0;

	while (s[n] > ' ' && s[n] < 0x7f)
		n++;
	return n > 0 && str_copyn(out, size, s, n);
}

static enum receipt_state
state_of_stat(const char *stat)
{
	for (size_t i = 0; i < NELEM(stat_row); i++)
		if (str_equal_fold(stat_row[i].stat, stat))
			return stat_row[i].state;
	/* Also a bare number: vendors disagree on what theirs mean. */
	return RECEIPT_UNKNOWN;
}

bool
receipt_parse_text(const char *text, size_t len, struct receipt *out)
{
	char s[TEXT_MAX];
	char *message;
	const char *id, *stat, *err;
	size_t n = 0;

	memset(out, 0, sizeof *out);
	out->state = RECEIPT_UNKNOWN;
	/* Without NULs UCS-2 reads as ASCII, and a NUL at the end is gone. */
	for (size_t i = 0; i < len && n + 1 < sizeof s; i++)
		if (text[i] != '\0')
			s[n++] = text[i];
	s[n] = '\0';
	message = (char *)(uintptr_t)find_key(s, "text:");
	id = find_key(s, "id:");
	stat = find_key(s, "stat:");
	err = find_key(s, "err:");
	/* An empty text may stand before the status: then the status is all that follows. */
	if (message != NULL && stat != NULL && stat > message &&
	    strncasecmp(message, "stat:", 5) != 0)
		stat = NULL;
	if (id == NULL || stat == NULL || (message != NULL && id > message) ||
	    !take_word(id, out->id, sizeof out->id) ||
	    !take_word(stat, out->stat, sizeof out->stat)) {
		memset(out, 0, sizeof *out);
		out->state = RECEIPT_UNKNOWN;
		return false;
	}
	if (err != NULL && (message == NULL || err < message))
		(void)take_word(err, out->err, sizeof out->err);
	out->state = state_of_stat(out->stat);
	return true;
}

enum receipt_state
receipt_of_message_state(unsigned state)
{
	return state < NELEM(message_state_row) ? message_state_row[state].state : RECEIPT_UNKNOWN;
}

bool
receipt_is_failure(enum receipt_state state)
{
	return state == RECEIPT_FAILED || state == RECEIPT_NOT_NOW || state == RECEIPT_AGAIN ||
	    state == RECEIPT_WINDOW_OVER;
}

bool
receipt_has_id(const struct receipt *r)
{
	return r->id[0] != '\0' || r->tlv_id[0] != '\0';
}

void
receipt_apply_tlvs(struct receipt *r, const char *id, size_t id_len, int message_state)
{
	if (id != NULL) {
		id_len = strnlen(id, id_len);
		/* One that does not fit cannot be ours. */
		if (id_len > 0 && id_len < sizeof r->tlv_id)
			(void)str_copyn(r->tlv_id, sizeof r->tlv_id, id, id_len);
	}
	if (message_state < 0)
		return;
	r->state = receipt_of_message_state((unsigned)message_state);
	if (r->stat[0] == '\0' && (size_t)message_state < NELEM(message_state_row))
		(void)str_copy(r->stat, sizeof r->stat, message_state_row[message_state].stat);
}

/* Hex digits read as one number and written in decimal; false when that has over 65 digits. */
static bool
hex_to_decimal(const char *hex, char out[RECEIPT_ID])
{
	unsigned char digit[65] = { 0 };	/* the lowest first */
	size_t n = 1;

	for (; *hex != '\0'; hex++) {
		unsigned carry = (unsigned)(*hex <= '9' ? *hex - '0' : *hex - 'a' + 10);

		for (size_t i = 0; i < n; i++) {
			carry += digit[i] * 16u;
			digit[i] = (unsigned char)(carry % 10);
			carry /= 10;
		}
		for (; carry > 0; carry /= 10) {
			if (n == sizeof digit)
				return false;
			digit[n++] = (unsigned char)(carry % 10);
		}
	}
	for (size_t i = 0; i < n; i++)
		out[i] = (char)('0' + digit[n - 1 - i]);
	out[n] = '\0';
	return true;
}

void
receipt_canonical_id(const char *raw, bool hex, char out[RECEIPT_ID])
{
	char id[RECEIPT_ID];
	size_t n = 0;

	for (; *raw != '\0' && n + 1 < sizeof id; raw++) {
		char c = (char)tolower((unsigned char)*raw);

		if (isspace((unsigned char)c))
			continue;
		/* A zero at the front goes when something follows it. */
		if (n == 1 && id[0] == '0')
			n = 0;
		id[n++] = c;
	}
	id[n] = '\0';
	if (hex && n > 0 && strspn(id, "0123456789abcdef") == n && hex_to_decimal(id, out))
		return;
	memcpy(out, id, n + 1);
}

size_t
receipt_ids(const struct receipt *r, const struct receipt_ids *forms, char out[2][RECEIPT_ID])
{
	size_t n = 0;

	/* Spaces alone name nothing, and messages that were given no id have nothing in common. */
	receipt_canonical_id(r->id, forms->text == ID_HEX, out[n]);
	n += out[n][0] != '\0';
	receipt_canonical_id(r->tlv_id, forms->tlv == ID_HEX, out[n]);
	n += out[n][0] != '\0';
	return n == 2 && strcmp(out[0], out[1]) == 0 ? 1 : n;
}
