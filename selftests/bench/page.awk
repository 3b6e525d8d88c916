# SPDX-License-Identifier: GPL-2.0
#
# awk -f numbers.awk -f page.awk results.csv - the tables of docs/performance.md. In
# brackets stands the ratio to the best peer that takes one message a call, and how far
# the rounds lie apart where that is 5 % or more.

BEGIN {
	FS = ","
	titles["rtt"] = "A request and its reply between two processes (`rtt`)"
	titles["stream"] = "A message from one process to another (`stream`)"
	titles["fanin"] = "A message from four processes to one (`fanin`)"
	titles["work"] = "A message from one process to four (`work`)"
	titles["ports"] = "A send and a receive while there are so many other ports (`ports`)"
	titles["depth"] = "A send and a receive while so many messages of one priority wait (`depth`)"
	titles["depth-many"] = "The same with messages of many priorities"
	titles["repair"] = "From the kill of a process that writes until others go on, so many messages behind it (`repair`)"
	titles["hostile-receive"] = "A receive while another watches the box so many times (`hostile`)"
	titles["hostile-exit"] = "From the kill of a process until it is gone, beside so many watches of its mailbox, or sleepers at its buffer"
	titles["hostile-wait"] = "A wait of 10 ms at a buffer beside so many sleepers, with a ring that another spoiled"
	titles["hostile-close"] = "Each of 60,000 fds in close_range(2) while so many calls are in service"
	titles["waiters"] = "A round trip while so many are asleep for it (`waiters`)"
	sizes_count = split("64 1024 4096 65536", sizes, " ")
	cases_count = split("rtt stream fanin work", cases, " ")
	counted_count = split("ports depth depth-many waiters repair hostile-receive " \
		"hostile-exit hostile-wait hostile-close", counted, " ")
}

FNR == 1 || $4 ~ /-notrace$/ { next }

{
	what = $4 ($6 > 1 ? ", " $6 " in a call" : "")
	if (!(($3, what) in seen)) {
		seen[$3, what] = 1
		what_of[$3, ++whats[$3]] = what
	}
	if (!($1 in known))
		kernels[++kernels_count] = $1
	known[$1] = 1
	clocks[$2] = 1
	value[$1, $2, $3, what, $5] = $7
	spread[$1, $2, $3, what, $5] = $9
	if (number_of($3) != "")
		note_number(sort_of($3), number_of($3), $4)
	if (kind_of($4) == "peer" && $6 == 1)
		note_best($1 SUBSEP $2 SUBSEP $3 SUBSEP $5, $7)
}

function note_best(key, number)
{
	if (!(key in best) || number + 0 < best[key])
		best[key] = number + 0
}

function note_number(sort, number, name)
{
	if (!((sort, number) in numbered))
		number_at[sort, ++numbers[sort]] = number
	numbered[sort, number] = 1
	if (!((sort, name) in counts))
		counter[sort, ++counters[sort]] = name
	counts[sort, name] = 1
}

function cell(kernel, clock, name, what, bytes,   key, peers, notes)
{
	key = kernel SUBSEP clock SUBSEP name SUBSEP what SUBSEP bytes
	if (!(key in value))
		return " - |"
	peers = kernel SUBSEP clock SUBSEP name SUBSEP bytes
	if (peers in best)
		notes = sprintf("%.2f", value[key] / best[peers])
	if (spread[key] >= 5)
		notes = notes (notes ? "; " : "") sprintf("%.0f %%", spread[key])
	return " " grouped(value[key]) (notes ? " (" notes ")" : "") " |"
}

function print_head(first, list, count, suffix,   i, text, rule)
{
	text = "| " first " |"
	rule = "|---|"
	for (i = 1; i <= count; i++) {
		text = text " " (suffix == "bytes" ? length_of(list[i]) : list[i]) " |"
		rule = rule "---:|"
	}
	print text "\n" rule
}

function print_sizes(kernel, clock, name,   i, j, text)
{
	print "\n" titles[name] ":\n"
	print_head("system", sizes, sizes_count, "bytes")
	for (i = 1; i <= whats[name]; i++) {
		text = "| " what_of[name, i] " |"
		for (j = 1; j <= sizes_count; j++)
			text = text cell(kernel, clock, name, what_of[name, i], sizes[j])
		print text
	}
}

function print_counted(kernel, clock, sort,   i, j, list, text)
{
	print "\n" titles[sort] ":\n"
	for (j = 1; j <= numbers[sort]; j++)
		list[j] = grouped(number_at[sort, j])
	print_head("system", list, numbers[sort])
	for (i = 1; i <= counters[sort]; i++) {
		text = "| " counter[sort, i] " |"
		for (j = 1; j <= numbers[sort]; j++)
			text = text cell(kernel, clock, sort "-" number_at[sort, j],
				counter[sort, i], 64)
		print text
	}
}

function print_memory(kernel, clock)
{
	print "\nMemory: " \
		grouped(value[kernel, clock, "memory-port", "ipcbox-port", 0]) \
		" bytes for an idle port, " \
		grouped(value[kernel, clock, "memory-link", "ipcbox-link", 0]) \
		" for a link with the open file that holds it, " \
		grouped(value[kernel, clock, "memory-message", "ipcbox-port", 64]) \
		" for a queued message of 64 bytes."
}

function print_kernels(clock, name,   i, j, text)
{
	print "\n" titles[name] ":\n"
	print_head("system", kernels, kernels_count)
	for (i = 1; i <= whats[name]; i++) {
		text = "| " what_of[name, i] " |"
		for (j = 1; j <= kernels_count; j++)
			text = text cell(kernels[j], clock, name, what_of[name, i], 64)
		print text
	}
}

END {
	print "### Kernel 6.1, instructions"
	for (c = 1; c <= cases_count; c++)
		print_sizes("6.1", "instructions", cases[c])
	for (c = 1; c <= counted_count; c++)
		print_counted("6.1", "instructions", counted[c])
	print_memory("6.1", "instructions")
	if (kernels_count > 1 && "instructions" in clocks) {
		print "\n### The three kernels, 64 bytes, instructions"
		for (c = 1; c <= cases_count; c++)
			print_kernels("instructions", cases[c])
	}
	if ("wall" in clocks) {
		print "\n### The three kernels, 64 bytes, wall clock, nanoseconds"
		for (c = 1; c <= cases_count; c++)
			print_kernels("wall", cases[c])
	}
}
