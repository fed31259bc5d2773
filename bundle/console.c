/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * console - the only room that writes to stdout and stderr.
 */
#include "bundle/console.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "bundle/file.h"
#include "bundle/options.h"
#include "bundle/version.h"

#define RED "\033[1;31m"
#define GREEN "\033[1;32m"
#define YELLOW "\033[33m"
#define PLAIN "\033[0m"

static double
seconds_between(const struct timespec *a, const struct timespec *b)
{
	return (double)(b->tv_sec - a->tv_sec) +
	    (double)(b->tv_nsec - a->tv_nsec) / 1e9;
}

static void
clear_bar(struct console *c)
{
	if (c->bar_shown)
		fputs("\r\033[K", stderr);
	c->bar_shown = false;
}

/* Draw the bar, four times a second at most. */
static void
draw(void *arg, const char *label, uint64_t done, uint64_t total)
{
	struct console *c = arg;
	char now_s[32], all_s[32], rate_s[32], left[32] = "";
	struct winsize ws = { .ws_col = 80 };
	char line[400];
	struct timespec now;
	double spent, rate;

	if (!c->bar || c->bar_verb == NULL)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (seconds_between(&c->drawn, &now) < 0.25)
		return;
	c->drawn = now;
	spent = seconds_between(&c->started, &now);
	rate = spent > 0 ? (double)done / spent : 0;
	if (rate > 0 && total > done) {
		uint64_t s = (uint64_t)((double)(total - done) / rate);

		snprintf(left, sizeof(left), ", %llu:%02llu left",
		    (unsigned long long)s / 60, (unsigned long long)s % 60);
	}
	snprintf(line, sizeof(line), "%s %s: %3u%%  %s of %s  %s/s%s", c->bar_verb,
	    label, total == 0 ? 0U : (unsigned)(100.0 * (double)done / (double)total),
	    size_format(now_s, done), size_format(all_s, total),
	    size_format(rate_s, (uint64_t)rate), left);
	(void)ioctl(STDERR_FILENO, TIOCGWINSZ, &ws);
	fprintf(stderr, "\r%.*s\033[K", ws.ws_col > 1 ? ws.ws_col - 1 : 79, line);
	fflush(stderr);
	c->bar_shown = true;
}

void
console_init(struct console *c, const char *program,
    const struct common_options *o, bool json)
{
	const char *term = getenv("TERM"), *no = getenv("NO_COLOR");
	bool dumb = term == NULL || strcmp(term, "dumb") == 0;

	memset(c, 0, sizeof(*c));
	/* steps and results in their order, also where both go to one file */
	setvbuf(stdout, NULL, _IOLBF, 0);
	c->program = program;
	c->quiet = o != NULL && o->quiet;
	c->verbose = o != NULL && o->verbose;
	c->json = json;
	if (!(o != NULL && o->no_color) && !dumb && (no == NULL || *no == '\0')) {
		c->color_out = isatty(STDOUT_FILENO) == 1;
		c->color_err = isatty(STDERR_FILENO) == 1;
	}
	c->bar = !c->quiet && !dumb && isatty(STDERR_FILENO) == 1;
	c->progress.report = draw;
	c->progress.arg = c;
}

void
console_step(struct console *c, const char *fmt, ...)
{
	va_list ap;

	if (c->quiet)
		return;
	clear_bar(c);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

/* The first reason why something did not get out: at the end errno is another's. */
static void
note_error(struct console *c)
{
	if (c->out_errno == 0 && ferror(stdout) != 0)
		c->out_errno = errno != 0 ? errno : EIO;
}

void
console_result(struct console *c, const char *fmt, ...)
{
	va_list ap;

	if (c->json)
		return;
	clear_bar(c);
	va_start(ap, fmt);
	vfprintf(stdout, fmt, ap);
	va_end(ap);
	fputc('\n', stdout);
	note_error(c);
}

void
console_write(struct console *c, const void *data, size_t len)
{
	clear_bar(c);
	fwrite(data, 1, len, stdout);
	note_error(c);
}

void
console_warning(struct console *c, const char *fmt, ...)
{
	va_list ap;

	clear_bar(c);
	fprintf(stderr, "%s: %swarning:%s ", c->program,
	    c->color_err ? YELLOW : "", c->color_err ? PLAIN : "");
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

void
console_error(struct console *c, const struct diag *d)
{
	clear_bar(c);
	fprintf(stderr, "%s: %s\n", c->program, d->text);
	if (d->hint[0] != '\0')
		fprintf(stderr, "hint: %s\n", d->hint);
}

void
console_finding(void *arg, const struct finding *f)
{
	struct console *c = arg;

	if (f->status == ST_OK && c->quiet)
		return;
	clear_bar(c);
	fprintf(stderr, "%s: %s%s%s%s\n", c->program,
	    f->status == ST_OK ? "note: " : "", f->volume == NULL ? "" : f->volume,
	    f->volume == NULL ? "" : ": ", f->text);
	if (f->hint != NULL && *f->hint != '\0')
		fprintf(stderr, "hint: %s\n", f->hint);
}

void
console_verdict(struct console *c, const char *verdict, bool good)
{
	clear_bar(c);
	if (c->json)
		return;
	fflush(stderr);
	printf("%s%s%s\n", c->color_out ? (good ? GREEN : RED) : "", verdict,
	    c->color_out ? PLAIN : "");
	note_error(c);
}

void
console_progress_start(struct console *c, const char *verb)
{
	c->bar_verb = verb;
	clock_gettime(CLOCK_MONOTONIC, &c->started);
	memset(&c->drawn, 0, sizeof(c->drawn));
}

void
console_progress_end(struct console *c)
{
	clear_bar(c);
	fflush(stderr);
	c->bar_verb = NULL;
}

enum status
console_help(struct console *c, const struct program_spec *spec, size_t verb,
    bool version, struct diag *d)
{
	struct bytes b = { 0 };
	enum status st = ST_OK;

	if (version)
		version_text(spec->name, &b);
	else
		options_help(spec, verb, &b);
	if (b.failed)
		st = diag_nomem(d);
	else
		console_write(c, b.data, b.len);
	bytes_free(&b);
	return st;
}

bool
console_ask(struct console *c, const char *question)
{
	char line[16];

	if (isatty(STDIN_FILENO) != 1 || isatty(STDERR_FILENO) != 1)
		return false;
	clear_bar(c);
	fprintf(stderr, "%s [yes/no] ", question);
	fflush(stderr);
	/* a terminal hands out whole lines */
	if (!interrupt_wait(STDIN_FILENO) ||
	    fgets(line, sizeof(line), stdin) == NULL) {
		fputc('\n', stderr);	/* nobody typed one: what follows begins a line */
		return false;
	}
	return strcmp(line, "yes\n") == 0;
}

enum status
console_close(struct console *c, struct diag *d)
{
	clear_bar(c);
	if (fflush(stdout) != 0 || ferror(stdout) != 0) {
		note_error(c);
		errno = c->out_errno;
		return diag_errno(d, "standard output");
	}
	return ST_OK;
}
