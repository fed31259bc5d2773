/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * generate - a model's weights, or text, made up: the same bytes for the same
 * seed.  What a real model shows a compressor is here (one scale a tensor, rows
 * and channels that differ, outliers); what the weights could compute is not.
 */
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIB ((uint64_t)1 << 20)
#define OUT_LEN ((size_t)1 << 20)
#define QUANTILES 4096
#define COLS_MAX 2816
#define TENSORS_MAX 4096
#define PER_LAYER 9
#define BLOCK 32			/* weights of a block of Q4_0 or Q8_0 */
#define GGUF_ALIGNMENT 32

enum kind { KIND_BF16, KIND_FP32, KIND_FP8, KIND_Q4_0, KIND_Q8_0, KIND_JSONL };

static const char *const kind_names[] = {
	"bf16", "fp32", "fp8", "q4_0", "q8_0", "jsonl",
};
static const char *const dtypes[] = { "BF16", "F32", "F8_E4M3" };

struct tensor {
	char name[64];
	size_t rows, cols;
	bool norm;			/* around 1; the others around 0 */
	uint64_t len;			/* bytes */
	uint64_t offset;
};

static FILE *out;
static uint64_t state;
static float quantile[QUANTILES + 1];
static struct tensor tensors[TENSORS_MAX];
static size_t n_tensors;

static void
die(const char *why)
{
	fprintf(stderr, "generate: %s\n", why);
	exit(1);
}

static void
put(const void *data, size_t len)
{
	if (fwrite(data, 1, len, out) != len)
		die("cannot write");
}

static void
put_le(uint64_t v, size_t len)
{
	uint8_t b[8];
	size_t i;

	for (i = 0; i < len; i++)
		b[i] = (uint8_t)(v >> 8 * i);
	put(b, len);
}

/* splitmix64 */
static uint64_t
draw(void)
{
	uint64_t z = state += 0x9E3779B97F4A7C15U;

	z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9U;
	z = (z ^ z >> 27) * 0x94D049BB133111EBU;
	return z ^ z >> 31;
}

/* 0 <= x < 1 */
static double
draw_unit(void)
{
	return (double)(draw() >> 11) * 0x1p-53;
}

/* The normal distribution by its quantiles, with straight lines between them. */
static void
make_quantiles(void)
{
	double low, high, mid;
	int i, k;

	for (i = 1; i < QUANTILES; i++) {
		low = -6;
		high = 6;
		for (k = 0; k < 40; k++) {
			mid = (low + high) / 2;
			if (0.5 * erfc(-mid * M_SQRT1_2) < (double)i / QUANTILES)
				low = mid;
			else
				high = mid;
		}
		quantile[i] = (float)low;
	}
	quantile[0] = -4.5F;
	quantile[QUANTILES] = 4.5F;
}

static inline float
normal(uint32_t u)
{
	uint32_t i = u >> 20;
	float within = (float)(u & 0xFFFFF) * 0x1p-20F;

	return quantile[i] + within * (quantile[i + 1] - quantile[i]);
}

static uint32_t
float_bits(float f)
{
	uint32_t b;

	memcpy(&b, &f, sizeof(b));
	return b;
}

static uint16_t
to_bf16(float f)
{
	uint32_t b = float_bits(f);

	return (uint16_t)((b + 0x7FFF + (b >> 16 & 1)) >> 16);
}

/* No infinities, and nothing that is subnormal there. */
static uint16_t
to_fp16(float f)
{
	uint32_t b = float_bits(f), sign = b >> 31 << 15, e;

	b &= 0x7FFFFFFF;
	b += 0xFFF + (b >> 13 & 1);
	e = b >> 23;
	if (e < 113)
		return (uint16_t)sign;
	if (e > 142)
		return (uint16_t)(sign | 0x7BFF);
	return (uint16_t)(sign | (e - 112) << 10 | (b >> 13 & 0x3FF));
}

static uint8_t
to_e4m3(float f)
{
	uint32_t b = float_bits(f), sign = b >> 31 << 7, e, v;

	b &= 0x7FFFFFFF;
	b += 0x7FFFF + (b >> 20 & 1);
	e = b >> 23;
	if (e < 121)
		v = (uint32_t)(fabsf(f) * 512 + 0.5F);
	else
		v = (e - 120) << 3 | (b >> 20 & 7);
	return (uint8_t)(sign | (v > 0x7E ? 0x7E : v));
}

