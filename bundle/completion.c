/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * completion - one table, three shells.  The texts are for shells to read: they
 * complete commands, options, and files or directories where those are meant.
 */
#include "bundle/completion.h"

#include <ctype.h>

/* A name as a shell function has it. */
static void
function_name(const char *name, struct bytes *out)
{
	for (; *name != '\0'; name++)
		bytes_printf(out, "%c", isalnum((unsigned char)*name) ? *name : '_');
}

/* A text between single quotes; zsh also wants brackets and colons escaped. */
static void
quoted(const char *text, const char *escape, struct bytes *out)
{
	for (; *text != '\0'; text++) {
		const char *e;

		if (*text == '\'') {
			bytes_string(out, "'\\''");
			continue;
		}
		for (e = escape; *e != '\0'; e++)
			if (*e == *text)
				bytes_string(out, "\\");
		bytes_append(out, text, 1);
	}
}

/* The options of a verb (of all: n_verbs) that take an argument of that kind. */
static void
bash_options(const struct program_spec *spec, size_t verb, bool with_argument,
    enum option_completes kind, struct bytes *out)
{
	const struct option_spec *o;
	const char *between = "";
	size_t i;

	for (i = 0; i < spec->n_options; i++) {
		o = &spec->options[i];
		if (verb < spec->n_verbs && (o->verbs & 1U << verb) == 0)
			continue;
		if (with_argument && (o->argument == NULL || o->completes != kind))
			continue;
		if (o->letter != 0) {
			bytes_printf(out, "%s-%c", between, o->letter);
			between = with_argument ? "|" : " ";
		}
		bytes_printf(out, "%s--%s", between, o->name);
		between = with_argument ? "|" : " ";
	}
}

void
completion_bash(const struct program_spec *spec, struct bytes *out)
{
	size_t v;

	bytes_printf(out, "# bash completion for %s\n_", spec->name);
	function_name(spec->name, out);
	bytes_string(out, "()\n{\n\tlocal cur=${COMP_WORDS[COMP_CWORD]} "
	    "prev=${COMP_WORDS[COMP_CWORD-1]} verb= word options\n"
	    "\tCOMPREPLY=()\n"
	    "\tcase $prev in\n\t");
	bash_options(spec, spec->n_verbs, true, COMPLETES_FILE, out);
	bytes_string(out, ")\n\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
	    "\t\treturn\n\t\t;;\n\t");
	bash_options(spec, spec->n_verbs, true, COMPLETES_DIRECTORY, out);
	bytes_string(out, ")\n\t\tmapfile -t COMPREPLY < <(compgen -d -- \"$cur\")\n"
	    "\t\treturn\n\t\t;;\n\t");
	bash_options(spec, spec->n_verbs, true, COMPLETES_NOTHING, out);
	bytes_string(out, ")\n\t\treturn\n\t\t;;\n\tesac\n"
	    "\tfor word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
	    "\t\tcase $word in\n\t\t");
	for (v = 0; v < spec->n_verbs; v++)
		bytes_printf(out, "%s%s", v == 0 ? "" : "|", spec->verbs[v].name);
	bytes_string(out, ") verb=$word; break ;;\n\t\tesac\n\tdone\n"
	    "\tcase $verb in\n");
	for (v = 0; v < spec->n_verbs; v++) {
		bytes_printf(out, "\t%s) options='", spec->verbs[v].name);
		bash_options(spec, v, false, COMPLETES_NOTHING, out);
		bytes_string(out, "' ;;\n");
	}
	bytes_string(out, "\t*) options='");
	for (v = 0; v < spec->n_verbs; v++)
		bytes_printf(out, "%s ", spec->verbs[v].name);
	bytes_string(out, "--help --version' ;;\n\tesac\n"
	    "\tif [[ $cur == -* || -z $verb ]]; then\n"
	    "\t\tmapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$cur\")\n"
	    "\telse\n"
	    "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
	    "\tfi\n}\ncomplete -o filenames -F _");
	function_name(spec->name, out);
	bytes_printf(out, " %s\n", spec->name);
}

