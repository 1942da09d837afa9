/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A configuration's menus for being played without a gateway, by `isango test`, `isango dial --offline` and `isango
 * transcript`. Secrets are not needed: what a configuration lacks of them is not complained about.
 */
#pragma once
#include <stdbool.h>

#include "core/menu_cover.h"
#include "core/menu_play.h"
#include "core/settings.h"
#include "core/ussd_profile.h"

struct offline;

struct offline_menu {
	const struct tenant_settings *tenant;
	const struct menu *menu;
	const char *name;
	struct menu_cover *cover;		/* everything that was played of it */
	struct ussd_profile profile;		/* of the tenant's channel */
	const char *code;			/* that is dialled, or named in an SMS */
	bool by_sms;
};

/* NULL after saying on stderr, as `command`, why not. */
struct offline *offline_open(const char *command, const char *file);
void offline_close(struct offline *o);
/* Menus with mistakes are played too, if they can be walked at all; stderr says that there are some. */
void offline_allow_faults(struct offline *o);
const struct settings *offline_settings(const struct offline *o);
/*
 * The menu of this name, "": the tenant's own; at this tenant, "": the first one that has it, else the first. NULL
 * after saying why not.
 */
const struct offline_menu *offline_menu(struct offline *o, const char *tenant, const char *menu, char *problem,
    size_t size);
/* What play_anew() wants. */
void offline_phone(const struct offline *o, const struct offline_menu *m, struct play *p);
/* The menus that were asked for, in that order; NULL behind the last. */
const struct offline_menu *offline_used(const struct offline *o, int i);