/* The greatest by magnitude, with its sign. */
static float
extreme(const float *v)
{
	float most = 0;
	int i;

	for (i = 0; i < BLOCK; i++)
		if (fabsf(v[i]) > fabsf(most))
			most = v[i];
	return most;
}

static size_t
put_q8_0(const float *v, uint8_t *p)
{
	float d = fabsf(extreme(v)) / 127, inverse = d > 0 ? 1 / d : 0;
	uint16_t h = to_fp16(d);
	int i;

	p[0] = (uint8_t)h;
	p[1] = (uint8_t)(h >> 8);
	for (i = 0; i < BLOCK; i++)
		p[2 + i] = (uint8_t)(int)(v[i] * inverse + (v[i] < 0 ? -0.5F : 0.5F));
	return 2 + BLOCK;
}

static size_t
put_q4_0(const float *v, uint8_t *p)
{
	float d = extreme(v) / -8, inverse = d < 0 || d > 0 ? 1 / d : 0;
	uint16_t h = to_fp16(d);
	int i, low, high;

	p[0] = (uint8_t)h;
	p[1] = (uint8_t)(h >> 8);
	for (i = 0; i < BLOCK / 2; i++) {
		low = (int)(v[i] * inverse + 8.5F);
		high = (int)(v[i + BLOCK / 2] * inverse + 8.5F);
		p[2 + i] = (uint8_t)((low > 15 ? 15 : low) |
		    (high > 15 ? 15 : high) << 4);
	}
	return 2 + BLOCK / 2;
}

/* Bytes of n elements. */
static size_t
stored_len(enum kind kind, bool norm, size_t n)
{
	switch (kind) {
	case KIND_BF16:
		return 2 * n;
	case KIND_FP32:
		return 4 * n;
	case KIND_FP8:
		return n;
	case KIND_Q4_0:
		return norm ? 4 * n : n / BLOCK * (2 + BLOCK / 2);
	case KIND_Q8_0:
		return norm ? 4 * n : n / BLOCK * (2 + BLOCK);
	case KIND_JSONL:
		break;
	}
	return 0;
}

/* One row as it stands in the file; returns its length. */
static size_t
encode(enum kind kind, bool norm, const float *v, size_t n, uint8_t *p)
{
	size_t i, at = 0;
	uint16_t h;

	if (kind == KIND_FP32 || (norm && (kind == KIND_Q4_0 || kind == KIND_Q8_0))) {
		memcpy(p, v, 4 * n);
		return 4 * n;
	}
	if (kind == KIND_FP8) {
		for (i = 0; i < n; i++)
			p[i] = to_e4m3(v[i]);
		return n;
	}
	if (kind == KIND_BF16) {
		for (i = 0; i < n; i++) {
			h = to_bf16(v[i]);
			memcpy(p + 2 * i, &h, 2);
		}
		return 2 * n;
	}
	for (i = 0; i < n; i += BLOCK)
		at += kind == KIND_Q4_0 ? put_q4_0(v + i, p + at) :
		    put_q8_0(v + i, p + at);
	return at;
}

static void
write_tensor(enum kind kind, const struct tensor *t)
{
	static float channel[COLS_MAX], row[COLS_MAX];
	static uint8_t bytes[4 * COLS_MAX];
	double sigma = t->norm ? 0.08 : 0.01 + 0.03 * draw_unit();
	float scale, mean = t->norm ? 1 : 0;
	uint64_t two;
	size_t i, r;

	/* An fp8 tensor is stored with a scale that brings its greatest near 448. */
	if (kind == KIND_FP8)
		sigma = t->norm ? 0.08 : 30 + 20 * draw_unit();
	for (i = 0; i < t->cols; i++) {
		channel[i] = 0.75F + 0.5F * (float)draw_unit();
		if (!t->norm && draw() % 256 == 0)
			channel[i] *= 4 + 12 * (float)draw_unit();
	}
	for (r = 0; r < t->rows; r++) {
		scale = (float)(sigma * (0.8 + 0.4 * draw_unit()));
		for (i = 0; i < t->cols; i += 2) {
			two = draw();
			row[i] = mean + normal((uint32_t)two) * channel[i] * scale;
			row[i + 1] = mean + normal((uint32_t)(two >> 32)) *
			    channel[i + 1] * scale;
		}
		put(bytes, encode(kind, t->norm, row, t->cols, bytes));
	}
}

