# SPDX-License-Identifier: GPL-2.0
#
# awk -f table.awk results.csv - a table for people. RATIO is to the best of what is
# not ipcbox and carries a payload, with one message a call, in the same row of cases.

BEGIN { FS = "," }
FNR == 1 { next }
{ line[++count] = $0; key = $1 FS $2 FS $3 FS $5 }
$4 !~ /^(ipcbox|eventfd|futex)/ && $6 == 1 && (!(key in best) || $7 < best[key]) { best[key] = $7 }

END {
	for (i = 1; i <= count; i++) {
		split(line[i], f, FS)
		key = f[1] FS f[2] FS f[3] FS f[5]
		group = f[1] " " f[2] " " f[3]
		if (group != last)
			printf "\n%s, %s clock, kernel %s (%s)\n%-18s %6s %6s %12s %8s %8s\n", f[3],
				f[2], f[1], f[8], "SYSTEM", "BYTES", "BATCH", "MEDIAN", "RATIO", "SPREAD"
		last = group
		printf "%-18s %6d %6d %12.1f %8s %6.1f %%\n", f[4], f[5], f[6], f[7],
			key in best ? sprintf("%.2f", f[7] / best[key]) : "-", f[9]
	}
}