static void
zsh_option(const struct option_spec *o, struct bytes *out)
{
	static const char *const action[] = {
		[COMPLETES_NOTHING] = " ",
		[COMPLETES_FILE] = "_files",
		[COMPLETES_DIRECTORY] = "_directories",
	};
	const char *star = o->repeat ? "*" : "";

	bytes_string(out, "\t\t\t");
	if (o->letter != 0 && o->repeat)
		bytes_printf(out, "\\*{-%c,--%s}'[", o->letter, o->name);
	else if (o->letter != 0)
		bytes_printf(out, "'(-%c --%s)'{-%c,--%s}'[", o->letter, o->name,
		    o->letter, o->name);
	else
		bytes_printf(out, "'%s--%s[", star, o->name);
	quoted(o->help, "[]:\\", out);
	bytes_string(out, "]");
	if (o->argument != NULL) {
		bytes_string(out, ":");
		quoted(o->argument, ":\\", out);
		bytes_printf(out, ":%s", action[o->completes]);
	}
	bytes_string(out, "' \\\n");
}

void
completion_zsh(const struct program_spec *spec, struct bytes *out)
{
	size_t v, i;

	bytes_printf(out, "#compdef %s\n\nlocal curcontext=$curcontext state line\n"
	    "local -a verbs=(\n", spec->name);
	for (v = 0; v < spec->n_verbs; v++) {
		bytes_printf(out, "\t'%s:", spec->verbs[v].name);
		quoted(spec->verbs[v].summary, ":\\", out);
		bytes_string(out, "'\n");
	}
	bytes_string(out, ")\n_arguments -C '(- *)'{-h,--help}'[this text]' "
	    "'(- *)'{-V,--version}'[version]' '1:command:->verb' '*::argument:->rest'\n"
	    "case $state in\nverb)\n\t_describe command verbs\n\t;;\nrest)\n"
	    "\tcase $words[1] in\n");
	for (v = 0; v < spec->n_verbs; v++) {
		bytes_printf(out, "\t%s)\n\t\t_arguments -s -S \\\n",
		    spec->verbs[v].name);
		for (i = 0; i < spec->n_options; i++)
			if ((spec->options[i].verbs & 1U << v) != 0)
				zsh_option(&spec->options[i], out);
		bytes_string(out, "\t\t\t'*:file:_files'\n\t\t;;\n");
	}
	bytes_string(out, "\tesac\n\t;;\nesac\n");
}

void
completion_fish(const struct program_spec *spec, struct bytes *out)
{
	const struct option_spec *o;
	size_t v, i;

	bytes_printf(out, "# fish completion for %s\n", spec->name);
	for (v = 0; v < spec->n_verbs; v++) {
		bytes_printf(out, "complete -c %s -f -n __fish_use_subcommand -a %s -d '",
		    spec->name, spec->verbs[v].name);
		quoted(spec->verbs[v].summary, "", out);
		bytes_string(out, "'\n");
	}
	for (i = 0; i < spec->n_options; i++) {
		o = &spec->options[i];
		bytes_printf(out, "complete -c %s -n '__fish_seen_subcommand_from",
		    spec->name);
		for (v = 0; v < spec->n_verbs; v++)
			if ((o->verbs & 1U << v) != 0)
				bytes_printf(out, " %s", spec->verbs[v].name);
		bytes_string(out, "'");
		if (o->letter != 0)
			bytes_printf(out, " -s %c", o->letter);
		bytes_printf(out, " -l %s", o->name);
		if (o->argument != NULL)
			bytes_string(out, o->completes == COMPLETES_NOTHING ? " -x" : " -r");
		bytes_string(out, " -d '");
		quoted(o->help, "", out);
		bytes_string(out, "'\n");
	}
}
