/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * format - the table of formats, and their first bytes.  What takes more than
 * that has a file of its own: format_text.c, format_archive.c, format_onnx.c.
 */
#include "manifests/format.h"

#include <string.h>
#include <strings.h>

#include "manifests/format_parts.h"
#include "manifests/safetensors.h"

static const struct {
	const char *name;
	enum format_class class;
} formats[N_FORMATS] = {
	[FORMAT_UNKNOWN] = { "data", CLASS_OTHER },
	[FORMAT_SAFETENSORS] = { "safetensors", CLASS_WEIGHTS },
	[FORMAT_GGUF] = { "gguf", CLASS_WEIGHTS },
	[FORMAT_GGML] = { "ggml", CLASS_WEIGHTS },
	[FORMAT_ONNX] = { "onnx", CLASS_WEIGHTS },
	[FORMAT_PYTORCH] = { "pytorch", CLASS_WEIGHTS },
	[FORMAT_TORCHSCRIPT] = { "torchscript", CLASS_WEIGHTS },
	[FORMAT_PICKLE] = { "pickle", CLASS_WEIGHTS },
	[FORMAT_TFLITE] = { "tflite", CLASS_WEIGHTS },
	[FORMAT_TENSORFLOW] = { "tensorflow", CLASS_WEIGHTS },
	[FORMAT_COREML] = { "coreml", CLASS_WEIGHTS },
	[FORMAT_HDF5] = { "hdf5", CLASS_WEIGHTS },
	[FORMAT_KERAS] = { "keras", CLASS_WEIGHTS },
	[FORMAT_JSONL] = { "jsonl", CLASS_DATA },
	[FORMAT_CSV] = { "csv", CLASS_DATA },
	[FORMAT_TSV] = { "tsv", CLASS_DATA },
	[FORMAT_PARQUET] = { "parquet", CLASS_DATA },
	[FORMAT_ARROW] = { "arrow", CLASS_DATA },
	[FORMAT_NPY] = { "npy", CLASS_DATA },
	[FORMAT_NPZ] = { "npz", CLASS_DATA },
	[FORMAT_SQLITE] = { "sqlite", CLASS_DATA },
	[FORMAT_JSON] = { "json", CLASS_SETTINGS },
	[FORMAT_YAML] = { "yaml", CLASS_SETTINGS },
	[FORMAT_TEXT] = { "text", CLASS_DOCUMENT },
	[FORMAT_MARKDOWN] = { "markdown", CLASS_DOCUMENT },
	[FORMAT_HTML] = { "html", CLASS_DOCUMENT },
	[FORMAT_PDF] = { "pdf", CLASS_DOCUMENT },
	[FORMAT_OFFICE] = { "office", CLASS_DOCUMENT },
	[FORMAT_PYTHON] = { "python", CLASS_CODE },
	[FORMAT_NOTEBOOK] = { "notebook", CLASS_CODE },
	[FORMAT_SHELL] = { "shell", CLASS_CODE },
	[FORMAT_SOURCE] = { "source", CLASS_CODE },
	[FORMAT_EXECUTABLE] = { "executable", CLASS_CODE },
	[FORMAT_SENTENCEPIECE] = { "sentencepiece", CLASS_OTHER },
	[FORMAT_ZIP] = { "zip", CLASS_OTHER },
	[FORMAT_TAR] = { "tar", CLASS_OTHER },
	[FORMAT_GZIP] = { "gzip", CLASS_OTHER },
	[FORMAT_ZSTD] = { "zstd", CLASS_OTHER },
	[FORMAT_XZ] = { "xz", CLASS_OTHER },
	[FORMAT_BZIP2] = { "bzip2", CLASS_OTHER },
	[FORMAT_7Z] = { "7z", CLASS_OTHER },
	[FORMAT_IMAGE] = { "image", CLASS_OTHER },
	[FORMAT_AUDIO] = { "audio", CLASS_OTHER },
};

/* A format that bytes at one place give away. */
struct magic {
	enum file_format format;
	size_t offset;
	const char *bytes;
	size_t len;
};

#define MAGIC(format, offset, bytes) { format, offset, bytes, sizeof(bytes) - 1 }

