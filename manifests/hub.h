/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hub - the files that lie beside weights as model hubs lay them out: settings,
 * shard index, model card.  They are believed for a proposal, never for a fact.
 */
#ifndef SATCHEL_MANIFESTS_HUB_H
#define SATCHEL_MANIFESTS_HUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "manifests/contents.h"
#include "manifests/diag.h"
#include "manifests/window.h"

/* Bytes of a value that is kept; longer and unprintable ones count as absent. */
#define HUB_VALUE_MAX 128

/* What a map in JSON says at its top. */
struct hub_settings {
	bool is_model;			/* config.json, or a pipeline's model_index.json */
	bool is_adapter;		/* adapter_config.json */
	bool names_code;		/* auto_map: loading it runs Python from this folder */
	char model_type[HUB_VALUE_MAX];	/* "llama"; each "" where absent */
	char architecture[HUB_VALUE_MAX];	/* "LlamaForCausalLM" */
	char base_model[HUB_VALUE_MAX];	/* of an adapter */
};

/*
 * hub_read_settings - of the JSON at which the window stands, at most 1 MiB of it.
 * What is no such map says nothing and is no error.
 * Errors: what the window's callback said.
 */
enum status hub_read_settings(struct window *w, struct hub_settings *out,
    struct diag *d) __attribute__((warn_unused_result));

/* Bytes of an index that are read, and shards that one may name. */
#define HUB_INDEX_MAX 100000000U
#define HUB_SHARDS_MAX 10000U

/* model.safetensors.index.json and its PyTorch twin. */
struct hub_index {
	struct string_list shards;	/* file names, ascending, each once */
	uint64_t tensors;		/* that it maps to them */
};

/*
 * hub_read_index - Errors: ST_MALFORMED (rule "index-..." or "json-..."): no
 * map of tensors to plain file names; ST_HOST; what the window's callback said.
 * Free with hub_index_clear() in any case.
 */
enum status hub_read_index(struct window *w, struct hub_index *out, struct diag *d)
    __attribute__((warn_unused_result));
void hub_index_clear(struct hub_index *x);

/* What the YAML in front of a README.md says. */
struct hub_card {
	char license[HUB_VALUE_MAX];
	char base_model[HUB_VALUE_MAX];
};

/*
 * hub_read_card - from the beginning of a text: true where YAML stands in front
 * that ends within the len bytes.
 */
bool hub_read_card(const uint8_t *head, size_t len, struct hub_card *out);

#endif
