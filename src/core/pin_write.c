/* SPDX-License-Identifier: Apache-2.0 */
#include "core/pin_write.h"

#include <inttypes.h>
#include <string.h>

#include "base/str.h"

const unsigned char *
pin_key_of(const struct wallet_settings *w, int id)
{
	if (id == w->pin_key_id)
		return w->pin_key;
	for (int i = 0; i < w->pin_keys_n; i++)
		if (w->pin_keys[i].id == id)
			return w->pin_keys[i].key;
	return NULL;
}

void
pin_identity(const struct wallet_settings *w, int64_t customer_id, int key_id, char out[41])
{
	str_format(out, 41, "%s%" PRId64 "-%d", w->identity_prefix, customer_id, key_id);
}

static bool
same_mac(const struct subscriber *s, const unsigned char mac[16])
{
	return s->pin_write_mac_len == sizeof s->pin_write_mac && str_equal_secret(s->pin_write_mac, mac, 16);
}

static bool
is_under_way(const struct subscriber *s, const struct pin_write *w)
{
	return s->pin_write == w->kind && s->pin_write_key == w->key_id && same_mac(s, w->mac);
}

/* An earlier one, whatever became of it, may land until then. Nobody uses the identity that is retired. */
static int64_t
lands_until(const struct subscriber *s)
{
	bool matters = s->pin_write != PIN_WRITE_NONE && s->pin_write != PIN_WRITE_RETIRE;
	int64_t begun = matters ? s->pin_write_at : 0;
	int64_t last = begun > s->pin_unanswered_at ? begun : s->pin_unanswered_at;

	return last != 0 ? last + PIN_WRITE_LANDS_MS : 0;
}

bool
pin_write_begin(struct subscriber *s, const struct pin_write *w, int64_t now)
{
	bool same = same_mac(s, w->mac) && s->pin_write_key == w->key_id;

	if (!same && now < lands_until(s))
		return false;
	if (!is_under_way(s, w))
		s->pin_write_excused = false;
	s->pin_write = w->kind;
	s->pin_write_key = w->key_id;
	s->pin_write_at = now;
	memcpy(s->pin_write_mac, w->mac, sizeof s->pin_write_mac);
	s->pin_write_mac_len = sizeof s->pin_write_mac;
	return true;
}

/* The identity of before is of no use to the customer any more, but its password may be known to who had its key. */
static void
take_over(struct subscriber *s, int key_id, bool local, int64_t now)
{
	if (s->has_pin && s->pin_key_id != key_id && !local) {
		s->has_old_key = true;
		s->pin_old_key = s->pin_key_id;
		s->pin_key_at = now;
	}
	s->pin_key_id = key_id;
}

/* A PIN that was made without the old one. */
static void
set_young(struct subscriber *s, int64_t now)
{
	s->has_pin = true;
	s->activated_at = now;
	s->code_mac_len = 0;
	s->reset_from = 0;
}

void
pin_write_done(struct subscriber *s, const struct pin_write *w, bool local, int64_t now)
{
	if (!is_under_way(s, w))
		return;		/* its twin was faster */
	s->pin_write = PIN_WRITE_NONE;
	if (w->kind == PIN_WRITE_RETIRE) {
		s->has_old_key = false;
		s->pin_old_key = 0;
		return;
	}
	take_over(s, w->key_id, local, now);
	if (w->kind == PIN_WRITE_ACTIVATE || w->kind == PIN_WRITE_RESET)
		set_young(s, now);
	if (local) {
		memcpy(s->pin_mac, w->mac, sizeof w->mac);
		s->pin_mac_len = sizeof w->mac;
	}
}

void
pin_write_refused(struct subscriber *s, const struct pin_write *w)
{
	if (is_under_way(s, w))
		s->pin_write = PIN_WRITE_NONE;
}

void
pin_write_unanswered(struct subscriber *s, const struct pin_write *w, int64_t now)
{
	if (same_mac(s, w->mac) && w->kind != PIN_WRITE_RETIRE)
		s->pin_unanswered_at = now;
}

enum pin_write_kind
pin_write_due(const struct subscriber *s, int newest, bool local, int64_t now)
{
	if (s->has_old_key && !local && s->pin_old_key != newest)
		return now - s->pin_key_at >= PIN_RETIRE_AFTER_MS ? PIN_WRITE_RETIRE : PIN_WRITE_NONE;
	return s->has_pin && s->pin_key_id != newest ? PIN_WRITE_ROTATE : PIN_WRITE_NONE;
}

static bool
is_new_pin(const struct subscriber *s)
{
	return s->pin_write == PIN_WRITE_CHANGE || s->pin_write == PIN_WRITE_RESET;
}

bool
pin_write_matches(const struct subscriber *s, const unsigned char mac[16])
{
	return is_new_pin(s) && same_mac(s, mac);
}

void
pin_write_proven(struct subscriber *s, const unsigned char mac[16], int64_t now)
{
	struct pin_write w = { .kind = s->pin_write, .key_id = s->pin_write_key };

	memcpy(w.mac, s->pin_write_mac, sizeof w.mac);
	if (pin_write_matches(s, mac))
		pin_write_done(s, &w, false, now);
	else if (is_new_pin(s) && now >= lands_until(s))
		s->pin_write = PIN_WRITE_NONE;
}

bool
pin_write_excuses(struct subscriber *s, const unsigned char mac[16], int64_t now)
{
	if (!is_new_pin(s))
		return false;
	if (same_mac(s, mac)) {
		if (now >= lands_until(s))
			s->pin_write = PIN_WRITE_NONE;
		return true;
	}
	/* It may be the old PIN of who was told to try it: once, for it may be a guess as well. */
	if (s->pin_write == PIN_WRITE_RESET || s->pin_write_excused)
		return false;
	s->pin_write_excused = true;
	return true;
}

enum pin_reset
pin_reset_state(const struct subscriber *s, int64_t now)
{
	if (s->reset_from == 0 || now >= s->reset_from + PIN_RESET_OPEN_MS)
		return PIN_RESET_NONE;
	return now < s->reset_from ? PIN_RESET_WAITING : PIN_RESET_READY;
}

void
pin_reset_stop(struct subscriber *s)
{
	s->reset_from = 0;
	s->code_mac_len = 0;
}

/* Who reads SMS now may be somebody else. */
void
sim_changed(struct subscriber *s, int64_t at)
{
	if (at > s->sim_changed_at)
		s->sim_changed_at = at;
	pin_reset_stop(s);
}

bool
sim_see(struct subscriber *s, const unsigned char mac[16], int64_t now)
{
	bool known = s->sim_mac_len == sizeof s->sim_mac;
	bool same = known && str_equal_secret(s->sim_mac, mac, sizeof s->sim_mac);

	memcpy(s->sim_mac, mac, sizeof s->sim_mac);
	s->sim_mac_len = sizeof s->sim_mac;
	if (!known || same)
		return false;
	sim_changed(s, now);
	return true;
}

bool
sim_is_new(const struct subscriber *s, int64_t now)
{
	return s->sim_changed_at != 0 && now - s->sim_changed_at < PIN_CAREFUL_MS;
}

bool
subscriber_is_young(const struct subscriber *s, int64_t now)
{
	return sim_is_new(s, now) || (s->activated_at != 0 && now - s->activated_at < PIN_CAREFUL_MS);
}
