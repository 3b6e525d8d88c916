# SPDX-License-Identifier: GPL-2.0
#
# Read the uapi headers, for a program that follows:
#
#	awk -f uapi.awk -f layout.awk linux/ipcbox*.h
#
# The headers are the one place that says what a command takes. This reads
#
# - constants: name and text;
# - structs: members, their types, and how the comment on each begins;
# - commands: the struct, the kinds of fd it is for ("%IPCBOX_SEND, on a port, link or
#   control fd"), the kind of fd it makes ("Return: a new fd for the link"), and the
#   errors: those of the list, and those of the commands to which the list refers.
#
# A member's comment that begins with "out: ", "zero", "pointer to " or "sizeof(struct "
# tells the programs that follow how to treat the member.

function fail(text)
{
	print "uapi.awk: " text >"/dev/stderr"
	failed = 1
	exit 1
}

# "IPCBOX_A | IPCBOX_B" of the constant that has the flags of a command, each by itself.
function flags_of(name,    text, word, list)
{
	text = value[name]
	while (match(text, /IPCBOX_[A-Z_]+/)) {
		word = substr(text, RSTART, RLENGTH)
		text = substr(text, RSTART + RLENGTH)
		if (word ~ /_FLAGS$/)
			word = flags_of(word)
		list = list (list ? " " : "") word
	}
	return list
}

# "a port, link or control fd" as CONTROL, LINK and PORT in kinds[].
function read_kinds(text, kinds,    n, all, i)
{
	n = split("control mailbox link port buffer", all, " ")
	for (i = 1; i <= n; i++)
		kinds[i] = text ~ ("any|(^|[ ,])" all[i] "([ ,]|$)") ? toupper(all[i]) : ""
	return n
}

function add_errors(command, text,    n, words, i)
{
	n = split(text, words, /[^A-Z0-9]+/)
	for (i = 1; i <= n; i++) {
		if (words[i] ~ /^E/ && !((command, words[i]) in has_error)) {
			has_error[command, words[i]] = 1
			errors[command] = errors[command] " " words[i]
		}
	}
}

# A line of the comment on the struct "of": its head, a member, the result.
function read_comment(text,    word)
{
	sub(/^ \*/, "", text)
	if (text ~ /^ struct /) {
		item = "head"
		sub(/.* - /, "", text)
		head[of] = text
	} else if (text ~ /^ @[a-z_]+: /) {
		item = "member"
		sub(/^ @/, "", text)
		word = text
		sub(/:.*/, "", word)
		sub(/^[^ ]* /, "", text)
		about[of, word] = text
	} else if (text ~ /^\t/ && item == "head") {
		sub(/^\t/, " ", text)
		head[of] = head[of] text
	} else if (text ~ /^ Return:/ || item == "result") {
		item = "result"
		result[of] = result[of] text
		read_result(text)
	} else if (text == "") {
		item = ""
	}
}

# " * EINVAL, EPERM: text", going on in the next line; or a sentence.
function read_result(text,    word)
{
	if (text ~ /^ \* E/) {
		listed = 1
		sub(/:.*/, "", text)
		add_errors(of, text)
	} else if (!listed || text !~ /^   /) {
		listed = 0
		while (match(text, /(those of|as for) %IPCBOX_[A-Z_]+/)) {
			word = substr(text, RSTART, RLENGTH)
			text = substr(text, RSTART + RLENGTH)
			sub(/.*%/, "", word)
			refers[of] = refers[of] " " tolower(word)
		}
	}
}

# Constants
/^#define[ \t]+IPCBOX_[A-Z0-9_]+[ \t]/ {
	constants[++constant_count] = $2
	text = $0
	sub(/^#define[ \t]+[A-Z0-9_]+[ \t]+/, "", text)
	sub(/[ \t]*\/\*.*/, "", text)
	while (text ~ /\\$/ && (getline more) > 0) {
		sub(/\\$/, "", text)
		text = text more
	}
	value[$2] = text
	if (text ~ /^_IO/) {
		commands[++command_count] = $2
		struct_of[$2] = tolower($2)
	}
}

# Structs
/^struct [a-z_]+ \{$/ {
	inside = $2
	structs[++struct_count] = inside
}

/^}/ { inside = "" }

inside && /^\t[a-z_].*;/ {
	text = $0
	sub(/^\t/, "", text)
	sub(/;.*/, "", text)
	name = text
	sub(/.* /, "", name)
	sub(/ [^ ]*$/, "", text)
	members[inside, ++member_count[inside]] = name
	type[inside, name] = text
}

# Comments on structs
/^\/\*\*/ { of = item = "" }
/^ \*\// { of = "" }
/^ \* struct [a-z_]+ - / { of = $3 }
of { read_comment($0) }

END {
	if (failed)
		exit 1
	if (!command_count)
		fail("no commands in the headers")
	for (i = 1; i <= command_count; i++) {
		struct = struct_of[commands[i]]
		if (!(struct in member_count))
			fail(commands[i] " has no struct " struct)
		if (!match(head[struct], "^%" commands[i] ", on [a-z, ]* fd"))
			fail("struct " struct " does not begin with \"%" commands[i] \
			     ", on a KIND fd\"")
		on[struct] = substr(head[struct], RSTART, RLENGTH - 3)
		sub(/.* on (a |the )?/, "", on[struct])
		makes[struct] = "NOTHING"
		if (match(result[struct], /a new fd for the [a-z]+/)) {
			makes[struct] = toupper(substr(result[struct], RSTART, RLENGTH))
			sub(/.* /, "", makes[struct])
		}
		n = split(refers[struct], others, " ")
		for (j = 1; j <= n; j++)
			add_errors(struct, errors[others[j]])
	}
}
