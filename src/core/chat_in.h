/* SPDX-License-Identifier: Apache-2.0 */
/* What somebody wrote in a chat, read from whatever form its network has. Plain values; texts are UTF-8. */
#pragma once
#include <stdint.h>

#include "core/phone.h"

#define CHAT_USER 144		/* a business-scoped user id: country code, dot, up to 128 letters and digits */
#define CHAT_MESSAGE 256	/* the network's id of a message ("wamid...") */
#define CHAT_TEXT 1024		/* of an input that is looked at; more is cut */
#define CHAT_MEDIA_ID 64
#define CHAT_IDENTITY 65

enum chat_kind {
	CHAT_TYPED,		/* text; also the caption of what cannot be read otherwise */
	CHAT_TAPPED,		/* text is the id of the button or row, as we had sent it */
	CHAT_MEDIA,		/* a picture or document; text is its caption */
	CHAT_UNREADABLE,	/* anything else that a person sent: told what can be sent instead */
	/* No person wrote: the user has another number now, or another identity. The text is the new one, canonical where
	 * it is a number, or ""; user and phone are those of before. */
	CHAT_MOVED
};

struct chat_media {
	char id[CHAT_MEDIA_ID];
	char type[64];		/* "image/jpeg" */
	char sha256[65];	/* as the network says, lower case hex; "" where it does not */
	char name[128];		/* of a document's file, "" otherwise */
};

struct chat_in {
	int channel;			/* index into settings.channels */
	char user[CHAT_USER];		/* "" where the network does not tell */
	char phone[PHONE_MAX];		/* canonical; "" where the network does not tell */
	char id[CHAT_MESSAGE];		/* tells a message from all others, and from its own repetition */
	enum chat_kind kind;
	char text[CHAT_TEXT];
	struct chat_media media;	/* MEDIA */
	/* What the network says of the user's device, if it does: another one than before is another device, perhaps
	 * another person. */
	char identity[CHAT_IDENTITY];
	int64_t at_ms;			/* when it was written, by the network's clock */
};
