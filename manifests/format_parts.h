/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * format_parts - what format.c asks of its neighbours.  Not for use elsewhere.
 */
#ifndef SATCHEL_MANIFESTS_FORMAT_PARTS_H
#define SATCHEL_MANIFESTS_FORMAT_PARTS_H

#include "manifests/format.h"

/* The beginning of a file. */
struct head {
	const uint8_t *data;
	size_t len;
	bool whole;			/* it is all of the file */
	const char *name;
};

/* head_has - whether the n bytes of s stand at an offset. */
bool head_has(const struct head *h, size_t offset, const char *s, size_t n);

/* text_recognise - a kind of text, or FORMAT_UNKNOWN. */
enum file_format text_recognise(const struct head *h);

/*
 * zip_recognise - a file that begins as zip does, by the names in its directory.
 * tar_recognise - a tar archive, or FORMAT_UNKNOWN.
 */
enum status zip_recognise(struct window *w, const struct head *h,
    struct recognised *out, struct diag *d) __attribute__((warn_unused_result));
enum file_format tar_recognise(const struct head *h);

/*
 * onnx_recognise - out->format is FORMAT_ONNX where the fields of the file are
 * those of an ONNX model; is_short where its last one goes beyond the end.
 */
enum status onnx_recognise(struct window *w, const struct head *h,
    struct recognised *out, struct diag *d) __attribute__((warn_unused_result));

/* recognised_short - it ends too early. */
void recognised_short(struct recognised *out);

#endif
