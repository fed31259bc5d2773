/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * completions - a tool of the build: writes one completion file to standard
 * output.  usage: completions bash|zsh|fish satchel-pack|satchel-unpack
 */
#include <stdio.h>
#include <string.h>

#include "bundle/completion.h"
#include "pack/options.h"
#include "unpack/options.h"

static const struct {
	const char *name;
	void (*write)(const struct program_spec *spec, struct bytes *out);
} shells[] = {
	{ "bash", completion_bash },
	{ "zsh", completion_zsh },
	{ "fish", completion_fish },
};

int
main(int argc, char **argv)
{
	const struct program_spec *const programs[] = { &pack_program, &unpack_program };
	struct bytes out = { 0 };
	size_t s, p;
	int status;

	for (s = 0; s < 3 && argc == 3; s++)
		for (p = 0; p < 2; p++)
			if (strcmp(argv[1], shells[s].name) == 0 &&
			    strcmp(argv[2], programs[p]->name) == 0)
				shells[s].write(programs[p], &out);
	if (out.len == 0 || out.failed)
		status = 2;
	else
		status = fwrite(out.data, 1, out.len, stdout) == out.len &&
		    fflush(stdout) == 0 ? 0 : 1;
	bytes_free(&out);
	return status;
}
