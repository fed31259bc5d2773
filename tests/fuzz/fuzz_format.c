/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_format - any bytes as a file of any name: the first byte chooses the
 * name.  All that looks at other people's files runs over them.
 */
#include <locale.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "manifests/format.h"
#include "manifests/hub.h"
#include "manifests/suite.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = { "x", "x.safetensors", "x.gguf", "x.onnx",
	"x.pt", "x.json", "x.jsonl", "x.index.json", "README.md", "x.yaml", "x.py",
	"x.pkl", "saved_model.pb", "x.model", "x.npz", "x.csv" };

static void
read_settings(const uint8_t *data, size_t size)
{
	struct window_memory m = { data, size };
	struct hub_settings s;
	struct hub_index x;
	struct diag d = DIAG_INIT;
	static struct window w;
	size_t i;

	window_open_memory(&w, &m);
	if (hub_read_settings(&w, &s, &d) != ST_OK)
		abort();
	window_open_memory(&w, &m);
	if (hub_read_index(&w, &x, &d) == ST_OK && x.tensors < x.shards.n)
		abort();
	for (i = 1; i < x.shards.n; i++)
		if (strcmp(x.shards.items[i - 1], x.shards.items[i]) >= 0)
			abort();
	hub_index_clear(&x);
}

static void
read_text(enum file_format f, const uint8_t *data, size_t size)
{
	char task[SUITE_TASK_MAX];
	struct hub_card card;

	(void)hub_read_card(data, size, &card);
	(void)suite_is_records(data, size);
	if (suite_recognise(f, data, size, task) == HARNESS_NONE && task[0] != '\0')
		abort();
	(void)suite_recognise(FORMAT_YAML, data, size, task);
	(void)suite_recognise(FORMAT_PYTHON, data, size, task);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct window w;
	static const char *locale;
	struct window_memory m;
	struct recognised r;
	struct diag d = DIAG_INIT;

	if (locale == NULL && (locale = setlocale(LC_CTYPE, "C.UTF-8")) == NULL)
		abort();
	if (size == 0)
		return 0;
	m = (struct window_memory){ data + 1, size - 1 };
	window_open_memory(&w, &m);
	if (format_recognise(&w, names[data[0] % (sizeof(names) / sizeof(names[0]))],
	    &r, &d) != ST_OK)
		abort();
	if (r.format >= N_FORMATS || (r.counted && (r.is_short || r.is_malformed)) ||
	    ((r.is_short || r.is_malformed) && r.why.text[0] == '\0'))
		abort();
	read_settings(data + 1, size - 1);
	read_text(r.format, data + 1, size - 1);
	return 0;
}
