/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scripts that run inside Redis; their definitions are written by lua/embed.sh when building.
 */
#pragma once

struct store_script {
	const char *sha1;	/* hex */
	const char *text;
};
extern const struct store_script store_lua_commit, store_lua_claim, store_lua_history, store_lua_processes;
