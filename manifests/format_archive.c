/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * format_archive - zip and tar, in which several formats of weights come: told
 * by the names of their entries.  It unpacks nothing.
 */
#include "manifests/format_parts.h"

#include <string.h>

#include "manifests/bytes.h"

/* The parts of a zip file, in bytes. */
#define LOCAL_LEN 30
#define CENTRAL_LEN 46
#define END_LEN 22
#define END64_LEN 56
#define LOCATOR_LEN 20
/* How far from the end the end record is looked for: behind it stands a comment. */
#define END_SEARCH 1024
/* How much of the directory is read. */
#define ENTRIES_MAX 65536
#define DIRECTORY_MAX ((uint64_t)4 << 20)

#define TAR_BLOCK_LEN 512
#define TAR_CHECKSUM_AT 148
#define TAR_CHECKSUM_LEN 8
#define TAR_NAME_LEN 100

/* What the names of a zip file's entries say. */
struct entries {
	bool pickle, code, office, keras;
	size_t n, n_npy;
};

static void
take_name(struct entries *e, const char *name)
{
	e->n++;
	/* PyTorch puts all of it into one directory. */
	if (name_ends_with(name, "/data.pkl"))
		e->pickle = true;
	if (name_ends_with(name, "/constants.pkl") || strstr(name, "/code/") != NULL)
		e->code = true;
	if (strcmp(name, "[Content_Types].xml") == 0)
		e->office = true;
	if (strcmp(name, "model.weights.h5") == 0)
		e->keras = true;
	if (name_ends_with(name, ".npy"))
		e->n_npy++;
}

static enum file_format
judge_entries(const struct entries *e, const char *name)
{
	if (e->pickle)
		return e->code ? FORMAT_TORCHSCRIPT : FORMAT_PYTORCH;
	if (e->office)
		return FORMAT_OFFICE;
	if (e->keras)
		return FORMAT_KERAS;
	if (e->n > 0 && (e->n_npy == e->n || name_ends_with(name, ".npz")))
		return FORMAT_NPZ;
	return FORMAT_ZIP;
}

/* A name of len bytes, of which what fits is kept. */
static enum status
take_text(struct window *w, size_t len, char *out, size_t cap, struct diag *d)
{
	size_t n = len < cap - 1 ? len : cap - 1;
	enum status st;

	if ((st = window_take(w, out, n, d)) != ST_OK)
		return st;
	out[n] = '\0';
	return window_skip(w, len - n, d);
}

/* The entry that begins the file: all that is left where the directory is missing. */
static enum status
read_first(struct window *w, struct entries *e, struct diag *d)
{
	uint8_t raw[LOCAL_LEN];
	char name[300];
	enum status st;

	w->at = 0;
	if ((st = window_take(w, raw, sizeof(raw), d)) != ST_OK)
		return st;
	st = take_text(w, get_le16(raw + 26), name, sizeof(name), d);
	if (st == ST_OK)
		take_name(e, name);
	return st;
}

/* The end record: *at its offset, or UINT64_MAX where there is none. */
static enum status
find_end(struct window *w, uint64_t *at, struct diag *d)
{
	uint8_t tail[END_LEN + END_SEARCH];
	size_t n = w->size < sizeof(tail) ? (size_t)w->size : sizeof(tail), i;
	enum status st;

	*at = UINT64_MAX;
	w->at = w->size - n;
	if ((st = window_take(w, tail, n, d)) != ST_OK)
		return st;
	for (i = n < END_LEN ? 0 : n - END_LEN + 1; i-- > 0; ) {
		if (memcmp(tail + i, "PK\5\6", 4) == 0 &&
		    get_le16(tail + i + 20) == n - i - END_LEN) {
			*at = w->size - n + i;
			break;
		}
	}
	return ST_OK;
}

/* Where the directory begins: in the end record, or in the longer one before it. */
static enum status
find_directory(struct window *w, uint64_t end, uint64_t *at, struct diag *d)
{
	uint8_t raw[END64_LEN];
	enum status st;

	w->at = end;
	if ((st = window_take(w, raw, END_LEN, d)) != ST_OK)
		return st;
	*at = get_le32(raw + 16);
	if (*at != UINT32_MAX || end < LOCATOR_LEN)
		return ST_OK;
	w->at = end - LOCATOR_LEN;
	if ((st = window_take(w, raw, LOCATOR_LEN, d)) != ST_OK)
		return st;
	if (memcmp(raw, "PK\6\7", 4) != 0)
		return ST_OK;
	w->at = get_le64(raw + 8);
	if ((st = window_take(w, raw, END64_LEN, d)) != ST_OK)
		return st;
	*at = get_le64(raw + 48);
	return ST_OK;
}

