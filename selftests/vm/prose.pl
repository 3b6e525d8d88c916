#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0
#
# prose.pl [-x EXCEPTIONS] FILE... - find sentences that do not name who acts
#
# Looks at the comments and messages of C, at manual pages and at Markdown. It finds a
# sentence or clause with a bare "who", "what", "told" or "of" in the place of a noun, and
# the words "told", "stands" and "what is there" for reported, documented and exists.
# Questions are allowed. A line of EXCEPTIONS is a sentence, or a part of one, that is
# right as it is.

use strict;
use warnings;

my @patterns = (
	qr/^(?:Who|Whom|Whose|What|Told|That which)\b[^?]*$/,
	qr/^Of (?:what|whom|an?|the|all|those|these|it|room|messages|buffers)\b[^?]*,/,
	qr/(?:[;:(]|\b(?:and|or|but|so|by|of|from|for|where|if|because|when|while|than|as)) who (?!else\b)[a-z]+\b[^?]*$/,
	qr/\b(?:is|are|was|were|be|been|being|get|gets|got) (?:also |then |not |only )?told\b/,
	qr/\btold (?:why|that|of|how|about|so|at)\b/,
	qr/\bstands? (?:in|with|there|beside|on|here)\b/,
	qr/\bwhat (?:is|are|was|were) there\b/i,
);

my %exceptions;
if (@ARGV && $ARGV[0] eq '-x') {
	shift @ARGV;
	open my $list, '<', shift @ARGV or die "prose.pl: $!\n";
	while (<$list>) {
		chomp;
		$exceptions{$_} = 0 unless /^#|^$/;
	}
}

# The paragraphs of a file, each a line number and a text.
sub paragraphs_of_markdown {
	my ($lines, $code, $at, $text, @found) = (0, 0, 0, '');

	for (@_, '') {
		$lines++;
		$code = !$code if /^```/;
		if ($code || /^```|^#|^<!--|^\s*$|^!\[/) {
			push @found, [$at, $text] if $text ne '';
			$text = '';
		} elsif (/^\|/) {
			push @found, map { [$lines, $_] } split /\s*\|\s*/;
		} else {
			if (/^\s*[-*] /) {
				push @found, [$at, $text] if $text ne '';
				$text = '';
			}
			$at = $lines if $text eq '';
			s/^\s*[-*] //;
			$text .= " $_";
		}
	}
	return @found;
}

sub paragraphs_of_manual {
	my ($lines, $literal, $at, $text, @found) = (0, 0, 0, '');

	for (@_, '.Pp') {
		$lines++;
		next if /^\.\\"/;
		$literal = 1 if /^\.Bd -literal/;
		$literal = 0 if /^\.Ed/;
		next if $literal;
		if (/^\.(?:Sh|Ss|It|Bl|El|Bd|Ed|Pp|Dd|Dt|Os|Nd|Ft|Fn|In)\b/ && !/^\.(?:Fn|In) /) {
			push @found, [$at, $text] if $text ne '';
			$text = '';
			next;
		}
		s/^\.[A-Z][a-z] //;
		s/^\.[A-Z][a-z]$//;
		$at = $lines if $text eq '';
		$text .= " $_";
	}
	return @found;
}

sub paragraphs_of_c {
	my ($whole, @found) = (join("\n", @_));

	while ($whole =~ m{/\*(.*?)\*/|//([^\n]*)|"((?:[^"\\\n]|\\.)*)"}gs) {
		my $text = $1 // $2 // $3;
		my $at = 1 + (substr($whole, 0, $-[0]) =~ tr/\n//);

		for (split /\n[ \t]*\*?[ \t]*\n|(?<=\n)[ \t]*\*[ \t]*(?=\@\w+:|\* |- )/, $text) {
			my $lines = tr/\n//;

			s/^\s*\*+//mg;
			push @found, [$at, $_];
			$at += $lines + 1;
		}
	}
	return @found;
}

my $bad = 0;
for my $file (@ARGV) {
	open my $in, '<', $file or die "prose.pl: $file: $!\n";
	my @lines = <$in>;
	chomp @lines;
	my @found = $file =~ /\.md$/ ? paragraphs_of_markdown(@lines) :
		$file =~ /\.[1-9]$/ ? paragraphs_of_manual(@lines) : paragraphs_of_c(@lines);
	for (@found) {
		my ($at, $text) = @$_;

		$text =~ s/\s+/ /g;
		for my $sentence (split /(?<=[.!?])["')*]*\s+|\s*\((?=[A-Z])|: (?=[A-Z])/, $text) {
			$sentence =~ s/^[\s*@]+//;
			next unless grep { $sentence =~ $_ } @patterns;
			my ($known) = grep { index($sentence, $_) >= 0 } keys %exceptions;
			if (defined $known) {
				$exceptions{$known}++;
				next;
			}
			print "$file:$at: $sentence\n";
			$bad = 1;
		}
	}
}
for (sort keys %exceptions) {
	next if $exceptions{$_};
	print "an exception that matches nothing: $_\n";
	$bad = 1;
}
exit $bad;
