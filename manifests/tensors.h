/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tensors - the element types that weight files name, and the facts that are
 * counted over tensors.  It reads no file format.
 */
#ifndef SATCHEL_MANIFESTS_TENSORS_H
#define SATCHEL_MANIFESTS_TENSORS_H

#include <stddef.h>
#include <stdint.h>

/* One element type; position in the table is its bit in tensor_facts.dtypes. */
struct dtype {
	const char *name;
	unsigned bits;			/* of an element in safetensors; 0: not there */
	int gguf;			/* number of the type in GGUF; -1: not there */
	unsigned block;			/* elements of a block in GGUF, ... */
	unsigned block_len;		/* ... and its bytes */
};

#define N_DTYPES 49

/* Ascending by name. */
extern const struct dtype dtypes[N_DTYPES];

/* dtype_find_safetensors / dtype_find_gguf - the position in dtypes, or -1. */
int dtype_find_safetensors(const char *name);
int dtype_find_gguf(uint32_t number);

/* All zeros: no tensors. */
struct tensor_facts {
	uint64_t tensors;
	uint64_t parameters;		/* elements of all of them */
	uint64_t dtypes;		/* bit n: dtypes[n] occurs */
};

/* The greatest count that a content manifest can hold. */
#define TENSOR_COUNT_MAX ((uint64_t)INT64_MAX)

/* tensor_facts_add - count one tensor; 0, or -1 where the sum passes TENSOR_COUNT_MAX. */
int tensor_facts_add(struct tensor_facts *f, int dtype, uint64_t elements);
/* tensor_facts_join - add those of another file; 0 or -1, as above. */
int tensor_facts_join(struct tensor_facts *f, const struct tensor_facts *more);

#endif
