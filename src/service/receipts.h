/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Delivery receipts and their messages, whichever comes first and in whichever process: the SMSC's id leads from one
 * to the other. gateway_receipt() of gateway.h is the door of what binds bring.
 */
#pragma once
#include "service/carry.h"

/* Whose ids a bind's are: what is about them is kept under it. */
const char *receipts_owner(const struct gateway *gw, int bind);
/*
 * A message was accepted under its provider_id: from here on its receipts find this attempt. One that came before is
 * applied now. `pointed` always comes; at worst a receipt will find nothing and be counted.
 */
void receipts_point(struct carried *k, task_fn *pointed);
