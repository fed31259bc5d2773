/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * format_onnx - ONNX has no first bytes of its own: a file is that if its
 * outermost fields are those of a ModelProto.  The graph is stepped over.
 */
#include "manifests/format_parts.h"

#include <string.h>

#define FIELDS_MAX 10000

enum wire { WIRE_VARINT = 0, WIRE_LENGTH = 2 };

/* The fields of ModelProto (onnx.proto), and how each is stored. */
static const struct {
	uint64_t number;
	enum wire wire;
} fields[] = {
	{ 1, WIRE_VARINT },		/* ir_version */
	{ 2, WIRE_LENGTH },		/* producer_name */
	{ 3, WIRE_LENGTH },		/* producer_version */
	{ 4, WIRE_LENGTH },		/* domain */
	{ 5, WIRE_VARINT },		/* model_version */
	{ 6, WIRE_LENGTH },		/* doc_string */
	{ 7, WIRE_LENGTH },		/* graph */
	{ 8, WIRE_LENGTH },		/* opset_import */
	{ 14, WIRE_LENGTH },		/* metadata_props */
	{ 20, WIRE_LENGTH },		/* training_info */
	{ 25, WIRE_LENGTH },		/* functions */
	{ 26, WIRE_LENGTH },		/* configuration */
};

#define IR_VERSION 1
#define GRAPH 7
#define IR_VERSION_MAX 100

/* ST_MALFORMED: no number of at most 64 bits. */
static enum status
take_varint(struct window *w, uint64_t *v, struct diag *d)
{
	enum status st;
	unsigned shift;
	uint8_t c;

	*v = 0;
	for (shift = 0; shift < 64; shift += 7) {
		if ((st = window_take(w, &c, 1, d)) != ST_OK)
			return st;
		if (shift == 63 && c > 1)
			break;
		*v |= (uint64_t)(c & 0x7F) << shift;
		if ((c & 0x80) == 0)
			return ST_OK;
	}
	return diag_set(d, ST_MALFORMED, "onnx-number", "a number over 64 bits");
}

static bool
is_field(uint64_t tag)
{
	size_t i;

	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (tag == (fields[i].number << 3 | fields[i].wire))
			return true;
	return false;
}

/* One field; *ours is false where ModelProto has no such field. */
static enum status
step(struct window *w, uint64_t *number, bool *ours, bool *cut, struct diag *d)
{
	uint64_t tag, v;
	enum status st;

	*ours = *cut = false;
	if ((st = take_varint(w, &tag, d)) != ST_OK)
		return st;
	if (!is_field(tag))
		return ST_OK;
	*number = tag >> 3;
	if ((st = take_varint(w, &v, d)) != ST_OK)
		return st;
	*ours = true;
	if ((tag & 7) == WIRE_VARINT) {
		*ours = *number != IR_VERSION || (v >= 1 && v <= IR_VERSION_MAX);
		return ST_OK;
	}
	*cut = v > window_left(w);
	return *cut ? ST_OK : window_skip(w, v, d);
}

enum status
onnx_recognise(struct window *w, const struct head *h, struct recognised *out,
    struct diag *d)
{
	bool ours, cut, graph = false, named = name_ends_with(h->name, ".onnx");
	uint64_t number = 0;
	enum status st;
	size_t n;

	if (!head_has(h, 0, "\x08", 1))
		return ST_OK;
	w->at = 0;
	for (n = 0; n < FIELDS_MAX && window_left(w) > 0; n++) {
		st = step(w, &number, &ours, &cut, d);
		if (st == ST_MALFORMED || (st == ST_OK && !ours))
			return ST_OK;
		if (st != ST_OK)
			return st;
		graph = graph || number == GRAPH;
		/* Cut inside the graph, as where the rest was not fetched. */
		if (cut && !(graph && n > 0) && !named)
			return ST_OK;
		if (cut) {
			out->format = FORMAT_ONNX;
			recognised_short(out);
			return ST_OK;
		}
	}
	if (graph && window_left(w) == 0)
		out->format = FORMAT_ONNX;
	return ST_OK;
}
