/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_gguf - any bytes as a GGUF file, with or without its first eight bytes.
 * What is accepted with tensors cannot end inside of them.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "manifests/gguf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum status
try(const uint8_t *data, size_t size, struct gguf_facts *f)
{
	struct window_memory m = { data, size };
	struct diag d = DIAG_INIT;
	static struct window w;
	enum status st;

	window_open_memory(&w, &m);
	st = gguf_read(&w, f, &d);
	if (st != ST_OK && (st != ST_MALFORMED || d.rule[0] == '\0' ||
	    d.text[0] == '\0' || f->tensors.tensors != 0))
		abort();
	return st;
}

static void
check(const uint8_t *data, size_t size)
{
	struct gguf_facts f, other;

	if (try(data, size, &f) != ST_OK)
		return;
	if (f.tensors.tensors > size || f.tensors.parameters / 64 > size ||
	    strlen(f.architecture) >= GGUF_VALUE_MAX)
		abort();
	/* 65536 is the most that padding can be. */
	if (f.tensors.tensors > 0 && size > 65536 &&
	    try(data, size - 65536, &other) == ST_OK)
		abort();
	if (f.tensors.tensors > 0 && try(data, size / 2, &other) == ST_OK &&
	    size < 65536 && other.tensors.tensors != f.tensors.tensors)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t begin[8] = { 'G', 'G', 'U', 'F', 3, 0, 0, 0 };
	uint8_t *whole = malloc(sizeof(begin) + size);

	check(data, size);
	if (whole == NULL)
		return 0;
	memcpy(whole, begin, sizeof(begin));
	memcpy(whole + sizeof(begin), data, size);
	check(whole, sizeof(begin) + size);
	free(whole);
	return 0;
}
