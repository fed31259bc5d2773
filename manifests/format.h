/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * format - what a file is, from its bytes; its name decides only between kinds
 * of text.  It opens nothing, and judges no content but headers.
 */
#ifndef SATCHEL_MANIFESTS_FORMAT_H
#define SATCHEL_MANIFESTS_FORMAT_H

#include <stdbool.h>

#include "manifests/gguf.h"
#include "manifests/window.h"

enum file_format {
	FORMAT_UNKNOWN,
	/* weights */
	FORMAT_SAFETENSORS, FORMAT_GGUF, FORMAT_GGML, FORMAT_ONNX,
	FORMAT_PYTORCH, FORMAT_TORCHSCRIPT, FORMAT_PICKLE, FORMAT_TFLITE,
	FORMAT_TENSORFLOW, FORMAT_COREML, FORMAT_HDF5, FORMAT_KERAS,
	/* data */
	FORMAT_JSONL, FORMAT_CSV, FORMAT_TSV, FORMAT_PARQUET, FORMAT_ARROW,
	FORMAT_NPY, FORMAT_NPZ, FORMAT_SQLITE,
	/* data or settings */
	FORMAT_JSON, FORMAT_YAML,
	/* documents */
	FORMAT_TEXT, FORMAT_MARKDOWN, FORMAT_HTML, FORMAT_PDF, FORMAT_OFFICE,
	/* code */
	FORMAT_PYTHON, FORMAT_NOTEBOOK, FORMAT_SHELL, FORMAT_SOURCE,
	FORMAT_EXECUTABLE,
	/* the rest */
	FORMAT_SENTENCEPIECE, FORMAT_ZIP, FORMAT_TAR, FORMAT_GZIP, FORMAT_ZSTD,
	FORMAT_XZ, FORMAT_BZIP2, FORMAT_7Z, FORMAT_IMAGE, FORMAT_AUDIO,
	N_FORMATS
};

enum format_class {
	CLASS_WEIGHTS, CLASS_DATA, CLASS_SETTINGS, CLASS_DOCUMENT, CLASS_CODE,
	CLASS_OTHER
};

/* format_name - "safetensors", "jsonl", ...; "data" for what is unknown. */
const char *format_name(enum file_format f);
enum format_class format_class(enum file_format f);

/* What a file turned out to be. */
struct recognised {
	enum file_format format;
	bool is_short;			/* ends too early: half-downloaded */
	bool is_malformed;		/* breaks a rule of its format in another way */
	struct diag why;		/* where one of these holds */
	bool counted;			/* tensors was filled in */
	struct tensor_facts tensors;
	char architecture[GGUF_VALUE_MAX];	/* as GGUF says them, else "" */
	char license[GGUF_VALUE_MAX];
};

/*
 * format_recognise - the format of a file; the window stands at its beginning.
 * name  the last component of its path
 *
 * A malformed file is no error.  Errors: ST_HOST, or what the window's callback said.
 * Reads the first 32 KiB, of safetensors and GGUF the header, of zip the
 * directory (at most 4 MiB), of ONNX one header a field.
 */
enum status format_recognise(struct window *w, const char *name,
    struct recognised *out, struct diag *d) __attribute__((warn_unused_result));

/* format_name_is_weights - whether a name ends as those of weight files do. */
bool format_name_is_weights(const char *name);

/*
 * format_name_is_partial - whether a name ends as those do that programs give to
 * what they have not fetched to the end: .incomplete, .part, .crdownload, ...
 */
bool format_name_is_partial(const char *name);

/* name_ends_with - whether it ends so, whatever the case of ASCII letters. */
bool name_ends_with(const char *name, const char *end);

/* The number of records in JSON lines, counted while they pass by; all zeros to begin. */
struct line_count {
	uint64_t records;		/* lines with something else than white space, ended */
	bool open;			/* the line that is passing by has something */
};

void line_count_add(struct line_count *c, const uint8_t *data, size_t len);
/* line_count_total - with the last line, if it has no end. */
uint64_t line_count_total(const struct line_count *c);

#endif