static enum status
read_directory(struct window *w, uint64_t at, struct entries *e, struct diag *d)
{
	uint8_t raw[CENTRAL_LEN];
	char name[300];
	enum status st;

	w->at = at;
	while (e->n < ENTRIES_MAX && w->at - at < DIRECTORY_MAX &&
	    window_left(w) >= CENTRAL_LEN) {
		if ((st = window_take(w, raw, sizeof(raw), d)) != ST_OK)
			return st;
		if (memcmp(raw, "PK\1\2", 4) != 0)
			break;
		st = take_text(w, get_le16(raw + 28), name, sizeof(name), d);
		if (st == ST_OK)
			st = window_skip(w, (uint64_t)get_le16(raw + 30) +
			    get_le16(raw + 32), d);
		if (st != ST_OK)
			return st;
		take_name(e, name);
	}
	return ST_OK;
}

enum status
zip_recognise(struct window *w, const struct head *h, struct recognised *out,
    struct diag *d)
{
	struct entries e = { 0 };
	struct diag why = DIAG_INIT;
	uint64_t end, at;
	enum status st;

	st = find_end(w, &end, &why);
	if (st == ST_OK && end == UINT64_MAX) {
		st = read_first(w, &e, &why);
		recognised_short(out);
	} else if (st == ST_OK) {
		st = find_directory(w, end, &at, &why);
		if (st == ST_OK)
			st = read_directory(w, at, &e, &why);
	}
	if (st != ST_OK && st != ST_MALFORMED) {
		if (d != NULL)
			*d = why;
		return st;
	}
	out->format = judge_entries(&e, h->name);
	/* The first entry of a torch file may be any of its storages. */
	if (out->is_short && format_name_is_weights(h->name) &&
	    out->format == FORMAT_ZIP)
		out->format = FORMAT_PYTORCH;
	if (st == ST_MALFORMED && !out->is_short) {
		out->is_malformed = true;
		out->why = why;
	}
	return ST_OK;
}

/* The sum of a header's bytes, its own field as blanks. */
static bool
checksum_holds(const uint8_t *block)
{
	unsigned sum = 0, stated = 0;
	size_t i;

	/* Most files are none: the field ends with NUL or blank. */
	i = TAR_CHECKSUM_AT + TAR_CHECKSUM_LEN - 2;
	if (block[i] != '\0' && block[i] != ' ' && block[i + 1] != '\0' &&
	    block[i + 1] != ' ')
		return false;
	for (i = 0; i < TAR_BLOCK_LEN; i++)
		sum += i >= TAR_CHECKSUM_AT &&
		    i < TAR_CHECKSUM_AT + TAR_CHECKSUM_LEN ? ' ' : block[i];
	i = TAR_CHECKSUM_AT;
	while (i < TAR_CHECKSUM_AT + TAR_CHECKSUM_LEN && block[i] == ' ')
		i++;
	for (; i < TAR_CHECKSUM_AT + TAR_CHECKSUM_LEN && block[i] >= '0' &&
	    block[i] <= '7'; i++)
		stated = stated * 8 + (unsigned)(block[i] - '0');
	return sum == stated && block[0] != '\0';
}

enum file_format
tar_recognise(const struct head *h)
{
	static const char *const torch[] = { "sys_info", "pickle", "tensors",
		"storages" };
	char name[TAR_NAME_LEN + 1];
	size_t i;

	if (h->len < TAR_BLOCK_LEN || !checksum_holds(h->data))
		return FORMAT_UNKNOWN;
	memcpy(name, h->data, TAR_NAME_LEN);
	name[TAR_NAME_LEN] = '\0';
	/* PyTorch before 0.1.10. */
	for (i = 0; i < sizeof(torch) / sizeof(torch[0]); i++)
		if (strcmp(name, torch[i]) == 0)
			return FORMAT_PYTORCH;
	return FORMAT_TAR;
}
