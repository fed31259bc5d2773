/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * suite - what gives a benchmark suite away: task files of the harnesses in
 * use, and JSON that holds records.  It runs nothing, and only proposes.
 */
#ifndef SATCHEL_MANIFESTS_SUITE_H
#define SATCHEL_MANIFESTS_SUITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "manifests/format.h"

enum harness {
	HARNESS_NONE,
	HARNESS_LM_EVAL,		/* EleutherAI lm-evaluation-harness: YAML */
	HARNESS_INSPECT,		/* inspect_ai: Python with @task */
	HARNESS_OPENAI_EVALS,		/* openai/evals: registry/evals/X.yaml */
};

/* harness_name - as `harness` of a component has it; NULL for none. */
const char *harness_name(enum harness h);

/* Bytes of a task's name that is kept. */
#define SUITE_TASK_MAX 128

/*
 * suite_recognise - the harness for which a text is written, by its first len bytes.
 * task  the task that it defines, or "" where that is not plain to see
 */
enum harness suite_recognise(enum file_format f, const uint8_t *head, size_t len,
    char task[SUITE_TASK_MAX]);

/*
 * suite_is_records - whether JSON holds records: a list of maps or lists, or a
 * map with such a list under a name that is usual for it.
 */
bool suite_is_records(const uint8_t *head, size_t len);

#endif
