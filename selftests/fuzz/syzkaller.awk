# SPDX-License-Identifier: GPL-2.0
#
# Describe the uapi for syzkaller; the constants go to the file CONST:
#
#	awk -v const=CONST -f uapi.awk -f fuzz/syzkaller.awk linux/ipcbox*.h abi.expected
#
# Names of ports come from a few, so that calls meet on them. A send or receive that finds
# nothing waits for its deadline, which is past for any small number.

BEGIN {
	# What is passed in members of this name; others get any number, or some memory.
	passed["uid"] = "uid"
	passed["gid"] = "gid"
	passed["mask"] = "flags[ipcbox_attr_mask, int32]"
	passed["mode"] = "int32[0:0x1b6]"
	passed["max_messages"] = "int64[0:16]"
	passed["max_bytes"] = "int64[0:0x200000]"
	passed["max_msgsize"] = "int64[0:0x10000]"
	passed["priority"] = "int32[0:IPCBOX_PRIORITY_MAX]"
	passed["call"] = "int64[0:16]"
	passed["cells"] = "int32[0:4]"
	passed["peer"] = passed["pid"] = passed["from"] = "PROCESS"
}

# abi.expected
/^IPCBOX_/ { number[$1] = $2 }
/^struct .* bytes/ {
	sub(/:/, "", $2)
	bytes[$2] = $3
}

function put(text)
{
	print text
	gsub(/\$[A-Z_]+/, "", text) # a name of syzkaller's own
	while (match(text, /(IPCBOX|O|AT)_[A-Z_]+/)) {
		used[substr(text, RSTART, RLENGTH)] = 1
		text = substr(text, RSTART + RLENGTH)
	}
}

# The entries to which a member points, as the next members say.
function entries_of(struct)
{
	return substr(about[struct, "entry_size"], 15, index(about[struct, "entry_size"], ")") - 15)
}

function type_of(struct, i, out,    name, said, before, inner, integer)
{
	name = members[struct, i]
	said = about[struct, name]
	before = members[struct, i - 1]
	inner = type[struct, name]
	integer = inner ~ /64/ ? "int64" : "int32"
	if (sub(/^struct /, "", inner))
		return inner (names_process(inner) ? "[PROCESS]" : "")
	if (out || said ~ /^out/)
		return integer "\t(out)"
	if (name == "size")
		return "len[parent, int32]"
	if (name == "flags" && flags_of(toupper(struct) "_FLAGS"))
		return "flags[" struct "_flags, int32]"
	if (name == "flags" || said == "zero")
		return "const[0, int32]"
	if (name == "entry_size")
		return "const[" bytes[entries_of(struct)] ", int32]"
	if (name == "entries")
		return "ptr64[inout, array[" entries_of(struct) "]]"
	if (before == "entries")
		return "len[entries, int32]"
	if (said ~ /^pointer to the name/)
		return "ptr64[in, stringnoz[ipcbox_names]]"
	if (said ~ /^pointer to a name/)
		return "ptr64[in, stringnoz[ipcbox_names], opt]"
	if (said ~ /^pointer to/)
		return "ptr64[" (said ~ /room/ ? "out" : "in") ", array[int8]]"
	if (about[struct, before] ~ /^pointer to/)
		return "bytesize[" before ", " integer "]"
	return name in passed ? passed[name] : integer
}

# The member in which a struct, or one inside, names a process.
function names_process(struct,    i, name, inner)
{
	for (i = 1; i <= member_count[struct]; i++) {
		name = members[struct, i]
		inner = type[struct, name]
		if (sub(/^struct /, "", inner) && names_process(inner))
			return names_process(inner)
		if (name in passed && passed[name] == "PROCESS" && about[struct, name] !~ /^out/)
			return name
	}
	return ""
}

function answers(struct,    i)
{
	for (i = 1; i <= member_count[struct]; i++) {
		if (about[struct, members[struct, i]] ~ /^out|Out:/ ||
		    type[struct, members[struct, i]] == "struct ipcbox_recv")
			return 1
	}
	return 0
}

