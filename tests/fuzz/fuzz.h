/* SPDX-License-Identifier: Apache-2.0 */
/* What fuzz targets share: how one fails, and the two halves of an input. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void
must(bool ok)
{
	if (!ok)
		abort();
}

#define FUZZ_BETWEEN "\n--\n"

/*
 * The octets before the line "--"; `rest` gets what follows it, with a NUL: the caller's to free.
 */
static inline size_t
fuzz_halves(const uint8_t *data, size_t size, char **rest)
{
	const uint8_t *cut = memmem(data, size, FUZZ_BETWEEN, strlen(FUZZ_BETWEEN));
	size_t first = cut != NULL ? (size_t)(cut - data) : size;
	size_t from = cut != NULL ? first + strlen(FUZZ_BETWEEN) : size;

	*rest = strndup((const char *)data + from, size - from);
	must(*rest != NULL);
	return first;
}
