#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# install.sh PURPOSE... - install the Debian packages that are missing
#
# The file "packages" lists what each purpose needs.

. "$(dirname "$0")/lib.sh"

# Print package and reason of what the purposes need and this machine lacks.
missing()
{
	local purpose package reason

	while read -r purpose package reason; do
		case " $* " in
		*" $purpose "*) ;;
		*) continue ;;
		esac
		dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null |
			grep -qx installed || printf '%s\t%s\n' "$package" "$reason"
	done <"$vm/packages"
}

apt_install()
{
	as_root env DEBIAN_FRONTEND=noninteractive \
		apt-get -q -y -o DPkg::Lock::Timeout=600 install --no-install-recommends "$@"
}

command -v apt-get >/dev/null || {
	say "this is not a Debian machine; going on with what is installed"
	exit 0
}

list=$(missing "$@")
[ -n "$list" ] || exit 0
mapfile -t packages < <(cut -f1 <<<"$list")

say "installing with apt-get what is missing here:"
while IFS=$'\t' read -r package reason; do
	printf '      %-20s %s\n' "$package" "$reason" >&2
done <<<"$list"
can_be_root || die "that needs root, and there is no sudo; as root, do: apt-get install ${packages[*]}"

for package in "${packages[@]}"; do
	apt-cache show "$package" >/dev/null 2>&1 || { apt_update; break; }
done
quietly apt_install "${packages[@]}" || {
	apt_update
	quietly apt_install "${packages[@]}" ||
		die "could not install: ${packages[*]}"
}
