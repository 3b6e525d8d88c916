# SPDX-License-Identifier: GPL-2.0
#
# awk -f table.awk results.csv - a table for people. RATIO is to the best of what is
# not ipcbox and carries a payload, with one message a call, in the same row of cases.

BEGIN { FS = "," }
FNR == 1 { next }
{
	group = $1 FS $2 FS $3
	if (!(group in rows))
		groups[++groups_count] = group
	line[group, ++rows[group]] = $0
	key = group FS $5
}
$4 !~ /^(ipcbox|eventfd|futex)/ && $6 == 1 && (!(key in best) || $7 < best[key]) { best[key] = $7 }

END {
	for (g = 1; g <= groups_count; g++) {
		group = groups[g]
		split(line[group, 1], f, FS)
		printf "\n%s, %s clock, kernel %s (%s)\n%-24s %6s %6s %12s %8s %8s\n", f[3], f[2],
			f[1], f[8], "SYSTEM", "BYTES", "BATCH", "MEDIAN", "RATIO", "SPREAD"
		for (i = 1; i <= rows[group]; i++) {
			split(line[group, i], f, FS)
			key = group FS f[5]
			printf "%-24s %6d %6d %12.1f %8s %6.1f %%\n", f[4], f[5], f[6], f[7],
				key in best ? sprintf("%.2f", f[7] / best[key]) : "-", f[9]
		}
	}
}
