/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The menus and texts that the settings name, read from their folders: at start, on SIGHUP and by
 * `isango check`.
 */
#pragma once
#include "base/buf.h"
#include "base/mem.h"
#include "core/menu.h"
#include "core/settings.h"
#include "core/texts.h"

struct content {
	struct texts *texts;		/* of every language in the folder */
	struct menu **menus;		/* of each tenant, in the order of settings; ours */
	struct menu **sms_menus;	/* the same for SMS; NULL of a tenant without */
	int menus_n;
};

/* NULL after adding each problem as "file:line: problem\n". Owned by the caller. */
struct content *content_load(const struct settings *s, struct buf *problems) MUST_CHECK;
void content_free(struct content *c);		/* NULL is fine */
/* What is no mistake but should be known before customers see it: texts that nobody has reviewed. One line each. */
void content_notes(const struct settings *s, const struct content *c, struct buf *notes);
/* Problems of menus that no tenant uses (yet). */
void content_check_unused(const struct settings *s, struct buf *problems);
