/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * console - all that the two programs print: steps, results, errors, the
 * verdict, the progress bar.  It decides nothing.
 */
#ifndef SATCHEL_BUNDLE_CONSOLE_H
#define SATCHEL_BUNDLE_CONSOLE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "bundle/findings.h"
#include "bundle/options.h"
#include "bundle/progress.h"
#include "manifests/bytes.h"
#include "manifests/diag.h"

struct console {
	const char *program;
	bool quiet;			/* no steps, no bar */
	bool verbose;			/* notes of little weight as well */
	bool json;			/* stdout belongs to one document */
	bool color_out, color_err;
	bool bar;			/* stderr is a terminal that can show one */
	bool bar_shown;
	int out_errno;			/* why stdout did not take something */
	struct timespec started, drawn;
	const char *bar_verb;
	struct progress progress;	/* hands reports to the bar */
};

/* console_init - look at the terminals, NO_COLOR and TERM; o: NULL before options are read. */
void console_init(struct console *c, const char *program,
    const struct common_options *o, bool json);

/* One line of what is being done, to stderr. */
void console_step(struct console *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* One line of a result, to stdout. */
void console_result(struct console *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Bytes of a result, to stdout. */
void console_write(struct console *c, const void *data, size_t len);
/* A warning, to stderr. */
void console_warning(struct console *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* An error: "PROGRAM: text", and "hint: ..." below it. */
void console_error(struct console *c, const struct diag *d);
/* A finding as it is found; fits struct findings.notify, arg is the console. */
void console_finding(void *arg, const struct finding *f);
/* The verdict: one line in capitals that stands alone, on stdout. */
void console_verdict(struct console *c, const char *verdict, bool good);

/* console_progress_start - a bar for what follows: "packing", "checking". */
void console_progress_start(struct console *c, const char *verb);
void console_progress_end(struct console *c);

/* console_help - --help or --version, to stdout. */
enum status console_help(struct console *c, const struct program_spec *spec,
    size_t verb, bool version, struct diag *d) __attribute__((warn_unused_result));

/* console_ask - a question on the terminal: true for "yes".  False where there is no terminal. */
bool console_ask(struct console *c, const char *question);

/* console_close - whether all that went to stdout arrived. */
enum status console_close(struct console *c, struct diag *d);

#endif
