/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tensors - the table of element types: those of safetensors (its README) and
 * of GGUF (ggml-common.h), once each.
 */
#include "manifests/tensors.h"

#include <string.h>

const struct dtype dtypes[N_DTYPES] = {
	{ "BF16", 16, 30, 1, 2 },
	{ "BOOL", 8, -1, 0, 0 },
	{ "C64", 64, -1, 0, 0 },
	{ "F16", 16, 1, 1, 2 },
	{ "F32", 32, 0, 1, 4 },
	{ "F4", 4, -1, 0, 0 },
	{ "F64", 64, 28, 1, 8 },
	{ "F6_E2M3", 6, -1, 0, 0 },
	{ "F6_E3M2", 6, -1, 0, 0 },
	{ "F8_E4M3", 8, -1, 0, 0 },
	{ "F8_E4M3FNUZ", 8, -1, 0, 0 },
	{ "F8_E5M2", 8, -1, 0, 0 },
	{ "F8_E5M2FNUZ", 8, -1, 0, 0 },
	{ "F8_E8M0", 8, -1, 0, 0 },
	{ "I16", 16, 25, 1, 2 },
	{ "I32", 32, 26, 1, 4 },
	{ "I64", 64, 27, 1, 8 },
	{ "I8", 8, 24, 1, 1 },
	{ "IQ1_M", 0, 29, 256, 56 },
	{ "IQ1_S", 0, 19, 256, 50 },
	{ "IQ2_S", 0, 22, 256, 82 },
	{ "IQ2_XS", 0, 17, 256, 74 },
	{ "IQ2_XXS", 0, 16, 256, 66 },
	{ "IQ3_S", 0, 21, 256, 110 },
	{ "IQ3_XXS", 0, 18, 256, 98 },
	{ "IQ4_NL", 0, 20, 32, 18 },
	{ "IQ4_XS", 0, 23, 256, 136 },
	{ "MXFP4", 0, 39, 32, 17 },
	{ "NVFP4", 0, 40, 64, 36 },
	{ "Q1_0", 0, 41, 128, 18 },
	{ "Q2_0", 0, 42, 64, 18 },
	{ "Q2_K", 0, 10, 256, 84 },
	{ "Q3_K", 0, 11, 256, 110 },
	{ "Q4_0", 0, 2, 32, 18 },
	{ "Q4_1", 0, 3, 32, 20 },
	{ "Q4_K", 0, 12, 256, 144 },
	{ "Q5_0", 0, 6, 32, 22 },
	{ "Q5_1", 0, 7, 32, 24 },
	{ "Q5_K", 0, 13, 256, 176 },
	{ "Q6_K", 0, 14, 256, 210 },
	{ "Q8_0", 0, 8, 32, 34 },
	{ "Q8_1", 0, 9, 32, 36 },
	{ "Q8_K", 0, 15, 256, 292 },
	{ "TQ1_0", 0, 34, 256, 54 },
	{ "TQ2_0", 0, 35, 256, 66 },
	{ "U16", 16, -1, 0, 0 },
	{ "U32", 32, -1, 0, 0 },
	{ "U64", 64, -1, 0, 0 },
	{ "U8", 8, -1, 0, 0 },
};

int
dtype_find_safetensors(const char *name)
{
	int i;

	for (i = 0; i < N_DTYPES; i++)
		if (dtypes[i].bits != 0 && strcmp(dtypes[i].name, name) == 0)
			return i;
	return -1;
}

int
dtype_find_gguf(uint32_t number)
{
	int i;

	for (i = 0; i < N_DTYPES; i++)
		if (dtypes[i].gguf >= 0 && (uint32_t)dtypes[i].gguf == number)
			return i;
	return -1;
}

static int
add(uint64_t *sum, uint64_t n)
{
	return __builtin_add_overflow(*sum, n, sum) ||
	    *sum > TENSOR_COUNT_MAX ? -1 : 0;
}

int
tensor_facts_add(struct tensor_facts *f, int dtype, uint64_t elements)
{
	f->dtypes |= (uint64_t)1 << dtype;
	return add(&f->tensors, 1) == -1 || add(&f->parameters, elements) == -1 ?
	    -1 : 0;
}

int
tensor_facts_join(struct tensor_facts *f, const struct tensor_facts *more)
{
	f->dtypes |= more->dtypes;
	return add(&f->tensors, more->tensors) == -1 ||
	    add(&f->parameters, more->parameters) == -1 ? -1 : 0;
}
