#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# fetch.sh 6.1|6.12 - fetch a stock Debian kernel with its headers
# fetch.sh 7.2      - the same from Debian sid, and in root/ what builds modules for it
# fetch.sh debug|kcsan - build one that finds faults, see kernel.sh
# fetch.sh source   - fetch the kernel's source, and unpack what is used here
#
# Prints the folder of the cache that has it. Packages are unpacked there and
# nothing is installed. Debian's newest version is taken; when it cannot be
# downloaded, the newest one that is in the cache. Exit status 69: it is neither
# there nor to be had.

. "$(dirname "$0")/lib.sh"

# To be raised when something else is kept of the packages than before.
declare -A recipes=([6.1]=4 [6.12]=3 [7.2]=3 [source]=3)

# The newest package whose name matches, with its version as "name=version".
newest()
{
	local name version

	name=$(apt-cache pkgnames | grep -Ex -e "$1" | sort -V | tail -n1) || return
	version=$(apt-cache show --no-all-versions "$name" | sed -n 's/^Version: //p')
	[ -n "$version" ] && echo "$name=$version"
}

# Names of the packages that one depends on, and that match.
depends()
{
	apt-cache depends "${1%=*}" | sed -n 's/^ *|*Depends: //p' | grep -Ex -e "$2"
}

download()
{
	local sandbox=()

	# apt drops to a user of its own, who could not write here
	[ "$(id -u)" != 0 ] || sandbox=(-o APT::Sandbox::User=root)
	quietly apt-get -q "${sandbox[@]}" download "$@"
}

# Unpack the files of a package that match the shell patterns.
unpack()
{
	local deb=$1

	shift
	dpkg-deb --fsys-tarfile "$deb" | tar -x --wildcards "$@"
}

# The archive of Debian that this machine uses.
debian_mirror()
{
	# shellcheck disable=SC2016 # the $ is for apt-get
	apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' \
		'Origin: Debian' 'Label: Debian' | sed -n 1p
}

# Have apt see Debian sid and nothing else from here on, with lists of its own: this
# machine's are not touched. Downloads are checked with Debian's keys.
use_sid()
{
	local dir=$cache/sid

	mkdir -p "$dir/lists/partial" "$dir/archives/partial"
	cat >"$dir/apt.conf" <<-EOF
		Dir::Etc::sourcelist "$dir/sources.list";
		Dir::Etc::sourceparts "/dev/null";
		Dir::Etc::preferencesparts "/dev/null";
		Dir::State::Lists "$dir/lists";
		Dir::State::status "/dev/null";
		Dir::Cache "$dir";
		APT::Sandbox::User "root";
		Debug::NoLocking "1";
	EOF
	export APT_CONFIG=$dir/apt.conf
	update=sid_update
	[ -n "$(find "$dir/updated" -mtime -1 2>/dev/null)" ] || sid_update
}

sid_update()
{
	local mirror options

	options="signed-by=/usr/share/keyrings/debian-archive-keyring.gpg target=Packages"
	mirror=$(unset APT_CONFIG; debian_mirror)
	[ -n "$mirror" ] || mirror=$(unset APT_CONFIG; apt_update; debian_mirror)
	[ -n "$mirror" ] || say "apt has no mirror of Debian on this machine"
	echo "${mirror:+deb [$options] $mirror sid main}" >"$cache/sid/sources.list"
	quietly apt-get -q update || say "the package lists of Debian sid could not be had"
	touch "$cache/sid/updated"
}

# The headers' Makefile includes one below /usr/src; let it find that one here.
relocate_headers()
{
	local headers=usr/src/$1

	# shellcheck disable=SC2016 # the $ are for make
	sed -i 's|^include /usr/src/|include $(dir $(lastword $(MAKEFILE_LIST)))../|' \
		"$headers/Makefile" &&
		ln -s "$headers" headers && ln -s boot/vmlinuz-* vmlinuz
}