static void
add(enum kind kind, const char *name, int layer, size_t rows, size_t cols,
    bool norm)
{
	struct tensor *t = &tensors[n_tensors];

	if (n_tensors == TENSORS_MAX)
		die("too many tensors");
	if (layer < 0)
		snprintf(t->name, sizeof(t->name), "model.%s.weight", name);
	else
		snprintf(t->name, sizeof(t->name), "model.layers.%d.%s.weight",
		    layer, name);
	t->rows = rows;
	t->cols = cols;
	t->norm = norm;
	t->len = rows * stored_len(kind, norm, cols);
	t->offset = n_tensors == 0 ? 0 : t[-1].offset + t[-1].len;
	n_tensors++;
}

/* A decoder of about that many bytes: layers, and as large a vocabulary as fits. */
static void
plan(enum kind kind, uint64_t bytes)
{
	size_t dim = bytes >= 64 * MIB ? 1024 : 128, wide = dim * 11 / 4;
	size_t left = bytes / stored_len(kind, false, dim);
	size_t layer_rows = 4 * dim + 3 * wide;	/* of dim elements */
	int i, n = (int)(left * 15 / 16 / layer_rows);

	if (n * PER_LAYER > TENSORS_MAX - 2)
		n = (TENSORS_MAX - 2) / PER_LAYER;
	add(kind, "embed_tokens", -1, left - (size_t)n * layer_rows, dim, false);
	for (i = 0; i < n; i++) {
		add(kind, "input_layernorm", i, 1, dim, true);
		add(kind, "self_attn.q_proj", i, dim, dim, false);
		add(kind, "self_attn.k_proj", i, dim, dim, false);
		add(kind, "self_attn.v_proj", i, dim, dim, false);
		add(kind, "self_attn.o_proj", i, dim, dim, false);
		add(kind, "post_attention_layernorm", i, 1, dim, true);
		add(kind, "mlp.gate_proj", i, wide, dim, false);
		add(kind, "mlp.up_proj", i, wide, dim, false);
		add(kind, "mlp.down_proj", i, dim, wide, false);
	}
	add(kind, "norm", -1, 1, dim, true);
}

static void
write_safetensors(enum kind kind)
{
	const struct tensor *t;
	char *text = NULL;
	size_t len = 0, i;
	FILE *f;

	if ((f = open_memstream(&text, &len)) == NULL)
		die("no memory");
	fputs("{\"__metadata__\":{\"format\":\"pt\"}", f);
	for (i = 0; i < n_tensors; i++) {
		t = &tensors[i];
		fprintf(f, ",\"%s\":{\"dtype\":\"%s\",\"shape\":[%zu,%zu],"
		    "\"data_offsets\":[%" PRIu64 ",%" PRIu64 "]}", t->name,
		    dtypes[kind], t->rows, t->cols, t->offset,
		    t->offset + t->len);
	}
	fputc('}', f);
	while (ftell(f) % 8 != 0)
		fputc(' ', f);
	if (fclose(f) != 0)
		die("no memory");
	put_le(len, 8);
	put(text, len);
	free(text);
	for (i = 0; i < n_tensors; i++)
		write_tensor(kind, &tensors[i]);
}

static void
put_gguf_string(const char *s)
{
	put_le(strlen(s), 8);
	put(s, strlen(s));
}

static void
write_gguf(enum kind kind)
{
	static const uint8_t zeros[GGUF_ALIGNMENT];
	const uint64_t string = 8, u32 = 4, f32 = 0;
	uint64_t type = kind == KIND_Q4_0 ? 2 : 8, offset = 0, pad;
	const struct tensor *t;
	size_t i;

	put("GGUF", 4);
	put_le(3, 4);
	put_le(n_tensors, 8);
	put_le(2, 8);
	put_gguf_string("general.architecture");
	put_le(string, 4);
	put_gguf_string("llama");
	put_gguf_string("general.alignment");
	put_le(u32, 4);
	put_le(GGUF_ALIGNMENT, 4);
	for (i = 0; i < n_tensors; i++) {
		t = &tensors[i];
		put_gguf_string(t->name);
		put_le(2, 4);
		put_le(t->cols, 8);
		put_le(t->rows, 8);
		put_le(t->norm ? f32 : type, 4);
		put_le(offset, 8);
		offset += (t->len + GGUF_ALIGNMENT - 1) / GGUF_ALIGNMENT *
		    GGUF_ALIGNMENT;
	}
	if ((pad = (uint64_t)ftello(out) % GGUF_ALIGNMENT) != 0)
		put(zeros, GGUF_ALIGNMENT - pad);
	for (i = 0; i < n_tensors; i++) {
		write_tensor(kind, &tensors[i]);
		if ((pad = tensors[i].len % GGUF_ALIGNMENT) != 0)
			put(zeros, GGUF_ALIGNMENT - pad);
	}
}

