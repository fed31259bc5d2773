/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * glob - matching of exclude patterns, in time linear in the path for each star.
 */
#include "manifests/glob.h"

#include <string.h>

#include "manifests/utf8.h"

/* The code point at s, before end; *s moves on.  The text is valid UTF-8. */
static uint32_t
next_char(const char **s, const char *end)
{
	uint32_t cp = 0;
	size_t len = utf8_decode((const uint8_t *)*s, (size_t)(end - *s), &cp);

	if (len == 0) {				/* it is not; take the byte */
		cp = (uint8_t)**s;
		len = 1;
	}
	*s += len;
	return cp;
}

/* Behind the bracket expression at p ("["), or NULL if it does not close. */
static const char *
bracket_end(const char *p, const char *end)
{
	p++;
	if (p < end && (*p == '!' || *p == '^'))
		p++;
	if (p < end && *p == ']')
		p++;				/* a bracket that stands first is a member */
	while (p < end && *p != ']')
		p++;
	return p < end ? p + 1 : NULL;
}

/* Whether the bracket expression at p, which ends at end, takes a character. */
static bool
bracket_takes(const char *p, const char *end, uint32_t cp)
{
	uint32_t low, high;
	bool negated, takes = false;

	p++;
	end--;
	negated = *p == '!' || *p == '^';
	p += negated;
	while (p < end) {
		low = high = next_char(&p, end);
		if (end - p >= 2 && *p == '-') {
			p++;
			high = next_char(&p, end);
		}
		takes = takes || (cp >= low && cp <= high);
	}
	return takes != negated;
}

/* Match one element of the pattern that is no star; both move on. */
static bool
match_one(const char **p, const char *pend, const char **s, const char *send)
{
	const char *end;
	uint32_t cp;

	if (*s == send || *p == pend)
		return false;
	cp = next_char(s, send);
	if (**p == '?') {
		(*p)++;
		return cp != '/';
	}
	if (**p == '[') {
		end = bracket_end(*p, pend);
		if (end == NULL || cp == '/' || !bracket_takes(*p, end, cp))
			return false;
		*p = end;
		return true;
	}
	return next_char(p, pend) == cp;
}

/*
 * Only the last star is tried again: one before a "/" cannot take it, and of
 * those within a component the leftmost match of what stood before is as good
 * as any.
 */
static bool
match(const char *p, const char *pend, const char *s, const char *send)
{
	const char *star = NULL, *retry = NULL;

	while (s < send || p < pend) {
		if (p < pend && *p == '*') {
			star = ++p;
			retry = s;
			continue;
		}
		if (match_one(&p, pend, &s, send))
			continue;
		if (star == NULL || retry == send || *retry == '/')
			return false;
		next_char(&retry, send);
		p = star;
		s = retry;
	}
	return true;
}

const char *
glob_check(const char *pattern)
{
	const char *end = pattern + strlen(pattern), *p;

	if (pattern == end)
		return "is empty";
	if (*pattern == '/')
		return "begins with a slash: paths are relative to the component's";
	if (end[-1] == '/')
		return "ends with a slash: without it, it matches the directory";
	if (strstr(pattern, "**") != NULL)
		return "has two stars: a pattern without a slash matches at any depth";
	if (strchr(pattern, '\\') != NULL)
		return "has a backslash: put a character into brackets instead";
	for (p = pattern; p < end; p++) {
		if (*p != '[')
			continue;
		if ((p = bracket_end(p, end)) == NULL)
			return "has a bracket that does not close";
		p--;
	}
	return NULL;
}

bool
glob_excludes(const char *pattern, const char *path)
{
	const char *pend = pattern + strlen(pattern), *begin = path, *end;
	bool whole = strchr(pattern, '/') != NULL;

	for (;;) {
		end = strchrnul(begin, '/');
		if (match(pattern, pend, whole ? path : begin, end))
			return true;
		if (*end == '\0')
			return false;
		begin = end + 1;
	}
}
