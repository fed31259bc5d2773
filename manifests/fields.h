/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fields - values that stand in more than one kind of document, read and
 * checked, and the rules that bind components.  Not for use outside of manifests/.
 */
#ifndef SATCHEL_MANIFESTS_FIELDS_H
#define SATCHEL_MANIFESTS_FIELDS_H

#include <stddef.h>

#include "manifests/contents.h"
#include "manifests/diag.h"
#include "manifests/yaml.h"

/*
 * Each reads the next scalar of y into a new string: NULL once the reader has
 * failed.  Rules: "field-text" (text_check), "field-name" (path_check_name),
 * "field-path" (path_check), "field-number" (a decimal number as JSON has it).
 */
char *field_text(struct yaml *y);
char *field_name(struct yaml *y);
char *field_path(struct yaml *y);
char *field_number(struct yaml *y);
/* field_tolerance - a number that is not negative. */
char *field_tolerance(struct yaml *y);

/* field_title - "field-title" (title_check). */
void field_title(struct yaml *y, char out[33]);
/* field_kind - "field-kind". */
void field_kind(struct yaml *y, enum component_kind *kind);

/*
 * field_list - a list of at least one and at most CAP_LIST items, each read by
 * `item`.  "field-list".
 */
void field_list(struct yaml *y, struct string_list *l,
    char *(*item)(struct yaml *));

/* string_list_clear - free what it holds. */
void string_list_clear(struct string_list *l);

/*
 * path_below - whether b is a or lies below it.
 * path_tree_compare - an order in which all that lies below a path follows it at once.
 */
bool path_below(const char *a, const char *b);
int path_tree_compare(const char *a, const char *b);

/*
 * components_check - names unique (under folding), paths disjoint (under
 * folding equal ones too), needs name other components.
 * at  the component that is wrong
 * Errors: ST_MALFORMED ("component-name", "component-overlap",
 *         "component-needs"); the caller adds where. ST_HOST.
 */
enum status components_check(const struct component *c, size_t n, size_t *at,
    struct diag *d) __attribute__((warn_unused_result));

#endif
