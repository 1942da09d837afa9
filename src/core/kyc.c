/* SPDX-License-Identifier: Apache-2.0 */
#include "core/kyc.h"

#include <string.h>

#include "base/str.h"

#define PAUSE_MS INT64_C(2000)		/* after the first try in vain; then twice as long each time */
#define PAUSE_MOST_MS INT64_C(600000)
#define READ_MS INT64_C(60000)		/* between reads of one that is pending; twice as long each time */
#define READ_MOST_MS INT64_C(21600000)

/* ---- documents ---- */

static const char *const words[KYC_DOCUMENTS] = { "AUTO", "FACIAL_PHOTO", "PROOF_OF_ADDRESS" };

static const struct {
	const char *type;
	bool pages;
} medias[] = { { "image/jpeg", false }, { "image/png", false }, { "application/pdf", true } };

#define IMAGE_MAX INT64_C(5242880)

bool
kyc_document_find(const char *word, enum kyc_document *out)
{
	for (int i = 0; i < KYC_DOCUMENTS; i++)
		if (strcmp(words[i], word) == 0) {
			*out = (enum kyc_document)i;
			return true;
		}
	return false;
}

const char *
kyc_document_word(enum kyc_document d)
{
	return words[d];
}

/* "image/jpeg; charset=..." is one too. */
static bool
is_media(const char *said, const char *type)
{
	size_t n = strlen(type);

	return strncmp(said, type, n) == 0 && (said[n] == '\0' || said[n] == ';' || said[n] == ' ');
}

bool
kyc_media(enum kyc_document d, const char *media_type, int64_t file_max, int64_t *max)
{
	for (size_t i = 0; i < NELEM(medias); i++)
		if (is_media(media_type, medias[i].type)) {
			*max = medias[i].pages ? file_max : IMAGE_MAX;
			return !medias[i].pages || d != KYC_SELFIE;
		}
	return false;
}

/* Parts of descriptions, in lower case; the first that fits counts. */
static const struct {
	const char *part, *why;
} refusals[] = {
	{ "expir", "expired" }, { "out of date", "expired" },
	{ "face", "face" }, { "selfie", "face" }, { "liveness", "face" },
	{ "type", "type" }, { "not a valid document", "type" }, { "not match", "type" },
	{ "read", "unreadable" }, { "ocr", "unreadable" }, { "blur", "unreadable" }, { "quality", "unreadable" },
	{ "resolution", "unreadable" }, { "decode", "unreadable" },
};
/* One that names the member of a body is about what we wrote, not about the picture. */
#define OUR_FAULT "VAL001"

const char *
kyc_refusal(const char *code, const char *about)
{
	char lower[128];
	size_t n = 0;

	for (; about[n] != '\0' && n + 1 < sizeof lower; n++)
		lower[n] = (char)(about[n] >= 'A' && about[n] <= 'Z' ? about[n] - 'A' + 'a' : about[n]);
	lower[n] = '\0';
	for (size_t i = 0; strcmp(code, OUR_FAULT) != 0 && i < NELEM(refusals); i++)
		if (strstr(lower, refusals[i].part) != NULL)
			return refusals[i].why;
	return "other";
}

/* ---- the record ---- */

static const struct rec_field fields[] = {
	REC(1, REC_STR, kyc, owner), REC(2, REC_STR, kyc, tenant), REC(3, REC_STR, kyc, phone),
	REC(4, REC_STR, kyc, lang), REC(5, REC_STR, kyc, channel), REC(6, REC_STR, kyc, user),
	REC(7, REC_INT, kyc, state), REC(8, REC_I64, kyc, customer_id), REC(9, REC_I64, kyc, begun_at),
	REC(10, REC_BOOL, kyc, looked), REC(11, REC_I64, kyc, before_ms), REC(12, REC_BOOL, kyc, asked),
	REC(13, REC_INT, kyc, sends), REC(14, REC_BOOL, kyc, unsure), REC(15, REC_INT, kyc, reads),
	REC(16, REC_INT, kyc, tries), REC(17, REC_I64, kyc, next_at), REC(18, REC_STR, kyc, failed[0]),
	REC(19, REC_STR, kyc, failed[1]), REC(20, REC_STR, kyc, failed[2]), REC(21, REC_INT, kyc, failed_n),
	REC(22, REC_BOOL, kyc, told_pending), REC(23, REC_INT, kyc, told_n),
	REC(24, REC_I64, kyc, hands),
};

void
kyc_encode(const struct kyc *k, struct buf *out)
{
	rec_encode(fields, NELEM(fields), k, &k->rest, out);
}

bool
kyc_decode(const void *octets, size_t n, struct kyc *out)
{
	return rec_decode(fields, NELEM(fields), octets, n, out, &out->rest) && (unsigned)out->state < KYC_STATES &&
	    out->failed_n >= 0 && out->failed_n <= KYC_FAILED_MAX && out->sends >= 0 && out->reads >= 0 &&
	    out->tries >= 0 && out->told_n >= 0;
}

/* ---- the course ---- */

static const char *const action_name[KYC_ACTIONS] = { "over", "wait", "look", "ask", "read", "say_pending", "say" };

const char *
kyc_action_name(enum kyc_action a)
{
	return action_name[a];
}

void
kyc_begin(struct kyc *k, int64_t now)
{
	k->state = KYC_RUNNING;
	k->begun_at = now;
}

static int64_t
doubled(int64_t ms, int times, int64_t most)
{
	for (; times > 0 && ms < most; times--)
		ms *= 2;
	return ms < most ? ms : most;
}

static void
later(struct kyc *k, int64_t now)
{
	k->next_at = now + doubled(PAUSE_MS, k->tries, PAUSE_MOST_MS);
	k->tries++;
}

