/* SPDX-License-Identifier: Apache-2.0 */
/* What an error reply of Redis to a script that writes says about what was written. */
#pragma once
#include "service/ports.h"

enum store_end redis_refusal_end(const char *error);
