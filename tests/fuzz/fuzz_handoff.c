/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_handoff - handoff_parse() on any bytes; what it takes keeps its rules.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "manifests/handoff.h"
#include "manifests/path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct diag d = DIAG_INIT;
	const struct component *c;
	struct handoff *h;
	size_t i;

	if (handoff_parse(data, size, "fuzz", &h, &d) != ST_OK) {
		if (h != NULL || d.text[0] == '\0' || d.rule[0] == '\0')
			abort();
		return 0;
	}
	for (i = 0; i < h->n_components; i++) {
		c = &h->components[i];
		if (path_check_name(c->name, strlen(c->name)) != NULL ||
		    path_check(c->path, strlen(c->path)) != NULL ||
		    text_check(c->marking, strlen(c->marking)) != NULL)
			abort();
		handoff_excludes(h, c->path);
	}
	if (title_check(h->title) != NULL || h->n_components == 0)
		abort();
	handoff_free(h);
	return 0;
}
