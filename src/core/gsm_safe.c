/* SPDX-License-Identifier: Apache-2.0 */
/*
 * No lookalikes: a Cyrillic or Greek letter never becomes a Latin one. And nothing whose spelling
 * could change an amount: no fraction, no small raised digit, no currency.
 */
#include "core/gsm_safe.h"

#include <limits.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "core/gsm.h"

/* By first; between first and last all are spelt the same. */
static const struct {
	uint16_t first, last;
	const char *as;
} marks[] = {
	{ 0x0009, 0x0009, " " },
	{ 0x0060, 0x0060, "'" },	/* grave accent */
	{ 0x00a0, 0x00a0, " " },	/* no-break space */
	{ 0x00a9, 0x00a9, "(c)" },
	{ 0x00ab, 0x00ab, "\"" },	/* guillemets */
	{ 0x00ad, 0x00ad, "" },		/* soft hyphen */
	{ 0x00ae, 0x00ae, "(R)" },
	{ 0x00b4, 0x00b4, "'" },	/* acute accent */
	{ 0x00b7, 0x00b7, "." },	/* middle dot */
	{ 0x00bb, 0x00bb, "\"" },
	{ 0x00d7, 0x00d7, "x" },	/* times */
	{ 0x00de, 0x00de, "Th" },
	{ 0x00fe, 0x00fe, "th" },
	{ 0x0132, 0x0132, "IJ" },
	{ 0x0133, 0x0133, "ij" },
	{ 0x0149, 0x0149, "'n" },	/* the Afrikaans article */
	{ 0x0152, 0x0152, "OE" },
	{ 0x0153, 0x0153, "oe" },
	{ 0x02b9, 0x02bf, "'" },	/* apostrophes of transcriptions, okina */
	{ 0x0300, 0x0331, "" },		/* accents that stand behind their letter */
	{ 0x1e9e, 0x1e9e, "SS" },
	{ 0x2000, 0x200a, " " },	/* spaces of several widths */
	{ 0x200b, 0x200f, "" },		/* of none, joiners and directions */
	{ 0x2010, 0x2015, "-" },	/* hyphens and dashes */
	{ 0x2018, 0x201b, "'" },
	{ 0x201c, 0x201f, "\"" },
	{ 0x2022, 0x2022, "-" },	/* bullet */
	{ 0x2026, 0x2026, "..." },
	{ 0x2028, 0x2029, "\n" },	/* line and paragraph separators */
	{ 0x202f, 0x202f, " " },
	{ 0x2032, 0x2032, "'" },	/* minutes, seconds */
	{ 0x2033, 0x2033, "\"" },
	{ 0x2039, 0x203a, "'" },
	{ 0x205f, 0x205f, " " },
	{ 0x2060, 0x2060, "" },
	{ 0x2122, 0x2122, "(TM)" },
	{ 0x2212, 0x2212, "-" },	/* minus */
	{ 0xfe0e, 0xfe0f, "" },		/* variation selectors */
	{ 0xfeff, 0xfeff, "" },
};

/* Letters without their accent, block by block; a space: in GSM 03.38, or no accented letter. */
static const struct {
	uint32_t first;
	const char *as;
} letters[] = {
	{ 0x00c0, "AAAA    E EEIIIID OOOO   UUU Y   aaa   c  ee iiid  ooo    uu y y" },
	{ 0x0100, "AaAaAaCcCcCcCcDdDdEeEeEeEeEeGgGgGgGgHhHhIiIiIiIiIi  JjKkkLlLlLlL"
		  "lLlNnNnNn NnOoOoOo  RrRrRrSsSsSsSsTtTtTtUuUuUuUuUuUuWwYyYZzZzZzs" },
	{ 0x1e00, "AaBbBbBbCcDdDdDdDdDdEeEeEeEeEeFfGgHhHhHhHhHhIiIiKkKkKkLlLlLlLlMm"
		  "MmMmNnNnNnNnOoOoOoOoPpPpRrRrRrRrSsSsSsSsSsTtTtTtTtUuUuUuUuUuVvVv"
		  "WwWwWwWwWwXxXxYyZzZzZzhtwyasss  AaAaAaAaAaAaAaAaAaAaAaAaEeEeEeEe"
		  "EeEeEeEeIiIiOoOoOoOoOoOoOoOoOoOoOoOoUuUuUuUuUuUuUuYyYyYyYy  VvYy" },
};

static bool
add_mark(uint32_t cp, struct buf *out)
{
	for (size_t i = 0; i < NELEM(marks); i++)
		if (cp >= marks[i].first && cp <= marks[i].last) {
			buf_add_str(out, marks[i].as);
			return true;
		}
	return false;
}

static bool
add_letter(uint32_t cp, struct buf *out)
{
	for (size_t i = 0; i < NELEM(letters); i++) {
		const char *as = letters[i].as;
		uint32_t first = letters[i].first;

		if (cp >= first && cp - first < strlen(as) && as[cp - first] != ' ') {
			buf_add_char(out, as[cp - first]);
			return true;
		}
	}
	return false;
}

static bool
spell(const char *utf8, struct buf *out)
{
	size_t len = strlen(utf8), step;
	uint32_t cp;

	for (size_t at = 0; at < len; at += step) {
		/* What is in the alphabet already stays, up to the first that is not. */
		step = text_fit(CHARSET_GSM7, utf8 + at, INT_MAX);
		if (step > 0) {
			buf_add(out, utf8 + at, step);
			continue;
		}
		step = utf8_decode(utf8 + at, len - at, &cp);
		if (step == 0 || (!add_mark(cp, out) && !add_letter(cp, out)))
			return false;
	}
	return true;
}

bool
gsm_safe(const char *utf8, struct buf *out)
{
	struct buf safe = { 0 };
	bool ok = spell(utf8, &safe);

	buf_add_str(out, ok ? buf_str(&safe) : utf8);
	buf_clear(&safe);
	return ok;
}
