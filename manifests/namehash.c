/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * namehash - a list of hashes that is sorted once, at the end: no table, so
 * none that prepared names could make slow.
 */
#include "manifests/namehash.h"

#include <stdlib.h>
#include <string.h>

#include "manifests/array.h"

int
namehashes_add(struct namehashes *l, uint64_t hash)
{
	uint64_t *items = array_add(l->items, l->n, sizeof(*items));

	if (items == NULL)
		return -1;
	l->items = items;
	items[l->n++] = hash;
	return 0;
}

static int
compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

bool
namehashes_repeat(struct namehashes *l)
{
	size_t i;

	if (l->n < 2)
		return false;
	qsort(l->items, l->n, sizeof(*l->items), compare);
	for (i = 1; i < l->n; i++)
		if (l->items[i - 1] == l->items[i])
			return true;
	return false;
}

void
namehashes_free(struct namehashes *l)
{
	free(l->items);
	memset(l, 0, sizeof(*l));
}
