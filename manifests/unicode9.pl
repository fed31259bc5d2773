#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
#
# unicode9.pl - write unicode9.c: every code point that Unicode 9.0 assigns,
# with what a name may do with it.  Run by hand, with a Perl that knows Unicode
# 9.0 or later (5.26 on); its output is committed and never changes again.
#
#	perl manifests/unicode9.pl > manifests/unicode9.c
#
use strict;
use warnings;
no warnings qw(surrogate nonchar);

# The class of one code point, "" where Unicode 9.0 assigns no character to it.
# Noncharacters are "present" in 9.0 too, but no characters: General_Category Cn.
sub class {
	my ($cp) = @_;
	my $c = chr($cp);

	return "SURROGATE" if $cp >= 0xD800 && $cp <= 0xDFFF;
	return "" if $c !~ /\p{Present_In: 9.0}/ || $c =~ /\p{Cn}/;
	return "CONTROL" if $c =~ /\p{Cc}/;
	return "FORMAT" if $c =~ /\p{Cf}/;
	return "PRIVATE" if $c =~ /\p{Co}/;
	return "SEPARATOR" if $c =~ /\p{Zl}|\p{Zp}/;
	return "SPACE" if $c =~ /\p{White_Space}/;
	return "CHARACTER";
}

my @ranges;
for my $cp (0 .. 0x10FFFF) {
	my $class = class($cp);
	next if $class eq "";
	if (@ranges && $ranges[-1][1] == $cp - 1 && $ranges[-1][2] eq $class) {
		$ranges[-1][1] = $cp;
	} else {
		push @ranges, [$cp, $cp, $class];
	}
}

my %short = (CHARACTER => "CH", SPACE => "SP", CONTROL => "CC", FORMAT => "CF",
    SURROGATE => "CS", PRIVATE => "CO", SEPARATOR => "ZZ");

print <<'END';
/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * unicode9 - the code points that Unicode 9.0 assigns.  Made by unicode9.pl;
 * not to be edited.  It knows nothing of folding and normalisation.
 */
#include "manifests/unicode9.h"

#include <stddef.h>

END
for my $class (sort keys %short) {
	print "#define $short{$class} UNICODE9_$class\n";
}
print <<'END';

static const struct {
	uint32_t first;
	uint32_t last;
	enum unicode9 class;
} ranges[] = {
END
my $line = "";
for my $r (@ranges) {
	my $item = sprintf("{ 0x%X, 0x%X, %s },", $r->[0], $r->[1], $short{$r->[2]});
	if ($line ne "" && length($line) + 1 + length($item) > 70) {
		print "\t$line\n";
		$line = "";
	}
	$line .= ($line eq "" ? "" : " ") . $item;
}
print "\t$line\n";
print <<'END';
};

enum unicode9
unicode9_class(uint32_t cp)
{
	size_t lo = 0, hi = sizeof(ranges) / sizeof(ranges[0]);

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (cp > ranges[mid].last)
			lo = mid + 1;
		else if (cp < ranges[mid].first)
			hi = mid;
		else
			return ranges[mid].class;
	}
	return UNICODE9_UNASSIGNED;
}
END
