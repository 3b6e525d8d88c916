# SPDX-License-Identifier: GPL-2.0
#
# Compare the table of commands in the manual page with the headers:
#
#	awk -f uapi.awk -f vm/manual.awk linux/ipcbox*.h ipcbox.4

/^\.It Dv IPCBOX_/ {
	split($0, cell, / Ta /)
	shown[$3] = cell[2]
}

END {
	if (failed)
		exit 1
	for (i = 1; i <= command_count; i++) {
		name = commands[i]
		except = sub(/^all but /, "", shown[name])
		n = read_kinds(shown[name], in_manual)
		read_kinds(on[struct_of[name]], in_header)
		for (j = 1; j <= n; j++) {
			if ((in_manual[j] == in_header[j]) == except) {
				wrong = wrong " " name
				break
			}
		}
	}
	if (wrong)
		fail("man/ipcbox.4 lacks these, or has other kinds of fd than the header:" wrong)
}