#define WORDS 6000
#define RANKS 65536

static char words[WORDS][16];
static uint16_t ranks[RANKS];		/* a few words are half of all text */

static void
make_words(void)
{
	static const char *const starts[] = { "b", "c", "d", "f", "g", "h", "l",
	    "m", "n", "p", "r", "s", "t", "w", "st", "tr", "ch", "pl" };
	static const char *const middles[] = { "a", "e", "i", "o", "u", "ea",
	    "ou", "io" };
	static const char *const ends[] = { "", "", "n", "s", "r", "t", "ng",
	    "ly" };
	size_t i, k, n;

	for (i = 0; i < WORDS; i++)
		for (k = 0, n = i < 60 ? 1 : 2 + draw() % 2; k < n; k++) {
			strcat(words[i], starts[draw() % 18]);
			strcat(words[i], middles[draw() % 8]);
			if (k == n - 1)
				strcat(words[i], ends[draw() % 8]);
		}
	for (i = 0; i < RANKS; i++)
		ranks[i] = (uint16_t)(pow(WORDS, (double)i / RANKS) - 1);
}

static char *
add_words(char *p, size_t n)
{
	const char *w;

	while (n-- > 0) {
		w = words[ranks[draw() % RANKS]];
		p = stpcpy(p, w);
		if (draw() % 24 == 0)
			p += sprintf(p, " %d", (int)(draw() % 500));
		*p++ = n == 0 ? '.' : ' ';
	}
	return p;
}

static void
write_jsonl(uint64_t bytes)
{
	static const char *const asks[] = { "Which of the following ",
	    "How many ", "What is the ", "If the ", "Explain why ", "A " };
	static char line[8192];
	uint64_t done = 0, i;
	size_t k;
	char *p;

	make_words();
	for (i = 0; done < bytes; i++) {
		p = line + sprintf(line, "{\"id\": %" PRIu64 ", \"subject\": \"%s\","
		    " \"question\": \"%s", i, words[100 + draw() % 57],
		    asks[draw() % 6]);
		p = add_words(p, 10 + draw() % 60);
		p = stpcpy(p, "\", \"choices\": [");
		for (k = 0; k < 4; k++) {
			p = stpcpy(p, k == 0 ? "\"" : "\", \"");
			p = add_words(p, 1 + draw() % 12);
		}
		p += sprintf(p, "\"], \"answer\": \"%c\", \"rationale\": \"",
		    (char)('A' + draw() % 4));
		p = add_words(p, 20 + draw() % 100);
		p = stpcpy(p, "\"}\n");
		put(line, (size_t)(p - line));
		done += (uint64_t)(p - line);
	}
}

int
main(int argc, char **argv)
{
	static char buffer[OUT_LEN];
	enum kind kind = KIND_BF16;
	uint64_t bytes;

	if (argc != 5) {
		fputs("usage: generate KIND BYTES SEED FILE\n"
		    "KIND: bf16, fp32, fp8 (safetensors), q4_0, q8_0 (GGUF), jsonl\n",
		    stderr);
		return 2;
	}
	while (strcmp(argv[1], kind_names[kind]) != 0)
		if (kind++ == KIND_JSONL)
			die("no such kind");
	bytes = strtoull(argv[2], NULL, 10);
	state = strtoull(argv[3], NULL, 10);
	if (bytes < 4096 || bytes > (uint64_t)1 << 40)
		die("from 4 KiB to 1 TiB");
	if ((out = fopen(argv[4], "wbe")) == NULL ||
	    setvbuf(out, buffer, _IOFBF, sizeof(buffer)) != 0)
		die("cannot open the file");
	make_quantiles();
	switch (kind) {
	case KIND_BF16:
	case KIND_FP32:
	case KIND_FP8:
		plan(kind, bytes);
		write_safetensors(kind);
		break;
	case KIND_Q4_0:
	case KIND_Q8_0:
		plan(kind, bytes);
		write_gguf(kind);
		break;
	case KIND_JSONL:
		write_jsonl(bytes);
		break;
	}
	if (fclose(out) != 0)
		die("cannot write");
	return 0;
}
