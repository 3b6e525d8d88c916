# SPDX-License-Identifier: GPL-2.0
#
# The layout of the uapi as lists for the C preprocessor: each is a macro that calls
# another one for each item, with these arguments:
#
# EACH_CONSTANT(X)	name
# EACH_STRUCT(S, M)	S: struct; M: struct, type, member
# EACH_COMMAND(X)	command, number, kinds of fd that it is for, kind that it makes
# EACH_ZERO(X)		test, number, struct, member that must be zero
# EACH_POINTER(X)	test, number, struct, member that is a pointer
# FIELDS_OF_command(X)	struct, member, meaning; with the members of structs inside
# ERRORS_OF_command	errnos and 0, separated by commas
#
# A meaning is IN(member) or OUT(member); ZERO; SIZE_OF(struct), for a struct inside or the
# entries of an array; or FLAGS_OF(command), for a struct inside.

# The next line of a list.
function row(text)
{
	printf " \\\n\t%s", text
}

function put_fields(struct, outer, way,    i, name, about_it, inner, meaning)
{
	for (i = 1; i <= member_count[struct]; i++) {
		name = members[struct, i]
		about_it = about[struct, name]
		inner = type[struct, name]
		meaning = way
		if (about_it == "")
			fail("struct " struct " says nothing of " name)
		if (about_it ~ /^out: /)
			meaning = "OUT"
		if (sub(/^struct /, "", inner)) {
			put_fields(inner, outer name ".", meaning)
			continue
		}
		meaning = meaning "(" name ")"
		if (about_it == "zero" && name != "flags")
			meaning = "ZERO"
		if (match(about_it, /^sizeof\(struct [a-z_]+\)/) && (outer || name != "size"))
			meaning = "SIZE_OF(" substr(about_it, 15, RLENGTH - 15) ")"
		if (outer && name == "flags")
			meaning = "FLAGS_OF(" toupper(struct) ")"
		row("X(" whole ", " outer name ", " meaning ")")
	}
}

# The members of commands whose comment matches a pattern.
function put_members_that(list, pattern,    i, j, struct, name)
{
	printf "\n#define %s(X)", list
	for (i = 1; i <= command_count; i++) {
		struct = struct_of[commands[i]]
		for (j = 1; j <= member_count[struct]; j++) {
			name = members[struct, j]
			if (name != "flags" && about[struct, name] ~ pattern)
				row("X(" substr(struct, 8) "_" name ", " commands[i] ", " \
				    struct ", " name ")")
		}
	}
	print ""
}

END {
	if (failed)
		exit 1
	print "/* Made by layout.awk of linux/ipcbox*.h: do not edit. */"

	printf "\n#define EACH_CONSTANT(X)"
	for (i = 1; i <= constant_count; i++)
		row("X(" constants[i] ")")
	print ""

	printf "\n#define EACH_STRUCT(S, M)"
	for (i = 1; i <= struct_count; i++) {
		struct = structs[i]
		row("S(" struct ")")
		for (j = 1; j <= member_count[struct]; j++) {
			name = members[struct, j]
			array = name
			sub(/\[.*/, "", name)
			array = substr(array, length(name) + 1)
			row("M(" struct ", " type[struct, name array] array ", " name ")")
		}
	}
	print ""

	printf "\n#define EACH_COMMAND(X)"
	for (i = 1; i <= command_count; i++) {
		struct = struct_of[commands[i]]
		list = ""
		n = read_kinds(on[struct], kinds)
		for (j = 1; j <= n; j++) {
			if (kinds[j])
				list = list (list ? " | " : "") "ON(" kinds[j] ")"
		}
		row("X(" substr(struct, 8) ", " commands[i] ", " list ", " makes[struct] ")")
	}
	print ""

	for (i = 1; i <= command_count; i++) {
		whole = struct_of[commands[i]]
		printf "\n#define FIELDS_OF_%s(X)", substr(whole, 8)
		put_fields(whole, "", "IN")
		list = errors[whole]
		gsub(/ /, ", ", list)
		print "\n#define ERRORS_OF_" substr(whole, 8) (list ? substr(list, 2) "," : "") " 0"
	}

	put_members_that("EACH_ZERO", "^zero$")
	put_members_that("EACH_POINTER", "^pointer to ")
}
