/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * suite - by the keys that the task files of a harness have, and by nothing
 * that a folder is called.
 */
#include "manifests/suite.h"

#include <string.h>

#include "manifests/json_pull.h"
#include "manifests/lines.h"
#include "manifests/path.h"

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

/* Keys of an lm-evaluation-harness task that few other files have (lm_eval/api/task.py). */
static const char *const task_keys[] = { "dataset_path", "dataset_name",
	"dataset_kwargs", "doc_to_text", "doc_to_target", "doc_to_choice",
	"process_docs", "process_results", "output_type", "training_split",
	"validation_split", "test_split", "fewshot_split", "fewshot_config",
	"num_fewshot", "metric_list", "generation_kwargs", "filter_list",
	"aggregate_metric_list", "group_alias", "task_alias",
	"should_decontaminate" };

/* Keys of JSON under which suites hold their records. */
static const char *const record_keys[] = { "examples", "data", "questions",
	"instances", "samples", "rows", "records", "items", "test", "train",
	"validation", "tasks" };

const char *
harness_name(enum harness h)
{
	switch (h) {
	case HARNESS_NONE:
		break;
	case HARNESS_LM_EVAL:
		return "lm-evaluation-harness";
	case HARNESS_INSPECT:
		return "inspect_ai";
	case HARNESS_OPENAI_EVALS:
		return "openai-evals";
	}
	return NULL;
}

static bool
is_task_key(const struct line *l)
{
	size_t i;

	for (i = 0; i < LEN(task_keys); i++)
		if (line_key_is(l, task_keys[i]))
			return true;
	return false;
}

/* A task has a name and one such key, a template several. */
static bool
is_lm_eval(const uint8_t *head, size_t len, char task[SUITE_TASK_MAX])
{
	bool named = false, includes = false;
	struct lines text;
	struct line l;
	size_t n = 0;

	lines_open(&text, head, len);
	while (lines_next(&text, &l)) {
		if (l.indent > 0 || l.item)
			continue;
		n += is_task_key(&l);
		includes = includes || line_key_is(&l, "include");
		if (line_key_is(&l, "task") || line_key_is(&l, "group")) {
			named = true;
			if (task[0] == '\0')
				line_value(&l, task, SUITE_TASK_MAX);
		}
	}
	return named ? n > 0 || includes : n >= 3;
}

/* An eval has a class, a set a list of evals. */
static bool
is_openai_evals(const uint8_t *head, size_t len, char task[SUITE_TASK_MAX])
{
	bool found = false, first_nested = false, nested;
	char name[SUITE_TASK_MAX] = "", value[SUITE_TASK_MAX];
	struct lines text;
	struct line l;

	lines_open(&text, head, len);
	while (lines_next(&text, &l)) {
		nested = l.indent > 0;
		if (!nested && (l.key_len == 0 || l.value_len > 0))
			return false;	/* all that stands at the top is a map's key */
		if (!nested && name[0] == '\0') {
			l.value = l.key;
			l.value_len = l.key_len;
			line_value(&l, name, sizeof(name));
		} else if (nested && line_key_is(&l, "class")) {
			line_value(&l, value, sizeof(value));
			found = found || strncmp(value, "evals.", 6) == 0 ||
			    strchr(value, ':') != NULL;
		} else if (nested && !first_nested && line_key_is(&l, "evals")) {
			found = found || l.value_len == 0;
		}
		first_nested = first_nested || nested;
	}
	if (found)
		strcpy(task, name);
	return found;
}

/* The name in "def NAME(" of the line that follows a decorator. */
static void
take_function(const struct line *l, char task[SUITE_TASK_MAX])
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
	size_t i, at = 4;

	if (l->len < 5 || memcmp(l->text, "def ", 4) != 0)
		return;
	for (i = 0; i < SUITE_TASK_MAX - 1 && at < l->len &&
	    strchr(letters, l->text[at]) != NULL && l->text[at] != '\0'; i++, at++)
		task[i] = l->text[at];
	task[i] = '\0';
}

static bool
begins(const struct line *l, const char *s)
{
	size_t n = strlen(s);

	return l->len >= n && memcmp(l->text, s, n) == 0;
}

static bool
is_inspect(const uint8_t *head, size_t len, char task[SUITE_TASK_MAX])
{
	bool imports = false, decorated = false;
	struct lines text;
	struct line l;

	lines_open(&text, head, len);
	while (lines_next(&text, &l)) {
		imports = imports || begins(&l, "from inspect_ai") ||
		    begins(&l, "import inspect_ai");
		if (decorated && task[0] == '\0')
			take_function(&l, task);
		if (begins(&l, "@task"))
			decorated = true;
	}
	return imports;
}

enum harness
suite_recognise(enum file_format f, const uint8_t *head, size_t len,
    char task[SUITE_TASK_MAX])
{
	enum harness h = HARNESS_NONE;

	task[0] = '\0';
	if (f == FORMAT_PYTHON && is_inspect(head, len, task))
		h = HARNESS_INSPECT;
	/* Some templates have names without an end that says YAML. */
	else if ((f == FORMAT_YAML || f == FORMAT_TEXT) && is_lm_eval(head, len, task))
		h = HARNESS_LM_EVAL;
	else if (f == FORMAT_YAML && is_openai_evals(head, len, task))
		h = HARNESS_OPENAI_EVALS;
	if (h == HARNESS_NONE || text_check(task, strlen(task)) != NULL)
		task[0] = '\0';
	return h;
}

static bool
is_record_key(const struct json *j)
{
	size_t i;

	for (i = 0; i < LEN(record_keys); i++)
		if (json_is(j, record_keys[i]))
			return true;
	return false;
}

/* Whether the array that has just begun begins with a map or a list. */
static bool
holds_records(struct json *j)
{
	enum json_event e = json_next(j);

	return e == JSON_OBJECT || e == JSON_ARRAY;
}

bool
suite_is_records(const uint8_t *head, size_t len)
{
	struct window_memory m = { head, len };
	enum json_event e;
	struct window w;
	struct json j;
	bool usual;

	window_open_memory(&w, &m);
	json_open(&j, &w, len, JSON_MAX_DEPTH, NULL);
	if ((e = json_next(&j)) == JSON_ARRAY)
		return holds_records(&j);
	if (e != JSON_OBJECT)
		return false;
	while (json_next(&j) == JSON_KEY) {
		usual = is_record_key(&j);
		e = json_next(&j);
		if (e == JSON_ARRAY && usual)
			return holds_records(&j);
		if (!json_skip(&j, e))
			break;
	}
	return false;
}
