/* SPDX-License-Identifier: Apache-2.0 */
/* The phone of `isango dial --offline`: plays a menu alone, with answers that are scripted or asked for. */
#pragma once

#include "core/ussd_profile.h"

struct dial_offline {			/* NULL or "" where left out */
	const char *config, *menu, *tenant, *language;
	const char *keys, *answers;
	const char *from, *code;
	const struct ussd_profile *profile;
};

/* The exit status. */
int dial_offline(const struct dial_offline *o);
