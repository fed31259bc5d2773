/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * options - reading a command line by a table, and writing the table as help.
 * It never prints; getopt_long is not used because it takes abbreviations.
 */
#include "bundle/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "manifests/caps.h"

/* A command line being read. */
struct reader {
	const struct program_spec *spec;
	int argc;
	char *const *argv;
	int next;
	struct options *out;
	struct diag *d;
};

static enum status
refuse(struct reader *r, const char *rule, const char *what, const char *arg)
{
	diag_set(r->d, ST_USAGE, rule, "%s: %s", what, ESC(arg));
	diag_hint(r->d, "see %s --help", r->spec->name);
	return ST_USAGE;
}

static enum status
add_value(struct reader *r, const struct option_spec *o, const char *value)
{
	struct option_values *v = &r->out->values[o->id];
	const char **items;

	if (v->n > 0 && !o->repeat && o->argument != NULL)
		return refuse(r, "option-twice", "option given twice", o->name);
	items = reallocarray(v->items, v->n + 1, sizeof(*items));
	if (items == NULL)
		return diag_nomem(r->d);
	v->items = items;
	v->items[v->n++] = value;
	return ST_OK;
}

static enum status
read_long(struct reader *r, const char *arg)
{
	const char *eq = strchr(arg, '='), *value = "";
	size_t i, n = eq == NULL ? strlen(arg) : (size_t)(eq - arg);
	const struct option_spec *o;

	for (i = 0; i < r->spec->n_options; i++) {
		o = &r->spec->options[i];
		if (strlen(o->name) != n || strncmp(o->name, arg, n) != 0)
			continue;
		if (o->argument == NULL) {
			if (eq != NULL)
				return refuse(r, "option-argument",
				    "option takes no argument", arg);
		} else if (eq != NULL) {
			value = eq + 1;
		} else if (r->next < r->argc) {
			value = r->argv[r->next++];
		} else {
			return refuse(r, "option-argument",
			    "option needs an argument", arg);
		}
		return add_value(r, o, value);
	}
	return refuse(r, "option-unknown", "unknown option", arg - 2);
}

static enum status
read_short(struct reader *r, const char *arg)
{
	const struct option_spec *o;
	enum status st;
	size_t i;

	for (; *arg != '\0'; arg++) {
		for (i = 0; i < r->spec->n_options; i++)
			if (r->spec->options[i].letter == *arg)
				break;
		if (i == r->spec->n_options)
			return refuse(r, "option-unknown", "unknown option",
			    (char[]){ '-', *arg, '\0' });
		o = &r->spec->options[i];
		if (o->argument == NULL) {
			if ((st = add_value(r, o, "")) != ST_OK)
				return st;
			continue;
		}
		if (arg[1] != '\0')
			return add_value(r, o, arg + 1);
		if (r->next == r->argc)
			return refuse(r, "option-argument",
			    "option needs an argument", o->name);
		return add_value(r, o, r->argv[r->next++]);
	}
	return ST_OK;
}

/* The first operand is the verb. */
static enum status
read_operand(struct reader *r, char *arg)
{
	struct options *o = r->out;
	char **operands;
	size_t i;

	if (o->verb == r->spec->n_verbs) {
		for (i = 0; i < r->spec->n_verbs; i++)
			if (strcmp(r->spec->verbs[i].name, arg) == 0)
				break;
		if (i == r->spec->n_verbs)
			return refuse(r, "verb-unknown", "unknown command", arg);
		o->verb = i;
		return ST_OK;
	}
	operands = reallocarray(o->operands, o->n_operands + 1, sizeof(*operands));
	if (operands == NULL)
		return diag_nomem(r->d);
	o->operands = operands;
	o->operands[o->n_operands++] = arg;
	return ST_OK;
}

/* Does what was given fit the verb? */
static enum status
check_verb(struct reader *r)
{
	const struct verb_spec *v;
	const struct option_spec *o;
	size_t i;

	if (options_has(r->out, OPT_HELP) || options_has(r->out, OPT_VERSION))
		return ST_OK;
	if (r->out->verb == r->spec->n_verbs) {
		diag_set(r->d, ST_USAGE, "verb-missing", "no command given");
		diag_hint(r->d, "see %s --help", r->spec->name);
		return ST_USAGE;
	}
	v = &r->spec->verbs[r->out->verb];
	for (i = 0; i < r->spec->n_options; i++) {
		o = &r->spec->options[i];
		if (options_has(r->out, o->id) &&
		    (o->verbs & 1U << r->out->verb) == 0) {
			diag_set(r->d, ST_USAGE, "option-verb",
			    "--%s is no option of %s %s", o->name, r->spec->name,
			    v->name);
			diag_hint(r->d, "see %s %s --help", r->spec->name, v->name);
			return ST_USAGE;
		}
	}
	if (r->out->n_operands < v->min_operands ||
	    r->out->n_operands > v->max_operands) {
		diag_set(r->d, ST_USAGE, "operands", "%s: %s", v->name,
		    r->out->n_operands < v->min_operands ?
		    "an operand is missing" : "too many operands");
		diag_hint(r->d, "usage: %s %s [OPTION]... %s", r->spec->name,
		    v->name, v->operands);
		return ST_USAGE;
	}
	return ST_OK;
}

enum status
options_parse(const struct program_spec *spec, int argc, char *const *argv,
    struct options *out, struct diag *d)
{
	struct reader r = { spec, argc, argv, 1, out, d };
	bool ended = false;
	enum status st;
	char *arg;

