/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts that claim to be delivery receipts, and ids in any form. A canonical id is a fixed point
 * unless read as hex.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/receipt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct receipt r;
	char id[66], again[66];
	bool ok = receipt_parse_text((const char *)data, size, &r);

	if (ok != (r.id[0] != '\0' && r.stat[0] != '\0') || (!ok && r.state != RECEIPT_UNKNOWN))
		abort();
	receipt_canonical_id(r.id, false, id);
	receipt_canonical_id(id, false, again);
	if (strcmp(id, again) != 0)
		abort();
	receipt_canonical_id(r.id, true, again);
	if (strlen(again) > 65)
		abort();
	receipt_apply_tlvs(&r, (const char *)data, size, size > 0 ? data[0] : -1);
	receipt_canonical_id(r.tlv_id, true, again);
	return 0;
}
