/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Providers' ids of messages, in the form in which they are kept: receipts are matched without regard to case and
 * leading zeros, in at most 65 octets (core/receipt.h), and some ids are longer or differ by case alone. The same
 * function is used on what a provider answers and on what its receipts say. Pure.
 */
#pragma once
#include "core/receipt.h"

/*
 * As it is where nothing of it would be lost: up to 65 octets that are printable, of one case and begin with no zero.
 * Anything else becomes "h" and 60 hex digits of its BLAKE2b. "" stays "".
 */
void provider_id_fit(const char *id, char out[RECEIPT_ID]);
/* For ids that no case tells apart: as it is, in its own case too, where it has up to 65 printable octets. */
void provider_id_short(const char *id, char out[RECEIPT_ID]);
