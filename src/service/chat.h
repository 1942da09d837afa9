/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chats at work. What was written is appended to the queue of its chat and has its place in the due list before the
 * network hears that it arrived (chat_take.c); the queue is worked off in order, by whichever process lives
 * (chat_work.c): a turn, whose key is the input's, then its answer into the outbox under a name that a second try finds
 * again, then the input leaves the queue. Texts are never logged.
 */
#pragma once
#include "core/chat.h"
#include "core/message.h"
#include "service/task.h"

#define CHAT_TURN_KEY (2 * CHAT_MAC + 4)	/* "wa:" and the hash of the input */
void chat_turn_key(const unsigned char mac[CHAT_MAC], char out[CHAT_TURN_KEY]);

/*
 * The turn of an input has this answer, or none (text NULL: it is tried again). `id` is the turn_in's; `customer` whose
 * PIN was right in this dialogue, or 0.
 */
void chat_answer(struct gateway *gw, uint64_t id, const struct reply *r, int64_t customer);
/* Works off the queue of this chat, unless this process is at it. */
void chat_start(struct gateway *gw, int channel, const char *owner);
/* The same, of one that was claimed from the due list. */
void chat_claimed(struct gateway *gw, const struct store_value *v);
/* tenant/phone, or tenant/user where that is all that is known. */
void chat_owner(const struct tenant_settings *t, const char *phone, const char *user, char out[STORE_OWNER]);
/*
 * A chat whose network tells no phone shows a code of 8 digits; who types it at a phone, behind the PIN, has the chat from
 * then on (chat_link.c). What the code leads to is a chat's record that has the user, the channel, and until when it
 * counts in said_ms.
 */
#define CHAT_LINK_CODE 9
#define CHAT_LINK_MS INT64_C(600000)
void chat_link_code(struct gateway *gw, const unsigned char mac[CHAT_MAC], char out[CHAT_LINK_CODE]);
struct store_key chat_link_key(const struct tenant_settings *t, const char *code);
/* The message leaves after what was said in the chat before. Messages are sent each for itself, and may overtake. */
void chat_follow(const struct chat *c, int64_t now, struct message *m);
/* The tenant wants PINs typed in this chat, which keeps them. */
bool chat_takes_pin(const struct channel_settings *c);
/* The PIN of who is this phone's customer now was typed for it, with the SIM that the phone has now. */
bool chat_is_proven(const struct chat *c, const struct subscriber *sub);
/* Loaded, or the empty chat; false: it is damaged, and `out` is empty. */
bool chat_load(const struct store_value *v, struct chat *out);
