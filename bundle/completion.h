/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * completion - what bash, zsh and fish need to complete a program's commands and
 * options, written from the table that also makes its parser and its help.
 */
#ifndef SATCHEL_BUNDLE_COMPLETION_H
#define SATCHEL_BUNDLE_COMPLETION_H

#include "bundle/options.h"
#include "manifests/bytes.h"

/* Each appends one file to out (check out->failed). */
void completion_bash(const struct program_spec *spec, struct bytes *out);
void completion_zsh(const struct program_spec *spec, struct bytes *out);
void completion_fish(const struct program_spec *spec, struct bytes *out);

#endif
