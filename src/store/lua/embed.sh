#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Writes the Lua scripts given as C constants on standard output: NAME.lua becomes store_lua_NAME
# (store/scripts.h), octet for octet, with the SHA-1 that Redis will know it by.
# usage: embed.sh commit.lua claim.lua >scripts.c
set -eu
echo '/* Written by embed.sh from the Lua scripts; change those. */'
echo '#include "store/scripts.h"'
for file in "$@"; do
	name=$(basename "$file" .lua)
	sum=$(sha1sum <"$file")
	echo
	echo "const struct store_script store_lua_$name = {"
	echo "	\"${sum%% *}\","
	sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/	/\\t/g' -e 's/^/	"/' -e 's/$/\\n"/' "$file"
	echo '};'
done