function put_struct(struct, out,    i, name, inner)
{
	if (struct in done)
		return
	done[struct] = 1
	for (i = 1; i <= member_count[struct]; i++) {
		name = members[struct, i]
		inner = type[struct, name]
		if (sub(/^struct /, "", inner))
			put_struct(inner, about[struct, name] ~ /^out/)
		if (name == "entries")
			put_struct(entries_of(struct), 0)
	}
	put("\n" (names_process(struct) ? "type " struct "[PROCESS]" : struct) " {")
	for (i = 1; i <= member_count[struct]; i++)
		put("\t" members[struct, i] "\t" type_of(struct, i, out))
	put("}")
}

# A command on one kind of fd, with the process that it names.
function put_command(nr, struct, suffix, kind, process)
{
	put("ioctl$" nr suffix "(fd " resource[kind] ", cmd const[" nr "], arg ptr[" \
	    (answers(struct) ? "inout" : "in") ", " struct (process ? "[" process "]" : "") "])" \
	    (makes[struct] != "NOTHING" ? " " resource[makes[struct]] : ""))
}

function put_commands(nr,    struct, n, kinds, j, kind, suffix, process, only)
{
	struct = struct_of[nr]
	process = names_process(struct)
	n = read_kinds(on[struct], kinds)
	only = on[struct] !~ / |any/
	for (j = 1; j <= n; j++) {
		kind = kinds[j]
		if (!kind)
			continue
		suffix = only || kind == "CONTROL" ? "" : "_" kind
		if (!process) {
			put_command(nr, struct, suffix, kind)
		} else if (process == "peer") {
			put_command(nr, struct, suffix, kind, "pid")
			put_command(nr, struct, suffix "_PIDFD", kind, "fd_pidfd")
		} else if (process == "pid" && kind == "CONTROL") {
			put_command(nr, struct, suffix, kind, "pid")
		} else {
			put_command(nr, struct, suffix, kind, "const[0, int32]")
			if (process == "from" && kind == "MAILBOX")
				put_command(nr, struct, suffix "_FROM", kind, "pid")
		}
	}
}

function list_of(names)
{
	gsub(/ /, ", ", names)
	return names
}

END {
	if (failed)
		exit 1
	put("# Made by syzkaller.awk of linux/ipcbox*.h: do not edit.\n")
	put("include <uapi/linux/fcntl.h>\ninclude <uapi/linux/ipcbox.h>")
	put("include <uapi/linux/ipcbox_call.h>\ninclude <uapi/linux/ipcbox_buffer.h>\n")
	n = split("CONTROL MAILBOX LINK PORT BUFFER", kinds, " ")
	for (i = 1; i <= n; i++) {
		resource[kinds[i]] = "fd_ipcbox" (i > 1 ? "_" tolower(kinds[i]) : "")
		put("resource " resource[kinds[i]] "[fd]")
	}
	put("\nopenat$ipcbox(fd const[AT_FDCWD], file ptr[in, string[\"/dev/ipcbox\"]], " \
	    "flags flags[ipcbox_open_flags], mode const[0]) fd_ipcbox")
	for (i = 1; i <= command_count; i++)
		put_commands(commands[i])

	put("\nipcbox_open_flags = O_RDWR, O_RDONLY, O_NONBLOCK, O_CLOEXEC")
	put("ipcbox_names = \"syz.a\", \"syz.b\", \"syz.c\"")
	for (i = 1; i <= command_count; i++) {
		if (flags_of(commands[i] "_FLAGS"))
			put(tolower(commands[i]) "_flags = " list_of(flags_of(commands[i] "_FLAGS")))
	}
	for (i = 1; i <= constant_count; i++) {
		if (constants[i] ~ /^IPCBOX_ATTR_/ && constants[i] != "IPCBOX_ATTR_ALL")
			masks = masks (masks ? " " : "") constants[i]
	}
	put("ipcbox_attr_mask = " list_of(masks))
	for (i = 1; i <= command_count; i++)
		put_struct(struct_of[commands[i]], 0)

	number["AT_FDCWD"] = "18446744073709551516"
	number["O_RDONLY"] = 0
	number["O_RDWR"] = 2
	number["O_NONBLOCK"] = 2048
	number["O_CLOEXEC"] = 524288
	print "# syz-extract makes this file for other architectures.\narches = 386, amd64" >const
	close(const)
	sort = "LC_ALL=C sort >>" const
	print "__NR_ioctl = 54, amd64:16\n__NR_openat = 295, amd64:257" | sort
	for (name in used) {
		if (!(name in number))
			fail(name " is not in abi.expected")
		print name " = " number[name] | sort
	}
}