static const struct magic magics[] = {
	MAGIC(FORMAT_GGUF, 0, "GGUF"),
	/* ggml, ggmf, ggjt and ggla, as little-endian numbers */
	MAGIC(FORMAT_GGML, 0, "lmgg"),
	MAGIC(FORMAT_GGML, 0, "fmgg"),
	MAGIC(FORMAT_GGML, 0, "tjgg"),
	MAGIC(FORMAT_GGML, 0, "algg"),
	MAGIC(FORMAT_TFLITE, 4, "TFL3"),
	MAGIC(FORMAT_HDF5, 0, "\x89HDF\r\n\x1a\n"),
	MAGIC(FORMAT_NPY, 0, "\x93NUMPY"),
	MAGIC(FORMAT_PARQUET, 0, "PAR1"),
	MAGIC(FORMAT_ARROW, 0, "ARROW1\0\0"),
	MAGIC(FORMAT_SQLITE, 0, "SQLite format 3\0"),
	MAGIC(FORMAT_PDF, 0, "%PDF-"),
	MAGIC(FORMAT_OFFICE, 0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
	MAGIC(FORMAT_EXECUTABLE, 0, "\x7f" "ELF"),
	MAGIC(FORMAT_EXECUTABLE, 0, "MZ\x90\0"),
	MAGIC(FORMAT_EXECUTABLE, 0, "\xcf\xfa\xed\xfe"),
	MAGIC(FORMAT_EXECUTABLE, 0, "\xca\xfe\xba\xbe"),
	MAGIC(FORMAT_GZIP, 0, "\x1f\x8b\x08"),
	MAGIC(FORMAT_ZSTD, 0, "\x28\xb5\x2f\xfd"),
	MAGIC(FORMAT_XZ, 0, "\xfd" "7zXZ\0"),
	MAGIC(FORMAT_BZIP2, 0, "BZh"),
	MAGIC(FORMAT_7Z, 0, "7z\xbc\xaf\x27\x1c"),
	MAGIC(FORMAT_IMAGE, 0, "\x89PNG\r\n\x1a\n"),
	MAGIC(FORMAT_IMAGE, 0, "\xff\xd8\xff"),
	MAGIC(FORMAT_IMAGE, 0, "GIF87a"),
	MAGIC(FORMAT_IMAGE, 0, "GIF89a"),
	MAGIC(FORMAT_IMAGE, 8, "WEBP"),
	MAGIC(FORMAT_AUDIO, 8, "WAVE"),
	MAGIC(FORMAT_AUDIO, 0, "fLaC"),
	MAGIC(FORMAT_AUDIO, 0, "OggS"),
	MAGIC(FORMAT_AUDIO, 0, "ID3"),
	/* PyTorch before 1.6: a pickle of the number 0x1950a86a20f9469cfc6c */
	MAGIC(FORMAT_PYTORCH, 0, "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"),
};

static const char *const weight_ends[] = { ".safetensors", ".gguf", ".ggml",
	".bin", ".pt", ".pth", ".ckpt", ".onnx", ".h5", ".hdf5", ".keras",
	".tflite", ".msgpack", ".npz", ".pkl", ".pickle", ".joblib", ".jit",
	".engine", ".nemo" };

static const char *const partial_ends[] = { ".incomplete", ".part", ".partial",
	".crdownload", ".opdownload", ".download", ".aria2", ".tmp" };

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

const char *
format_name(enum file_format f)
{
	return formats[f].name;
}

enum format_class
format_class(enum file_format f)
{
	return formats[f].class;
}

bool
name_ends_with(const char *name, const char *end)
{
	size_t n = strlen(name), m = strlen(end);

	return n > m && strcasecmp(name + n - m, end) == 0;
}

static bool
ends_with_any(const char *name, const char *const *ends, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (name_ends_with(name, ends[i]))
			return true;
	return false;
}

bool
format_name_is_weights(const char *name)
{
	return ends_with_any(name, weight_ends, LEN(weight_ends));
}

bool
format_name_is_partial(const char *name)
{
	return ends_with_any(name, partial_ends, LEN(partial_ends));
}

bool
head_has(const struct head *h, size_t offset, const char *s, size_t n)
{
	return h->len >= n && offset <= h->len - n &&
	    memcmp(h->data + offset, s, n) == 0;
}

void
recognised_short(struct recognised *out)
{
	out->is_short = true;
	(void)window_short(&out->why);
}

/* What a reader said about a file: that it breaks the rules is no error. */
static enum status
take_verdict(struct recognised *out, enum status st, const struct diag *why,
    struct diag *d)
{
	if (st == ST_OK) {
		out->counted = true;
		return ST_OK;
	}
	if (st != ST_MALFORMED) {
		if (d != NULL)
			*d = *why;
		return st;
	}
	out->why = *why;
	out->is_short = strcmp(why->rule, WINDOW_SHORT) == 0;
	out->is_malformed = !out->is_short;
	return ST_OK;
}

static enum status
read_safetensors(struct window *w, struct recognised *out, struct diag *d)
{
	struct diag why = DIAG_INIT;
	enum status st;

	out->format = FORMAT_SAFETENSORS;
	w->at = 0;
	st = safetensors_read(w, &out->tensors, &why);
	return take_verdict(out, st, &why, d);
}

static enum status
read_gguf(struct window *w, struct recognised *out, struct diag *d)
{
	struct gguf_facts facts;
	struct diag why = DIAG_INIT;
	enum status st;

	w->at = 0;
	st = gguf_read(w, &facts, &why);
	out->tensors = facts.tensors;
	memcpy(out->architecture, facts.architecture, sizeof(out->architecture));
	memcpy(out->license, facts.license, sizeof(out->license));
	return take_verdict(out, st, &why, d);
}

/* Formats that say at their end, too, what they are. */
static enum status
check_end(struct window *w, const char *end, struct recognised *out, struct diag *d)
{
	size_t n = strlen(end);
	uint8_t last[8];
	enum status st;

	if (w->size < 2 * n) {
		recognised_short(out);
		return ST_OK;
	}
	w->at = w->size - n;
	if ((st = window_take(w, last, n, d)) == ST_OK && memcmp(last, end, n) != 0)
		recognised_short(out);
	return st;
}

/* A pickle of protocol 2 to 5 names it first; older ones are text, and only a name tells them. */
static bool
is_pickle(const struct head *h)
{
	static const char opcodes[] = "}])(]cKJMNGIVUXCqrhj\x80\x85\x86\x87\x88"
	    "\x89\x8a\x8c\x8e\x8f\x95\x96";

	if (name_ends_with(h->name, ".pkl") || name_ends_with(h->name, ".pickle"))
		return h->len > 0;
	return h->len > 3 && h->data[0] == 0x80 && h->data[1] <= 5 &&
	    h->data[2] != '\0' && strchr(opcodes, h->data[2]) != NULL;
}

/* Formats whose first bytes say little: the name has to say the same. */
static enum file_format
recognise_named(const struct head *h)
{
	if (h->len == 0)
		return FORMAT_UNKNOWN;
	if (strcmp(h->name, "saved_model.pb") == 0 && h->data[0] == 0x08)
		return FORMAT_TENSORFLOW;
	if (strncmp(h->name, "variables.data-", 15) == 0)
		return FORMAT_TENSORFLOW;
	if (name_ends_with(h->name, ".mlmodel") && h->data[0] == 0x08)
		return FORMAT_COREML;
	if (name_ends_with(h->name, ".model") && h->data[0] == 0x0A)
		return FORMAT_SENTENCEPIECE;
	return FORMAT_UNKNOWN;
}

static enum file_format
recognise_magic(const struct head *h)
{
	enum file_format f;
	size_t i;

	for (i = 0; i < LEN(magics); i++)
		if (head_has(h, magics[i].offset, magics[i].bytes, magics[i].len))
			return magics[i].format;
	if ((f = tar_recognise(h)) != FORMAT_UNKNOWN)
		return f;
	return is_pickle(h) ? FORMAT_PICKLE : FORMAT_UNKNOWN;
}

/* A file that begins as its format does is looked at further. */
static enum status
look_further(struct window *w, struct recognised *out, struct diag *d)
{
	if (out->format == FORMAT_GGUF)
		return read_gguf(w, out, d);
	if (out->format == FORMAT_PARQUET)
		return check_end(w, "PAR1", out, d);
	if (out->format == FORMAT_ARROW)
		return check_end(w, "ARROW1", out, d);
	return ST_OK;
}

enum status
format_recognise(struct window *w, const char *name, struct recognised *out,
    struct diag *d)
{
	struct head h = { .name = name };
	enum status st;

	memset(out, 0, sizeof(*out));
	out->why.rule = "";
	st = window_span(w, w->size, &h.data, &h.len, d);
	if (st != ST_OK)
		return st;
	h.whole = h.len == w->size;
	/* Under these names it is that, or broken. */
	if (safetensors_looks(h.data, h.len) ||
	    name_ends_with(name, ".safetensors"))
		return read_safetensors(w, out, d);
	if (name_ends_with(name, ".gguf")) {
		out->format = FORMAT_GGUF;
		return read_gguf(w, out, d);
	}
	if ((out->format = recognise_magic(&h)) != FORMAT_UNKNOWN)
		return look_further(w, out, d);
	if (head_has(&h, 0, "PK\3\4", 4))
		return zip_recognise(w, &h, out, d);
	if ((out->format = recognise_named(&h)) != FORMAT_UNKNOWN)
		return ST_OK;
	if ((out->format = text_recognise(&h)) != FORMAT_UNKNOWN) {
		if (w->size == 0 && format_name_is_weights(name))
			recognised_short(out);
		return ST_OK;
	}
	return onnx_recognise(w, &h, out, d);
}

void
line_count_add(struct line_count *c, const uint8_t *data, size_t len)
{
	const uint8_t *end;
	size_t n, i;

	while (len > 0) {
		end = memchr(data, '\n', len);
		n = end == NULL ? len : (size_t)(end - data);
		for (i = 0; i < n && !c->open; i++)
			c->open = data[i] != ' ' && data[i] != '\t' && data[i] != '\r';
		if (end == NULL)
			return;
		c->records += c->open;
		c->open = false;
		data += n + 1;
		len -= n + 1;
	}
}

uint64_t
line_count_total(const struct line_count *c)
{
	return c->records + c->open;
}
