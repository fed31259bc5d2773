/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * look - what one file of a tree is, and what is wrong with it.  It sees the
 * file, and the names beside it; it proposes nothing.
 */
#ifndef SATCHEL_PACK_LOOK_H
#define SATCHEL_PACK_LOOK_H

#include "pack/tree.h"

/* The names in a file's directory, its own too, ascending by bytes. */
struct siblings {
	char *const *names;
	size_t n;
};

/*
 * Of all JSON lines together this much is read to count records; create counts
 * them in any case.
 */
#define LOOK_LINES_MAX ((uint64_t)4 << 30)

struct look;

struct look *look_new(void);
void look_free(struct look *l);

/*
 * look_at - fill in e's format, role and details from the file fd, whose name
 * and size stand in e.  Its problems are look_problem() 0 to
 * look_n_problems() - 1, until the next call.
 * Errors: ST_HOST, ST_INTERRUPTED.
 */
enum status look_at(struct look *l, int fd, const struct siblings *siblings,
    struct tree_entry *e, struct diag *d) __attribute__((warn_unused_result));
size_t look_n_problems(const struct look *l);
const struct diag *look_problem(const struct look *l, size_t i);

#endif
