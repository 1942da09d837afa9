/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When money is turned off because the store is running short: before anything breaks, so that what is under way still
 * ends. Once off it stays so until there is a quarter more than the floor.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct floors {
	int memory_percent;	/* of its most memory must be free; 0: no floor */
	int disk_mb;		/* must be free; 0: no floor */
};

struct room_left {
	int64_t memory_used, memory_most;	/* octets; most 0: not bounded */
	int64_t disk_free;			/* octets; -1: not known */
	bool log_fails;				/* its log could not be written last time */
};

enum shortage { SHORT_OF_NOTHING, SHORT_OF_MEMORY, SHORT_OF_DISK, SHORT_OF_LOG };

enum shortage floors_look(const struct floors *f, const struct room_left *r, enum shortage before);
