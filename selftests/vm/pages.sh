#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# pages.sh - check the manual pages: each call of the library has one, and all are well formed

. "$(dirname "$0")/lib.sh"
cd "$top"

pages=$(mktemp -d)
trap 'rm -rf "$pages"' EXIT
status=0

# The calls that headers declare, but for what is private there: the prototypes of a
# section that says so, and inline functions without a description.
public_calls()
{
	awk '/^\/\* ---- /	{ private = /private/ }
		/^ ?\/?\*/	{ described = described || /^\/\*\*/; next }
		/^[a-zA-Z].*[ *]ipcbox_[a-z_0-9]+\(/ && !/^typedef/ {
			match($0, /ipcbox_[a-z_0-9]+\(/)
			inline = /inline|^IPCBOX_INLINE/
			if (!private && (!inline || described))
				print substr($0, RSTART, RLENGTH - 1)
		}
		{ described = 0 }' lib/ipcbox.h lib/ipcbox_call.h lib/ipcbox_buffer.h
}

private_calls()
{
	sed -n '/^\/\* ---- private/,/^\/\* ---- [^p]/s/^[a-z].*[ *]\(ipcbox_[a-z_]*\)(.*/\1/p' \
		lib/ipcbox_buffer.h
}

exported_calls()
{
	sed -n 's/^\t\(ipcbox_[a-z_0-9]*\);$/\1/p' lib/libipcbox.map | grep -vxFf <(private_calls)
}

named_in_overview()
{
	sed -n 's/^\.Fn \(ipcbox_[a-z_0-9]*\).*/\1/p' man/libipcbox.3
}

make -s install-man DESTDIR="$pages" PREFIX=
for call in $({ public_calls; exported_calls; named_in_overview; } | sort -u); do
	[ -s "$pages/share/man/man3/$call.3" ] || {
		echo "$call() has no manual page: describe it in its header"
		status=1
	}
done
for call in $(public_calls); do
	case $call in
	ipcbox_info_*) continue ;; # named together
	esac
	grep -q "^\.Fn $call\>" man/libipcbox.3 || {
		echo "man/libipcbox.3 does not name $call()"
		status=1
	}
done
for page in "$pages"/share/man/man?/*; do
	said=$(groff -mdoc -Tutf8 -ww "$page" 2>&1 >/dev/null)
	[ -z "$said" ] || {
		echo "${page##*/}: $said"
		status=1
	}
done
exit $status
