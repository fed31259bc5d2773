/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * yaml_scan - the raw bytes of a YAML document, line by line: encoding,
 * characters, and for canonical documents the shape of a line.
 */
#include "manifests/yaml_scan.h"

#include <string.h>

#include "manifests/caps.h"
#include "manifests/utf8.h"

static bool
refuse(struct yaml_flaw *f, const char *rule, const char *text, const char *hint)
{
	f->rule = rule;
	f->text = text;
	f->hint = hint;
	return false;
}

/* One code point that is not between blank and tilde. */
static bool
scan_rare(uint32_t cp, struct yaml_flaw *f)
{
	if (cp == '\t')
		return true;
	if (cp == '\r')
		return refuse(f, "yaml-cr", "a carriage return",
		    "lines end with LF alone; dos2unix converts the file");
	if (cp == 0x85 || cp == 0x2028 || cp == 0x2029)
		return refuse(f, "yaml-line-break",
		    "a Unicode line break (U+0085, U+2028 or U+2029)",
		    "lines end with LF alone");
	if (cp == 0xFEFF)
		return refuse(f, "yaml-bom", "a byte order mark (U+FEFF)",
		    "save the file as UTF-8 without one");
	if (cp < 0x20 || (cp >= 0x7F && cp < 0xA0) ||
	    cp == 0xFFFE || cp == 0xFFFF)
		return refuse(f, "yaml-control", "a control character", NULL);
	return true;
}

/* Whether all of eight bytes are between blank and tilde. */
static bool
are_common(const uint8_t *s)
{
	const uint64_t ones = 0x0101010101010101, tops = 0x8080808080808080;
	uint64_t w, del;

	memcpy(&w, s, sizeof(w));
	del = w ^ 0x7F * ones;
	/* A byte below a constant borrows into its top bit; so does one of zero. */
	return ((w | ((w - 0x20 * ones) & ~w) | ((del - ones) & ~del)) & tops) == 0;
}

/* The characters of one line, without its LF. */
static bool
scan_characters(const uint8_t *s, size_t n, struct yaml_flaw *f)
{
	size_t i, len;
	uint32_t cp = 0;

	for (i = 0; i < n; i += len) {
		len = 8;
		if (n - i >= 8 && are_common(s + i))
			continue;
		len = 1;
		if (s[i] >= 0x20 && s[i] <= 0x7E)
			continue;
		if ((len = utf8_decode(s + i, n - i, &cp)) == 0)
			return refuse(f, "yaml-encoding", "not valid UTF-8", NULL);
		if (!scan_rare(cp, f))
			return false;
	}
	return true;
}

/* What a person may not write at the beginning of a line. */
static bool
scan_beginning(const uint8_t *s, size_t n, struct yaml_flaw *f)
{
	size_t i = 0;

	if (n > 0 && s[0] == '%')
		return refuse(f, "yaml-directive", "a line begins with \"%\"",
		    "directives are not taken; quote the text if it is none");
	while (i < n && s[i] == ' ')
		i++;
	if (i < n && s[i] == '\t')
		return refuse(f, "yaml-tab", "a tab indents the line",
		    "indent with blanks");
	return true;
}

/* Behind the double-quoted string that begins at s[i]; n + 1 if it does not end. */
static size_t
quoted_end(const uint8_t *s, size_t n, size_t i)
{
	const uint8_t *quote = memchr(s + i + 1, '"', n - i - 1);

	if (quote == NULL)
		return n + 1;
	if (memchr(s + i, '\\', (size_t)(quote - (s + i))) == NULL)
		return (size_t)(quote - s) + 1;
	for (i++; i < n && s[i] != '"'; i++) {
		if (s[i] == '\\')
			i++;
	}
	return i < n ? i + 1 : n + 1;
}

/* Whether a line is one that the canonical emitter could have written. */
static bool
is_canonical_line(const uint8_t *s, size_t n)
{
	size_t i = 0;

	while (i < n && s[i] == ' ')
		i++;
	if (i + 1 < n && s[i] == '-' && s[i + 1] == ' ')
		i += 2;
	if (i < n && s[i] == '"')
		return quoted_end(s, n, i) == n;
	if (i == n || s[i] < 'a' || s[i] > 'z')
		return false;
	while (i < n && ((s[i] >= 'a' && s[i] <= 'z') ||
	    (s[i] >= '0' && s[i] <= '9') || s[i] == '-'))
		i++;
	if (i == n || s[i] != ':')
		return false;
	i++;
	if (i == n)
		return true;
	return n - i > 2 && s[i] == ' ' && s[i + 1] == '"' &&
	    quoted_end(s, n, i + 1) == n;
}

static bool
scan_line(const uint8_t *s, size_t n, bool canonical, struct yaml_flaw *f)
{
	if (canonical && n > CAP_YAML_SCALAR)
		return refuse(f, "yaml-line", "the line is too long", NULL);
	if (!scan_characters(s, n, f) || !scan_beginning(s, n, f))
		return false;
	if (canonical && !is_canonical_line(s, n))
		return refuse(f, "yaml-spelling",
		    "not spelled as satchel writes it", NULL);
	return true;
}

bool
yaml_scan(const uint8_t *buf, size_t len, bool canonical, struct yaml_flaw *f)
{
	size_t at = 0, n;
	const uint8_t *lf;

	f->line = 1;
	if (len >= 2 && ((buf[0] == 0xFE && buf[1] == 0xFF) ||
	    (buf[0] == 0xFF && buf[1] == 0xFE)))
		return refuse(f, "yaml-encoding", "UTF-16, not UTF-8",
		    "save the file as UTF-8");
	while (at < len) {
		lf = memchr(buf + at, '\n', len - at);
		n = lf == NULL ? len - at : (size_t)(lf - (buf + at));
		if (!scan_line(buf + at, n, canonical, f))
			return false;
		if (lf == NULL && canonical)
			return refuse(f, "yaml-spelling",
			    "the last line does not end with LF", NULL);
		at += n + 1;
		f->line++;
	}
	return true;
}

bool
yaml_has_control(const uint8_t *s, size_t n)
{
	size_t i;
	uint32_t cp = 0;

	for (i = 0; i < n; i++) {
		if (s[i] >= 0x20 && s[i] < 0x7F)
			continue;
		if ((s[i] < 0x20 && s[i] != '\n') || s[i] == 0x7F)
			return true;
		if (s[i] != 0xC2 && s[i] != 0xE2 && s[i] != 0xEF)
			continue;
		if (utf8_decode(s + i, n - i, &cp) == 0 || (cp >= 0x80 && cp < 0xA0) ||
		    cp == 0x2028 || cp == 0x2029 || cp == 0xFEFF ||
		    cp == 0xFFFE || cp == 0xFFFF)
			return true;
	}
	return false;
}
