/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Delivery receipts and their messages, whichever comes first and in whichever process: the SMSC's id leads from one
 * to the other. gateway_receipt() of gateway.h is the door.
 */
#pragma once
#include "service/carry.h"

/*
 * A message was accepted under its provider_id: from here on its receipts find this attempt. One that came before is
 * applied now. `pointed` always comes; at worst a receipt will find nothing and be counted.
 */
/* What the network repeats of the attempt under way, where it does; "" where it would be too long. */
void receipts_name(struct gateway *gw, const struct message *m, char out[RECEIPT_OURS]);
void receipts_point(struct carried *k, task_fn *pointed);
