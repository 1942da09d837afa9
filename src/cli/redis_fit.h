/* SPDX-License-Identifier: Apache-2.0 */
/* Is the Redis of the settings fit for money? Asked once, before serving; what becomes of it later is redis_health's. */
#pragma once
#include <stdbool.h>

#include "core/settings.h"
#include "store/seal.h"

/* Whether serve may start on the Redis of the settings; says on standard error or in the log what speaks against it. */
bool redis_fit(const struct settings *s, const struct seal *seal);
