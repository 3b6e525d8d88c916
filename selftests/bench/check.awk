# SPDX-License-Identifier: GPL-2.0
#
# awk -f check.awk budgets [baseline.csv] results.csv - tell which budgets are missed,
# and what became more than 5 % slower than the baseline; fail if there is such.
# With -v page=1 the budgets as a table of docs/performance.md instead, which fails
# nothing.

FILENAME ~ /budgets$/ {
	if (/^#/ || NF < 3)
		next
	if (/^@/) {
		set = $1
		sub(/^[^\t]*\t/, "")
		sets[set] = $0
		next
	}
	what[++count] = $1; factor[count] = $2; references[count] = $3
	if (match($0, /known: /))
		known[count] = substr($0, RSTART + RLENGTH)
	next
}

{ split($0, field, ","); row = field[3] "/" field[4] "/" field[5] "/" field[6] }
field[1] != "6.1" || field[2] != "instructions" { next }
FILENAME ~ /baseline.csv$/ { before[row] = field[7]; order[++rows] = row; next }
{ now[row] = field[7] }

# Remember the lowest of the references, and which it is.
function take_lower(row)
{
	if (row in now && (!least || now[row] < least)) {
		least = now[row]
		least_row = row
	}
}

# rtt/@bounds/64/1: of all in this set
function take_set(row,   systems, n, i, name)
{
	match(row, /@[^\/]*/)
	n = split(sets[substr(row, RSTART, RLENGTH)], systems, " ")
	for (i = 1; i <= n; i++) {
		name = row
		sub(/@[^\/]*/, systems[i], name)
		take_lower(name)
	}
}

function find_lowest(list,   rows, n, i)
{
	least = list ~ /^[0-9]+$/ ? list + 0 : 0
	least_row = list
	n = least ? 0 : split(list, rows, ",")
	for (i = 1; i <= n; i++) {
		if (rows[i] ~ /@/)
			take_set(rows[i])
		else
			take_lower(rows[i])
	}
}

function tell(word, i,   ratio)
{
	ratio = least ? now[what[i]] / least : 0
	if (page)
		printf "| %s | %.0f | %s | %.3f | %.2f | %s |\n", what[i], now[what[i]], least_row,
			ratio, factor[i], word == "ok" ? "met" : "**missed**" \
			(i in known ? ": " known[i] : "")
	else if (!(what[i] in now))
		printf "%-7s %-28s was not measured\n", word, what[i]
	else if (!least)
		printf "%-7s %-28s has nothing to compare with: not measured was %s\n", word,
			what[i], references[i]
	else
		printf "%-7s %-28s %10.1f is %.3f of %10.1f, budget %.2f %s\n", word, what[i],
			now[what[i]], ratio, least, factor[i], known[i]
}

function check_budget(i,   word)
{
	find_lowest(references[i])
	if (!(what[i] in now) || !least)
		word = "FAILED"
	else if (now[what[i]] <= factor[i] * least)
		word = "ok"
	else
		word = i in known ? "KNOWN" : "FAILED"
	tell(word, i)
	if (word == "FAILED")
		failed++
	else
		passed++
}

# What is not ipcbox is not ours to keep fast.
function check_row(row)
{
	if (row !~ /\/ipcbox/)
		return
	if (!(row in now))
		printf "FAILED  %-28s was not measured\n", row
	else if (now[row] > 1.05 * before[row])
		printf "FAILED  %-28s %10.1f, was %.1f: %.1f %% slower\n", row, now[row],
			before[row], 100 * (now[row] / before[row] - 1)
	else {
		passed++
		return
	}
	failed++
}

END {
	if (page)
		print "| budget for | now | reference | ratio | at most | |\n|---|---:|---|---:|---:|---|"
	for (i = 1; i <= count; i++)
		check_budget(i)
	if (page)
		exit 0
	for (i = 1; i <= rows; i++)
		check_row(order[i])
	printf "%d passed, %d failed\n", passed, failed
	exit failed > 0
}
