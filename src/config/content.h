/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The menus and texts of the tenants: from their folders into bundles (content_files.c), and from a bundle to what a
 * gateway uses (content.c), wherever the bundle came from.
 */
#pragma once
#include "base/buf.h"
#include "base/mem.h"
#include "core/bundle.h"
#include "core/menu.h"
#include "core/settings.h"
#include "core/texts.h"

/*
 * What a bundle has besides files: the names of the tenant's menus. With them a published version stays what it is
 * where the configuration names another menu meanwhile.
 */
#define CONTENT_MENU "tenant/menu"
#define CONTENT_SMS_MENU "tenant/sms_menu"	/* empty: none */

struct tenant_content {
	struct bundle *files;
	struct texts *texts;		/* of the tenant's languages */
	struct menu *menu;
	struct menu *sms_menu;		/* NULL of a tenant without */
	char version[BUNDLE_VERSION];	/* of the files; that of the menus too */
};

struct content {
	struct tenant_content **tenants;	/* in the order of settings; ours */
	int tenants_n;
};

/*
 * What the tenant's content consists of, as it stands in the folders: a file that is not there is left out, what cannot
 * be read is a problem ("file:line: problem\n"). Never NULL; owned by the caller.
 */
struct bundle *content_files(const struct settings *s, int tenant, struct buf *problems) MUST_CHECK;
/*
 * Takes over `files`, also when it fails: NULL after adding each problem. Files that came from no folder are named as
 * in the bundle.
 */
struct tenant_content *tenant_content_load(const struct settings *s, int tenant, struct bundle *files,
    struct buf *problems) MUST_CHECK;
/*
 * The same for proving what else is wrong with it: what of it is right enough, and no problems. Menus that nobody could
 * walk are NULL; never NULL itself.
 */
struct tenant_content *tenant_content_look(const struct settings *s, int tenant, struct bundle *files) MUST_CHECK;
void tenant_content_free(struct tenant_content *c);	/* NULL is fine */

/* Both for all tenants: NULL after adding each problem, once. Owned by the caller. */
struct content *content_load(const struct settings *s, struct buf *problems) MUST_CHECK;
void content_free(struct content *c);		/* NULL is fine */
/* What is no mistake but should be known before customers see it: texts that nobody has reviewed. One line each. */
void content_notes(const struct settings *s, const struct content *c, struct buf *notes);
/* Problems of menus and texts that no tenant uses (yet). */
void content_check_unused(const struct settings *s, struct buf *problems);
