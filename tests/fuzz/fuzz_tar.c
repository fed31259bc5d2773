/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_tar - tar_read() of any bytes against one content manifest.  The first
 * byte says how they are cut and whether they are the stream itself or patches
 * of the right one: position (2 bytes, little-endian), length, that many bytes.
 * Whatever is not the right stream has to be refused as malformed.
 */
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "manifests/bytes.h"
#include "tests/unit/tartest.h"

#define RAW 0x80			/* the stream itself follows */
#define STEPS 0x07

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct tartest_entry tree[] = {
	{ "a", NULL, 0, false },
	{ "a-b", "#!/bin/sh\n", 10, true },
	{ "a/empty", "", 0, false },
	{ "a/text", "some words in a file\n", 21, false },
	{ "stra\xc3\x9f" "e", "not ASCII", 9, false },
};

static struct tartest valid;

static void
start(void)
{
	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
		abort();
	tartest_make(&valid, tree, sizeof(tree) / sizeof(tree[0]));
}

/* What the patches make of the right stream; one behind its end makes it longer. */
static void
patch(struct bytes *b, const uint8_t *data, size_t size)
{
	static const uint8_t zeros[1 << 16];
	size_t at, n;

	bytes_append(b, valid.stream.data, valid.stream.len);
	while (size >= 3) {
		at = get_le16(data);
		n = data[2];
		data += 3;
		size -= 3;
		n = n < size ? n : size;
		if (at + n > b->len)
			bytes_append(b, zeros, at + n - b->len);
		if (b->failed)
			abort();
		memcpy(b->data + at, data, n);
		data += n;
		size -= n;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const size_t steps[STEPS + 1] = { 1 << 20, 1, 7, 511, 512, 513,
		1024, 4096 };
	struct bytes b = { 0 };
	struct diag d = DIAG_INIT;
	enum status expected;

	if (valid.stream.len == 0)
		start();
	if (size == 0)
		return 0;
	if (data[0] & RAW)
		bytes_append(&b, data + 1, size - 1);
	else
		patch(&b, data + 1, size - 1);
	expected = b.len == valid.stream.len &&
	    memcmp(b.data, valid.stream.data, b.len) == 0 ? ST_OK : ST_MALFORMED;
	if (tartest_read(&valid.contents, b.data, b.len, steps[data[0] & STEPS],
	    NULL, &d) != expected)
		abort();
	bytes_free(&b);
	return 0;
}
