/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_transport - transport_parse() on any bytes; what it takes has one spelling.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "manifests/transport.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct diag d = DIAG_INIT;
	struct bytes again = { 0 };
	struct transport *m;

	if (transport_parse(data, size, "fuzz", &m, &d) != ST_OK) {
		if (m != NULL || d.text[0] == '\0' || d.rule[0] == '\0')
			abort();
		return 0;
	}
	transport_emit(m, &again);
	if (again.failed || again.len != size ||
	    memcmp(again.data, data, size) != 0)
		abort();
	bytes_free(&again);
	transport_free(m);
	return 0;
}
