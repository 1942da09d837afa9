/* SPDX-License-Identifier: Apache-2.0 */
/* The chat of `isango dial --whatsapp`: a customer's WhatsApp in the terminal, through the sandbox. */
#pragma once

/* `sandbox`: the URL of its control listener; `from`: the customer's number, canonical. The exit status. */
int dial_chat(const char *sandbox, const char *from);
