/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How networks treat a USSD dialogue, as a customer feels it: how much fits on a screen, how long the dialogue may
 * last, what is lost or repeated. For trying menus (transcripts, `isango dial`); a gateway that serves is told by its
 * configuration.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct ussd_profile {
	const char *name;
	int septets;			/* of one screen; 7/16 as many in UCS-2 */
	int session_s;			/* the longest dialogue */
	int idle_s;			/* an answer must come within; 0: only session_s counts */
	int drop_after;			/* the connection breaks with each so many-th screen; 0: never */
	bool repeats;			/* each input is delivered twice */
	const char *help;
};

extern const struct ussd_profile ussd_profiles[];
extern const size_t ussd_profiles_n;
const struct ussd_profile *ussd_profile_find(const char *name);	/* NULL if there is none */
