/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_safetensors - any bytes as a safetensors file.  What is accepted may not
 * be one byte shorter or longer, and has no more parameters than bits.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "manifests/safetensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum status
try(const uint8_t *data, size_t size, struct tensor_facts *f)
{
	struct window_memory m = { data, size };
	struct diag d = DIAG_INIT;
	static struct window w;
	enum status st;

	window_open_memory(&w, &m);
	st = safetensors_read(&w, f, &d);
	if (st != ST_OK && (st != ST_MALFORMED || d.rule[0] == '\0' ||
	    d.text[0] == '\0'))
		abort();
	return st;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tensor_facts f, other;
	uint8_t *longer;

	if (try(data, size, &f) != ST_OK) {
		if (f.tensors != 0 || f.parameters != 0 || f.dtypes != 0)
			abort();
		return 0;
	}
	if (f.parameters / 8 > size || f.tensors > size ||
	    (f.tensors > 0) != (f.dtypes != 0))
		abort();
	if (try(data, size - 1, &other) == ST_OK)
		abort();
	if ((longer = malloc(size + 1)) == NULL)
		return 0;
	memcpy(longer, data, size);
	longer[size] = 0;
	if (try(longer, size + 1, &other) == ST_OK)
		abort();
	free(longer);
	return 0;
}
