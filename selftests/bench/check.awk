# SPDX-License-Identifier: GPL-2.0
#
# awk -f check.awk budgets [baseline.csv] results.csv - tell which budgets are missed,
# and what became more than 5 % slower than the baseline; fail if there is such.

FILENAME ~ /budgets$/ {
	if (/^#/ || NF < 3)
		next
	what[++count] = $1; factor[count] = $2; references[count] = $3
	if (match($0, /known: /))
		known[count] = substr($0, RSTART + RLENGTH)
	next
}

{ split($0, field, ","); row = field[3] "/" field[4] "/" field[5] "/" field[6] }
field[1] != "6.1" || field[2] != "instructions" { next }
FILENAME ~ /baseline.csv$/ { before[row] = field[7]; next }
{ now[row] = field[7] }

function lowest(list,   rows, n, i, least)
{
	n = split(list, rows, ",")
	if (list ~ /^[0-9]+$/)
		return list + 0
	for (i = 1; i <= n; i++)
		if (rows[i] in now && (!least || now[rows[i]] < least))
			least = now[rows[i]]
	return least
}

END {
	for (i = 1; i <= count; i++) {
		best = lowest(references[i])
		if (!(what[i] in now) || !best)
			word = "FAILED "
		else if (now[what[i]] <= factor[i] * best)
			word = "ok     "
		else
			word = i in known ? "KNOWN  " : "FAILED "
		printf "%s %-28s %10.1f is %.3f of %10.1f, budget %.2f %s\n", word, what[i],
			now[what[i]], best ? now[what[i]] / best : 0, best, factor[i], known[i]
		if (word == "FAILED ")
			failed++
		else
			passed++
	}
	for (row in before) {
		if (!(row in now) || now[row] <= 1.05 * before[row])
			continue
		if (row !~ /\/ipcbox/)
			continue
		printf "FAILED  %-28s %10.1f, was %.1f: %.1f %% slower\n", row, now[row],
			before[row], 100 * (now[row] / before[row] - 1)
		failed++
	}
	printf "%d passed, %d failed\n", passed, failed
	exit failed > 0
}