fetch_kernel()
{
	local image=$1 release version headers packages

	version=${image#*=}
	release=${image%=*}
	release=${release#linux-image-}
	release=${release%-unsigned}
	headers=linux-headers-$release
	packages=$(depends "$headers" 'linux-(headers-.*-common|kbuild-.*)') || return

	say "downloading kernel $release (version $version) and its headers"
	# shellcheck disable=SC2086 # words
	download "$image" "$headers=$version" $packages || return
	unpack linux-image-*.deb './boot/vmlinuz-*' || return
	# where these are not modules they are built in
	unpack linux-image-*.deb '*/drivers/virtio/virtio*.ko' 2>/dev/null || :
	unpack linux-image-*.deb '*/drivers/char/virtio_console.ko' 2>/dev/null || :
	# a peer for the benchmark, where there is one
	unpack linux-image-*.deb '*/drivers/android/binder_linux.ko' 2>/dev/null || :
	for deb in linux-headers-*.deb linux-kbuild-*.deb; do
		dpkg-deb -x "$deb" . || return
	done
	rm ./*.deb
	echo "$release" >release
	relocate_headers "$headers"
}

# The headers need a compiler, and build tools need libraries, that this machine does
# not have. The compiler is what the headers depend on, the rest is what recipes of
# make call.
fetch_sid_kernel()
{
	local version=${1#*=} release=${1%=*}

	release=${release#linux-binary-}
	say "downloading kernel $release (version $version) and what builds modules for it"
	download "$1" || return
	unpack linux-binary-*.deb --transform='s|.*/||' '*/vmlinuz' || return
	rm ./*.deb
	"$vm/chroot.sh" make "$PWD/root" "linux-headers-$release=$version" \
		bash coreutils dash findutils grep make mawk sed sparse || return
	echo "$release" >release
	ln -s "root/usr/src/linux-headers-$release" headers
	# sid has a new one every few days
	rm -rf "$cache/7.2"/*/
}

# checkpatch, kernel-doc and the kselftest harness; and a real tree of files for
# the demo, of at least 50 MB.
fetch_source()
{
	local source=$1

	say "downloading the kernel's source (150 MB, for its test harness and checks)"
	download "$source" || return
	dpkg-deb --fsys-tarfile linux-source-*.deb |
		tar -xO --wildcards './usr/src/linux-source-*.tar.xz' >linux.tar.xz || return
	tar -xJf linux.tar.xz --strip-components=1 --wildcards --no-wildcards-match-slash \
			'*/scripts/checkpatch.pl' '*/scripts/spelling.txt' \
			'*/scripts/const_structs.checkpatch' '*/scripts/kernel-doc' \
			'*/scripts/subarch.include' \
			'*/tools/testing/selftests/Makefile' \
			'*/tools/testing/selftests/*.h' \
			'*/tools/testing/selftests/*.mk' \
			'*/tools/testing/selftests/*.sh' \
			'*/tools/testing/selftests/kselftest' \
			'*/fs' '*/kernel' || return
	rm ./*.deb
	mkdir demo && mv fs kernel demo
}

# Do $1 with the package in a fresh folder of the cache, unless it was done.
# (In a condition bash does not heed errexit: what is called must return.)
fill()
{
	local fetch=$1 package=$2 dir=$3 tmp

	[ ! -e "$dir" ] || return 0
	(
		tmp=$(mktemp -d "$cache/tmp.XXXXXX") || exit
		trap 'rm -rf "$tmp"' EXIT
		cd "$tmp" && "$fetch" "$package" && chmod 755 "$tmp" && mv "$tmp" "$dir"
	)
}

# The folder that was the answer last, as long as apt's lists did not change: apt takes
# seconds to answer, and every build asks.
known()
{
	local lists dir

	eval "$(apt-config shell lists Dir::State::lists/d)"
	[ "$cache/$1/known" -nt "$lists" ] && dir=$(<"$cache/$1/known") &&
		[[ $dir == *".${recipes[$1]}" ]] && [ -e "$dir" ] && echo "$dir"
}

# The folder of $what in the cache, fetched when Debian has a newer one.
fetch()
{
	local what=$1 pattern=$2 fetch=$3 try package dir

	mkdir -p "$cache/$what"
	! known "$what" || return 0
	for try in first second; do
		[ "$try" = first ] || "$update"
		package=$(newest "$pattern") || continue
		dir=$cache/$what/${package#*=}.${recipes[$what]}
		if fill "$fetch" "$package" "$dir"; then
			echo "$dir" | tee "$cache/$what/known"
			return
		fi
	done

	dir=$(find "$cache/$what" -mindepth 1 -maxdepth 1 -type d 2>/dev/null | sort -V | tail -n1)
	if [ -z "$dir" ]; then
		say "$what: cannot be had: no package matches $pattern, or no network"
		exit "$unavailable"
	fi
	say "$what: no newer one can be had; taking ${dir##*/} from the cache"
	echo "$dir"
}

case ${1:-} in
debug | kcsan) exec "$vm/kernel.sh" "$1" ;;
esac
command -v apt-get >/dev/null || die "needs a Debian machine: the kernels are Debian packages"
lock "$cache/.lock"
update=apt_update
case ${1:-} in
6.1)	fetch "$1" 'linux-image-6\.1\.0-[0-9]+-amd64' fetch_kernel ;;
6.12)	fetch "$1" 'linux-image-6\.12\.[0-9]+\+deb12-cloud-amd64-unsigned' fetch_kernel ;;
7.2)
	"$vm/chroot.sh" possible || {
		say "7.2: cannot be had: its modules are built in a chroot, and this user may not" \
			"mount anything for one here"
		exit "$unavailable"
	}
	use_sid
	fetch "$1" 'linux-binary-7\.2[.0-9]*\+deb[0-9]+-cloud-amd64' fetch_sid_kernel
	;;
source)	fetch "$1" 'linux-source-6\.12' fetch_source ;;
*)	die "unknown: '${1:-}'; there are: 6.1 6.12 7.2 debug kcsan source" ;;
esac
