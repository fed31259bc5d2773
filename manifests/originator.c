/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * originator - the one line of a content manifest that says whose word it is.
 * Nothing else in there is judged before that person's signature was found.
 */
#include <string.h>

#include "manifests/contents.h"

bool
contents_originator(const uint8_t *buf, size_t len, char originator[FPR_MAX + 1])
{
	static const char key[] = "\noriginator: \"", end[] = "\ncomponents:\n";
	const uint8_t *limit, *p, *q;
	size_t n;

	if ((limit = memmem(buf, len, end, sizeof(end) - 1)) == NULL)
		return false;
	p = memmem(buf, (size_t)(limit - buf), key, sizeof(key) - 1);
	if (p == NULL)
		return false;
	p += sizeof(key) - 1;
	if ((q = memchr(p, '"', (size_t)(limit - p))) == NULL)
		return false;
	n = (size_t)(q - p);
	if (n != 40 && n != FPR_MAX)
		return false;
	memcpy(originator, p, n);
	originator[n] = '\0';
	return strspn(originator, "0123456789ABCDEF") == n;
}
