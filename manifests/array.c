/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * array - growing arrays without a capacity field: room doubles where the
 * count is a power of two.
 */
#include "manifests/array.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void *
array_add(void *array, size_t n, size_t size)
{
	char *p = array;

	if ((n & (n - 1)) == 0) {
		if (n > SIZE_MAX / 2 / size)
			return NULL;
		if ((p = realloc(array, (n == 0 ? 1 : 2 * n) * size)) == NULL)
			return NULL;
	}
	memset(p + n * size, 0, size);
	return p;
}
