/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ussd_profile.h"

#include <string.h>

#include "base/mem.h"

const struct ussd_profile ussd_profiles[] = {
	{ "plain", 160, 180, 0, 0, false, "What every network can do: plan menus for this one." },
	{ "south-africa", 182, 180, 0, 0, false, "A whole USSD string, and the 180 s that the networks there allow." },
	{ "africastalking", 182, 180, 30, 0, false, "Kenyan networks behind the aggregator: 30 s for an answer." },
	{ "clickatell", 182, 120, 20, 0, false, "The aggregator's terms: 120 s in all, 20 s for an answer." },
	{ "short", 160, 60, 0, 0, false, "A dialogue of 60 s, as SS7 stacks have it by default." },
	{ "narrow", 92, 180, 0, 0, false, "The smallest screen that a channel may be configured to." },
	{ "dropping", 160, 180, 0, 4, false, "Bad coverage: the connection breaks with every fourth screen." },
	{ "repeating", 160, 180, 0, 0, true, "A gateway that delivers every input twice." },
};
const size_t ussd_profiles_n = NELEM(ussd_profiles);

const struct ussd_profile *
ussd_profile_find(const char *name)
{
	for (size_t i = 0; i < ussd_profiles_n; i++)
		if (strcmp(ussd_profiles[i].name, name) == 0)
			return &ussd_profiles[i];
	return NULL;
}