static enum kyc_action
next_step(const struct kyc *k)
{
	if (k->asked)
		return KYC_READ;
	return k->looked && !k->unsure ? KYC_ASK : KYC_LOOK;
}

/* Messages that say how it ended. */
static int
tells(const struct kyc *k)
{
	return k->state == KYC_FAILED_IT && k->failed_n > 1 ? k->failed_n : 1;
}

const char *
kyc_text(const struct kyc *k, enum kyc_action a)
{
	if (a == KYC_SAY_PENDING)
		return "pending";
	if (k->state == KYC_PASSED_IT)
		return "passed";
	if (k->state == KYC_GIVEN_UP)
		return "given_up";
	return k->told_n < k->failed_n ? k->failed[k->told_n] : "other";
}

void
kyc_said(struct kyc *k, enum kyc_action a)
{
	if (a == KYC_SAY_PENDING)
		k->told_pending = true;
	else
		k->told_n++;
}

enum kyc_action
kyc_next(struct kyc *k, int64_t now, int64_t bound_ms, int64_t *at)
{
	if (k->state == KYC_RUNNING && now - k->begun_at >= bound_ms)
		k->state = KYC_GIVEN_UP;
	if (k->state != KYC_RUNNING)
		return k->told_n >= tells(k) ? KYC_OVER : KYC_SAY;
	if (k->asked && !k->told_pending)
		return KYC_SAY_PENDING;
	if (k->next_at > now) {
		*at = k->next_at < k->begun_at + bound_ms ? k->next_at : k->begun_at + bound_ms;
		return KYC_WAIT;
	}
	return next_step(k);
}

void
kyc_sending(struct kyc *k)
{
	k->sends++;
	k->unsure = true;
}

void
kyc_request(const struct kyc *k, enum kyc_action a, struct wallet_req *q)
{
	memset(q, 0, sizeof *q);
	q->op = a == KYC_ASK ? WALLET_RATIFY : WALLET_RATIFIED;
	q->customer_id = k->customer_id;
}

/* ---- answers ---- */

/* Members of results that are known (wallet-core.md 6). */
static const char *
check_word(const char *check)
{
	static const char *const known[][2] = {
		{ "sanctionsListCheck", "sanctions" },
		{ "selfieMatchesNationalIdentity", "selfie" },
		{ "nationalIdentityIsLegitimate", "document" },
		{ "identityNumberMatchesNationalIdentity", "number" },
	};

	for (size_t i = 0; i < NELEM(known); i++)
		if (strcmp(known[i][0], check) == 0)
			return known[i][1];
	return "other";
}

static void
add_failed(struct kyc *k, const char *word)
{
	for (int i = 0; i < k->failed_n; i++)
		if (strcmp(k->failed[i], word) == 0)
			return;
	if (k->failed_n < KYC_FAILED_MAX)
		str_copy(k->failed[k->failed_n++], sizeof k->failed[0], word);
}

static void
note_failed(struct kyc *k, const struct wallet_answer *a)
{
	k->failed_n = 0;
	for (int i = 0; i < a->checks; i++)
		if (a->check[i].checked && !a->check[i].passed && !a->check[i].pending)
			add_failed(k, check_word(a->check[i].name));
}

static void
pending(struct kyc *k, int64_t now)
{
	k->asked = true;
	k->tries = 0;
	k->next_at = now + doubled(READ_MS, k->reads, READ_MOST_MS);
	k->reads++;
}

/* A result of this request, or of the same documents: what it says counts. */
static void
take_result(struct kyc *k, int64_t now, const struct wallet_answer *a)
{
	k->unsure = false;
	switch (a->kyc) {
	case WALLET_KYC_PASSED:
		k->state = KYC_PASSED_IT;
		break;
	case WALLET_KYC_FAILED:
		k->state = KYC_FAILED_IT;
		note_failed(k, a);
		break;
	default:
		pending(k, now);
		break;
	}
}

/* Instead of an answer: is there one that was not there before? */
static void
on_looked(struct kyc *k, int64_t now, const struct wallet_answer *a)
{
	if (!k->looked) {
		k->looked = true;
		k->before_ms = a->n > 0 ? a->kyc_ms : 0;
		k->tries = 0;
		return;
	}
	if (a->n > 0 && a->kyc_ms > k->before_ms) {
		take_result(k, now, a);
	} else if (k->sends >= KYC_SENDS) {
		k->state = KYC_GIVEN_UP;
	} else {
		/* It can be repeated without harm (wallet-core.md 6). */
		k->unsure = false;
		later(k, now);
	}
}

static void
on_done(struct kyc *k, enum kyc_action a, int64_t now, const struct wallet_answer *answer)
{
	k->next_at = 0;
	if (a == KYC_LOOK)
		on_looked(k, now, answer);
	else if (a == KYC_ASK || answer->n > 0)
		take_result(k, now, answer);
	else
		pending(k, now);
}

void
kyc_on_answer(struct kyc *k, enum kyc_action a, int64_t now, const struct wallet_answer *answer)
{
	switch (answer->end) {
	case WALLET_DONE:
		on_done(k, a, now, answer);
		return;
	case WALLET_REFUSED:
		/* Of the request: something that it needs is missing. A read that is refused reads nothing ever. */
		k->unsure = false;
		k->state = a == KYC_ASK ? KYC_FAILED_IT : KYC_GIVEN_UP;
		return;
	case WALLET_LATER:
	case WALLET_AUTH:
		if (a == KYC_ASK) {
			k->unsure = false;	/* it was not processed */
			k->sends--;
		}
		later(k, now);
		return;
	case WALLET_UNKNOWN:
		later(k, now);
		return;
	}
}
