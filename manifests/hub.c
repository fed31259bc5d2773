/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hub - settings and index by the streaming reader of JSON, the card line by
 * line: its YAML is other people's, and holds more than our reader takes.
 */
#include "manifests/hub.h"

#include <stdlib.h>
#include <string.h>

#include "manifests/array.h"
#include "manifests/caps.h"
#include "manifests/fields.h"
#include "manifests/json_pull.h"
#include "manifests/lines.h"
#include "manifests/path.h"

#define SETTINGS_MAX (1 * MIB)

static void
keep(const struct json *j, char out[HUB_VALUE_MAX])
{
	if (j->printable && j->len > 0 && j->len < HUB_VALUE_MAX)
		memcpy(out, j->text, (size_t)j->len + 1);
}

/* The first string of an array that has just begun; reads to its end. */
static bool
read_first(struct json *j, char out[HUB_VALUE_MAX])
{
	enum json_event e;

	while ((e = json_next(j)) != JSON_ARRAY_END) {
		if (e == JSON_STRING && out[0] == '\0')
			keep(j, out);
		if (!json_skip(j, e))
			return false;
	}
	return true;
}

/* The member whose key has just been read. */
static bool
read_setting(struct json *j, struct hub_settings *out)
{
	bool type = json_is(j, "model_type"), list = json_is(j, "architectures");
	bool peft = json_is(j, "peft_type"), base = json_is(j, "base_model_name_or_path");
	bool pipeline = json_is(j, "_diffusers_version");
	bool code = json_is(j, "auto_map");
	enum json_event e = json_next(j);

	if (e == JSON_ARRAY && list) {
		out->is_model = true;
		return read_first(j, out->architecture);
	}
	if (e == JSON_OBJECT && code)
		out->names_code = true;
	if (e == JSON_STRING) {
		out->is_model = out->is_model || type || pipeline;
		out->is_adapter = out->is_adapter || peft;
		if (type)
			keep(j, out->model_type);
		if (base)
			keep(j, out->base_model);
	}
	return json_skip(j, e);
}

enum status
hub_read_settings(struct window *w, struct hub_settings *out, struct diag *d)
{
	uint64_t len = window_left(w);
	struct json j;
	enum json_event e;

	memset(out, 0, sizeof(*out));
	if (len > SETTINGS_MAX)
		return ST_OK;
	json_open(&j, w, len, JSON_MAX_DEPTH, d);
	if ((e = json_next(&j)) == JSON_OBJECT) {
		while ((e = json_next(&j)) == JSON_KEY)
			if (!read_setting(&j, out))
				break;
	}
	if (e != JSON_OBJECT_END)
		memset(out, 0, sizeof(*out));
	return json_status(&j) == ST_MALFORMED ? ST_OK : json_status(&j);
}

/* The place of a name among the shards, or where it belongs. */
static bool
find_shard(const struct string_list *l, const char *name, size_t *at)
{
	size_t low = 0, high = l->n, mid;
	int cmp;

	while (low < high) {
		mid = low + (high - low) / 2;
		if ((cmp = strcmp(l->items[mid], name)) == 0) {
			*at = mid;
			return true;
		}
		if (cmp < 0)
			low = mid + 1;
		else
			high = mid;
	}
	*at = low;
	return false;
}

static bool
add_shard(struct json *j, struct string_list *l)
{
	char **items, *copy;
	size_t at;

	if (j->len > CAP_COMPONENT || strlen(j->text) != j->len ||
	    path_check(j->text, (size_t)j->len) != NULL ||
	    strchr(j->text, '/') != NULL) {
		(void)json_fail(j, "index-name", "the index names no plain file name");
		return false;
	}
	if (find_shard(l, j->text, &at))
		return true;
	if (l->n == HUB_SHARDS_MAX) {
		(void)json_fail(j, "index-many", "the index names over 10000 files");
		return false;
	}
	items = array_add(l->items, l->n, sizeof(*items));
	if (items != NULL)
		l->items = items;
	if (items == NULL || (copy = strdup(j->text)) == NULL) {
		j->status = diag_nomem(j->d);
		return false;
	}
	memmove(items + at + 1, items + at, (l->n - at) * sizeof(*items));
	items[at] = copy;
	l->n++;
	return true;
}

static bool
read_map(struct json *j, struct hub_index *out)
{
	enum json_event e;

	while ((e = json_next(j)) == JSON_KEY) {
		if (json_next(j) != JSON_STRING) {
			(void)json_fail(j, "index-name", "the index maps a tensor to no name");
			return false;
		}
		if (!add_shard(j, &out->shards))
			return false;
		out->tensors++;
	}
	return e == JSON_OBJECT_END;
}

enum status
hub_read_index(struct window *w, struct hub_index *out, struct diag *d)
{
	uint64_t len = window_left(w);
	bool mapped = false, is_map;
	enum json_event e;
	struct json j;

	memset(out, 0, sizeof(*out));
	if (len > HUB_INDEX_MAX)
		return diag_set(d, ST_MALFORMED, "index-size",
		    "the index is over 100000000 bytes");
	json_open(&j, w, len, JSON_MAX_DEPTH, d);
	if (json_next(&j) != JSON_OBJECT) {
		(void)json_fail(&j, "index-map", "the index is no map");
		return json_status(&j);
	}
	while ((e = json_next(&j)) == JSON_KEY) {
		is_map = json_is(&j, "weight_map");
		e = json_next(&j);
		if (is_map && (mapped || e != JSON_OBJECT))
			(void)json_fail(&j, "index-map", "weight_map must be one map");
		mapped = mapped || is_map;
		if (is_map ? !read_map(&j, out) : !json_skip(&j, e))
			return json_status(&j);
	}
	if (e == JSON_OBJECT_END && json_next(&j) == JSON_END && !mapped)
		return diag_set(d, ST_MALFORMED, "index-map",
		    "the index has no weight_map");
	return json_status(&j);
}

void
hub_index_clear(struct hub_index *x)
{
	string_list_clear(&x->shards);
	x->tensors = 0;
}

/* A value, or the first item of a list below its key. */
static void
take_value(const struct line *l, char out[HUB_VALUE_MAX], bool *wanted)
{
	if (out[0] == '\0')
		line_value(l, out, HUB_VALUE_MAX);
	*wanted = out[0] == '\0';
}

bool
hub_read_card(const uint8_t *head, size_t len, struct hub_card *out)
{
	bool license = false, base = false, unused;
	char name[HUB_VALUE_MAX] = "";
	struct lines text;
	struct line l;

	memset(out, 0, sizeof(*out));
	/* In the very first line: further down it is a rule across the page. */
	if (len < 3 || memcmp(head, "---", 3) != 0)
		return false;
	lines_open(&text, head, len);
	if (!lines_next(&text, &l) || !line_is(&l, "---"))
		return false;
	while (lines_next(&text, &l)) {
		if (line_is(&l, "---")) {
			/* "other", and its own name beside it */
			if (strcmp(out->license, "other") == 0 && name[0] != '\0')
				strcpy(out->license, name);
			return true;
		}
		if (l.item) {
			if (license)
				take_value(&l, out->license, &license);
			if (base)
				take_value(&l, out->base_model, &base);
			continue;
		}
		license = base = false;
		if (l.indent > 0)
			continue;
		if (line_key_is(&l, "license"))
			take_value(&l, out->license, &license);
		else if (line_key_is(&l, "license_name"))
			take_value(&l, name, &unused);
		else if (line_key_is(&l, "base_model"))
			take_value(&l, out->base_model, &base);
	}
	memset(out, 0, sizeof(*out));
	return false;
}
