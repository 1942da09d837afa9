/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stdbool.h>

#include "core/settings.h"
#include "store/seal.h"

/* Whether serve may start on the Redis of the settings; says on standard error or in the log what speaks against it. */
bool redis_fit(const struct settings *s, const struct seal *seal);
