# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Make the manual page of each call of the library from what its header says of it:
#
#	awk -v dir=DIR -f calls.awk ipcbox.h		DIR/ipcbox_send.3 and others
#
# A comment is as kernel-doc has it: "name() - what it does", "@parameter: what it is",
# paragraphs, and "Return:". A line that begins with "* " is an item of a list; if that
# goes on with "0: " or "-EAGAIN: ", the list is one of results.

# Text as mdoc takes it: no markup of kernel-doc, nothing that is a request.
function plain(text)
{
	gsub(/\\/, "\\e", text)
	gsub(/[%@]/, "", text)
	gsub(/``/, "", text)
	gsub(/\*(returned|device)\*/, "", text)
	if (text ~ /^[.']/)
		text = "\\&" text
	return text
}

function out(text)
{
	print text >page
}

# Paragraphs, examples (indented, behind "::") and lists.
function put(lines, n,    i, line, list, example, blank, result)
{
	for (i = 1; i <= n; i++) {
		line = lines[i]
		if (example && line != "" && line !~ /^\t/) {
			out(".Ed")
			example = 0
		}
		if (line == "") {
			blank = 1
			if (example)
				out("")
		} else if (example) {
			out(plain(line))
		} else if (line ~ /^\* /) {
			line = substr(line, 3)
			result = match(line, /^([01]|-E[A-Z0-9]+)(, -E[A-Z0-9]+)*: /)
			if (!list)
				out(result ? ".Bl -tag -width Er" : ".Bl -bullet")
			list = 1
			out(".It" (result ? " Sy " substr(line, 1, RLENGTH - 2) : ""))
			out(plain(result ? substr(line, RLENGTH + 1) : line))
		} else {
			if (list && blank) {
				out(".El")
				list = 0
			}
			if (blank)
				out(".Pp")
			sub(/^[ \t]+/, "", line)
			if (line ~ /::$/) {
				sub(/:$/, "", line)
				out(plain(line))
				out(".Bd -literal -offset indent")
				example = 1
			} else {
				out(plain(line))
			}
		}
		if (line != "")
			blank = 0
	}
	if (list)
		out(".El")
	if (example)
		out(".Ed")
}

# "int f(int a, int (*b)(int, int))" as .Ft and .Fn.
function put_prototype(text,    type, rest, i, c, depth, arg)
{
	gsub(/[ \t\n]+/, " ", text)
	sub(/^(IPCBOX_INLINE|static inline) /, "", text)
	type = substr(text, 1, index(text, name "(") - 1)
	sub(/ $/, "", type)
	rest = substr(text, index(text, name "(") + length(name) + 1)
	out(".Ft " type)
	printf ".Fn %s", name >page
	for (i = 1; i <= length(rest); i++) {
		c = substr(rest, i, 1)
		if (c == "(")
			depth++
		if ((c == "," || c == ")") && !depth) {
			sub(/^ /, "", arg)
			printf " \"%s\"", arg >page
			arg = ""
			if (c == ")")
				break
			continue
		}
		if (c == ")")
			depth--
		arg = arg c
	}
	out("")
}

function put_page(prototype,    i, n, part, lines, kind, text)
{
	page = dir "/" name ".3"
	out(".\\\" SPDX-License-Identifier: GPL-2.0 OR MIT")
	out(".\\\" Made from " header "; do not edit.")
	out(".Dd November 28, 2026")
	out(".Dt " toupper(name) " 3")
	out(".Os Linux")
	out(".Sh NAME")
	out(".Nm " name)
	out(".Nd " plain(what))
	out(".Sh LIBRARY")
	out("libipcbox")
	out(".Pq Fl lipcbox")
	out(".Sh SYNOPSIS")
	out(".In " header)
	put_prototype(prototype)
	if (parameters) {
		out(".Sh PARAMETERS")
		out(".Bl -tag -width Ds")
	}
	part = "parameters"
	n = 0
	for (i = 1; i <= body; i++) {
		text = said[i]
		kind = part
		if (text ~ /^@[a-z_]+:/)
			kind = "parameter"
		else if (text ~ /^Return:/)
			kind = "return"
		else if (part == "parameter" && text == "")
			kind = "description"
		if (kind == "parameter" && text ~ /^@/) {
			out(".It Fa " substr(text, 2, index(text, ":") - 2))
			sub(/^@[a-z_]+: */, "", text)
			out(plain(text))
		} else if (kind == "parameter") {
			sub(/^[ \t]+/, "", text)
			out(plain(text))
		} else {
			if (kind != part) {
				put(lines, n)
				n = 0
				if (part ~ /^parameter/ && parameters)
					out(".El")
				if (kind == "return")
					out(".Sh RETURN VALUES")
				sub(/^Return: */, "", text)
				if (kind == "return")
					text = toupper(substr(text, 1, 1)) substr(text, 2)
			}
			if (kind == "description" && text != "" && !described) {
				out(".Sh DESCRIPTION")
				described = 1
			}
			if (n || text != "")
				lines[++n] = text
		}
		part = kind
	}
	if (part ~ /^parameter/ && parameters)
		out(".El")
	put(lines, n)
	if (device) {
		out(".Pp")
		out("This call opens")
		out(".Pa /dev/ipcbox")
		out("and closes it again. So it also returns:")
		out(".Bl -tag -width Er")
		out(".It Sy -ENODEV")
		out("The module is not loaded. Load it with")
		out(".Ql modprobe ipcbox .")
		out(".It Sy -EACCES , Sy -EPERM")
		out("This process may not open the device.")
		out(".It Sy -EMFILE , Sy -ENFILE , Sy -ENOMEM")
		out("There is no room for one more open file.")
		out(".El")
	}
	out(".Sh SEE ALSO")
	out(".Xr libipcbox 3 ,")
	out(".Xr ipcbox 4")
	close(page)
}

FNR == 1 {
	header = FILENAME
	sub(/.*\//, "", header)
	# A part of ipcbox.h, which is what programs include.
	sub(/^ipcbox_call/, "ipcbox", header)
}

# "name() - what it does", perhaps over several lines.
function begin(text)
{
	name = text
	sub(/\(\).*/, "", name)
	what = text
	sub(/^[a-z0-9_]+\(\) - /, "", what)
	body = parameters = described = device = 0
	if (gsub(/ *\*\[device\]\*/, "", what))
		device = 1
	state = "head"
}

/^\/\*\* [a-z0-9_]+\(\) - .*\*\/$/ {
	sub(/^\/\*\* /, "")
	sub(/ *\*\/$/, "")
	begin($0)
	state = "prototype"
	prototype = ""
	next
}

/^\/\*\*$/ { state = "comment"; next }

state == "comment" && /^ \* [a-z0-9_]+\(\) - / {
	begin(substr($0, 4))
	next
}

state == "comment" { state = "" }

(state == "head" || state == "text") && /^ \*\/$/ {
	state = "prototype"
	prototype = ""
	next
}

state == "head" || state == "text" {
	line = $0
	sub(/^ \* ?/, "", line)
	if (state == "head" && line ~ /^\t/) {
		sub(/^\t+/, "", line)
		if (gsub(/ *\*\[device\]\*/, "", line))
			device = 1
		if (line != "")
			what = what " " line
		next
	}
	state = "text"
	if (line ~ /^@[a-z_]+:/)
		parameters = 1
	said[++body] = line
	next
}

state == "prototype" {
	prototype = prototype " " $0
	if (/[;{]/ || /\)$/) {
		sub(/^ /, "", prototype)
		put_page(prototype)
		state = ""
	}
}