	memset(out, 0, sizeof(*out));
	out->verb = spec->n_verbs;
	while (r.next < argc) {
		arg = argv[r.next++];
		if (!ended && strcmp(arg, "--") == 0) {
			ended = true;
			continue;
		}
		if (!ended && strncmp(arg, "--", 2) == 0)
			st = read_long(&r, arg + 2);
		else if (!ended && arg[0] == '-' && arg[1] != '\0')
			st = read_short(&r, arg + 1);
		else
			st = read_operand(&r, arg);
		if (st != ST_OK)
			return st;
	}
	return check_verb(&r);
}

void
options_free(struct options *o)
{
	size_t i;

	for (i = 0; i < OPTION_IDS; i++)
		free(o->values[i].items);
	free(o->operands);
	memset(o, 0, sizeof(*o));
}

bool
options_has(const struct options *o, int id)
{
	return o->values[id].n > 0;
}

const char *
options_get(const struct options *o, int id)
{
	const struct option_values *v = &o->values[id];

	return v->n == 0 ? NULL : v->items[v->n - 1];
}

enum status
options_number(const struct options *o, int id, const char *what, uint64_t min,
    uint64_t max, uint64_t *out, struct diag *d)
{
	const char *s = options_get(o, id);

	if (s == NULL)
		return ST_OK;
	if (number_parse(s, max, out) == -1 || *out < min)
		return diag_set(d, ST_USAGE, "number",
		    "%s must be a number from %llu to %llu, not %s", what,
		    (unsigned long long)min, (unsigned long long)max, ESC(s));
	return ST_OK;
}

enum status
options_read_common(const struct options *o, struct common_options *out,
    struct diag *d)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	uint64_t jobs;
	enum status st;

	memset(out, 0, sizeof(*out));
	out->help = options_has(o, OPT_HELP);
	out->version = options_has(o, OPT_VERSION);
	out->quiet = options_has(o, OPT_QUIET);
	out->verbose = options_has(o, OPT_VERBOSE);
	out->no_color = options_has(o, OPT_NO_COLOR);
	if (out->help || out->version)
		return ST_OK;
	jobs = cpus < 1 ? 1 : cpus > (long)CAP_JOBS ? CAP_JOBS : (uint64_t)cpus;
	st = options_number(o, OPT_JOBS, "--jobs", 1, CAP_JOBS, &jobs, d);
	if (st == ST_OK)
		out->jobs = (unsigned)jobs;
	return st;
}

static void
help_option(const struct option_spec *o, struct bytes *out)
{
	char left[64];

	snprintf(left, sizeof(left), "%c%c%s --%s%s%s", o->letter ? '-' : ' ',
	    o->letter ? o->letter : ' ', o->letter ? "," : " ", o->name,
	    o->argument == NULL ? "" : " ", o->argument == NULL ? "" : o->argument);
	if (strlen(left) > 28)
		bytes_printf(out, "  %s\n  %-28s  %s\n", left, "", o->help);
	else
		bytes_printf(out, "  %-28s  %s\n", left, o->help);
}

void
options_help(const struct program_spec *spec, size_t verb, struct bytes *out)
{
	const struct verb_spec *v;
	size_t i;

	if (verb >= spec->n_verbs) {
		bytes_printf(out, "%s - %s\n\n", spec->name, spec->summary);
		for (i = 0; i < spec->n_verbs; i++) {
			v = &spec->verbs[i];
			bytes_printf(out, "  %s %s [OPTION]... %s\n      %s\n",
			    spec->name, v->name, v->operands, v->summary);
		}
		bytes_printf(out, "\n%s COMMAND --help lists the options of a command.\n",
		    spec->name);
		bytes_printf(out, "%s(1) says more.\n", spec->name);
		return;
	}
	v = &spec->verbs[verb];
	bytes_printf(out, "usage: %s %s [OPTION]... %s\n%s\n\n", spec->name, v->name,
	    v->operands, v->summary);
	for (i = 0; i < spec->n_options; i++)
		if ((spec->options[i].verbs & 1U << verb) != 0)
			help_option(&spec->options[i], out);
}

int
number_parse(const char *s, uint64_t max, uint64_t *out)
{
	uint64_t v = 0, digit;

	if (*s == '\0' || (s[0] == '0' && s[1] != '\0'))
		return -1;
	for (; *s != '\0'; s++) {
		digit = (uint64_t)(*s - '0');
		if (*s < '0' || *s > '9' || digit > max || v > (max - digit) / 10)
			return -1;
		v = 10 * v + digit;
	}
	*out = v;
	return 0;
}

int
size_parse(const char *s, uint64_t *out)
{
	static const struct {
		const char *name;
		uint64_t factor;
	} units[] = {
		{ "B", 1 }, { "KiB", KIB }, { "MiB", MIB }, { "GiB", GIB },
		{ "TiB", TIB },
	};
	char digits[20];
	size_t n = strspn(s, "0123456789"), i;
	uint64_t v;

	if (n == 0 || n >= sizeof(digits))
		return -1;
	memcpy(digits, s, n);
	digits[n] = '\0';
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(s + n, units[i].name) == 0) {
			if (number_parse(digits, INT64_MAX / units[i].factor, &v) == -1)
				return -1;
			*out = v * units[i].factor;
			return 0;
		}
	return -1;
}

char *
size_format(char out[32], uint64_t bytes)
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB" };
	double v = (double)bytes / 1024;
	size_t i = 0;

	if (bytes < 1024) {
		snprintf(out, 32, "%llu B", (unsigned long long)bytes);
		return out;
	}
	while (v >= 1023.95 && i < 3) {
		v /= 1024;
		i++;
	}
	snprintf(out, 32, "%.1f %s", v, units[i]);
	return out;
}
