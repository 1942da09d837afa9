/* SPDX-License-Identifier: Apache-2.0 */
#include "store/redis_refusal.h"

#include <string.h>

#include "base/str.h"

/*
 * The first words of what Redis says before it runs anything of a script: the script's first line has it look at all of
 * these beforehand, not at each command inside. What is not here may have been said halfway.
 */
static const struct {
	const char *word;
	enum store_end end;
} refusals[] = {
	{ "OOM ", STORE_FULL },
	{ "MISCONF ", STORE_LATE },		/* it cannot write to its disk */
	{ "LOADING ", STORE_LATE },
	{ "READONLY ", STORE_LATE },		/* a replica */
	{ "MASTERDOWN ", STORE_LATE },		/* a replica that lost its master */
	{ "NOREPLICAS ", STORE_LATE },		/* fewer than min-replicas-to-write */
	{ "BUSY ", STORE_LATE },		/* somebody's script runs for too long */
	{ "NOAUTH ", STORE_LATE },
	{ "NOPERM ", STORE_LATE },
	{ "CLUSTERDOWN ", STORE_LATE },
	{ "MOVED ", STORE_LATE },
	{ "ASK ", STORE_LATE },
	{ "TRYAGAIN ", STORE_LATE },
};

enum store_end
redis_refusal_end(const char *error)
{
	/* From inside the script: what came before it was done. */
	if (strstr(error, "@user_script") != NULL)
		return STORE_UNKNOWN;
	for (size_t i = 0; i < NELEM(refusals); i++)
		if (str_starts(error, refusals[i].word))
			return refusals[i].end;
	return STORE_UNKNOWN;
}
