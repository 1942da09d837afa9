/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libsmpp34 as a second opinion, in a child process: what it does to its memory is not done to ours, and when it dies
 * the next question starts another. A reading is one line per field, which the test writes of our own decoder too.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"

struct smpp34 {			/* all zero: no child yet, which the first question starts */
	pid_t pid;
	int fd;
	unsigned deaths;
};
enum smpp34_says { SMPP34_ACCEPTS, SMPP34_REFUSES, SMPP34_DIES };

/* `reading` gets what it read, if it accepts. */
enum smpp34_says smpp34_ask(struct smpp34 *s, const void *pdu, size_t len, struct buf *reading);
void smpp34_stop(struct smpp34 *s);

void reading_number(struct buf *b, const char *name, uint32_t n);
void reading_octets(struct buf *b, const char *name, const void *p, size_t n);
void reading_string(struct buf *b, const char *name, const void *s);
void reading_tlv(struct buf *b, unsigned tag, const void *p, size_t n);
/*
 * Of a TLV whose type has a size, that has another: libsmpp34 does not look at its length and reads on in the wrong
 * place.
 */
#define READING_LIES " lies\n"
