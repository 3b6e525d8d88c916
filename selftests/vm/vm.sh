#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# vm.sh - boot the test machine, with the module loaded
#
# From the environment:
#   KERNEL  6.1, 6.12 (the default) or 7.2: stock kernels; debug or kcsan: see kernel.sh
#   INSTRUMENT  gcov or kcov: the module counts what it executes (KERNEL=debug)
#   NOTRACE y: the module has no trace events
#   CMD     run this as root in /root, stream its output, exit with its status;
#           empty: open a shell
#   FILES   files and folders to copy into /root
#   LIMIT   seconds after which the command is given up (default 900)
#   ROOT    a folder whose files are laid over the guest's
#   LOG     keep the kernel's log in this file
#   IMAGE   a guest that image.sh has packed: boot it as it is, and build nothing
#   APPEND  more parameters for the kernel
#   PREPARED  y: library, tools and selftests are built
#   CLOCK   instructions: a nanosecond of the guest is one instruction of its one
#           processor, whatever this machine does meanwhile; wall: as always, and
#           like instructions without the tests and what is only for them

. "$(dirname "$0")/lib.sh"

KERNEL=${KERNEL:-6.12}
LIMIT=${LIMIT:-900}
boot_limit=240 # seconds until the guest is to be alive, on a busy machine

# KVM is many times faster where it works. Where the kernel is itself a guest, it
# may open and then be slower than emulation, or not work: once after each boot of
# this machine see whether a guest comes up in good time.
choose_accel()
{
	local known=$cache/accel boot_id accel=tcg

	if [ ! -w /dev/kvm ] || [ "${CLOCK:-}" = instructions ]; then
		echo tcg
		return
	fi
	boot_id=$(</proc/sys/kernel/random/boot_id)
	if [ "$(cut -d' ' -f1 "$known" 2>/dev/null)" != "$boot_id" ]; then
		say "trying KVM, for 10 seconds at most"
		if (try_kvm) 2>/dev/null; then
			accel=kvm
		fi
		[ "$accel" = kvm ] || say "KVM is of no use here; QEMU will emulate"
		echo "$boot_id $accel" >"$known"
	fi
	cut -d' ' -f2 "$known"
}

# Boot what there is so far; its command is "true".
try_kvm()
{
	local mode=command log=$run/console boot_limit=10 LIMIT=10

	ACCEL=kvm start_qemu
	trap stop_qemu EXIT
	watch_guest
	guest_status
}

# Further options of the module's build.
module_options()
{
	case $KERNEL in
	debug | kcsan) echo IPCBOX_KUNIT=y ;;
	esac
	[ -z "${INSTRUMENT:-}" ] || echo "INSTRUMENT=$INSTRUMENT"
	[ -z "${NOTRACE:-}" ] || echo "NOTRACE=$NOTRACE"
}

# Build what the guest is made of. One at a time, where several runs share $build.
prepare()
{
	local kernel options programs=programs
	local module=$build/vm/$KERNEL/module${INSTRUMENT:+-$INSTRUMENT}${NOTRACE:+-notrace}

	if [ -n "${IMAGE:-}" ]; then
		cp "$IMAGE" "$run/initrd"
		ln -s "$("$vm/fetch.sh" "$KERNEL")/vmlinuz" "$run/vmlinuz"
		return
	fi
	[ -z "${CLOCK:-}" ] || programs=tools
	mapfile -t options < <(module_options)
	"$vm/install.sh" vm
	kernel=$("$vm/fetch.sh" "$KERNEL")
	(
		lock "$build/vm/.lock"
		[ -n "${PREPARED:-}" ] ||
			"$vm/build.sh" "$programs" "$build/vm/$programs"
		"$vm/build.sh" module "$kernel" "$module" "${options[@]}"
		"$vm/image.sh" base "$kernel" "$module/ipcbox.ko" \
			"$build/vm/$programs" "$run/initrd"
	)
	ln -s "$kernel/vmlinuz" "$run/vmlinuz"
}

# Lay what this run adds after the guest's base.
add_files()
{
	local file

	mkdir -p "$run/root/vm" "$run/root/root"
	[ -z "${ROOT:-}" ] || cp -a "$ROOT/." "$run/root"
	for file in ${FILES:-}; do
		[ -e "$file" ] || die "FILES: there is no '$file'"
		cp -rL "$file" "$run/root/root"
	done
	echo "${CMD:-}" >"$run/root/vm/command"
	"$vm/image.sh" files "$run/files" "$run/root"
	cat "$run/files" >>"$run/initrd"
}

# One of the guest's virtio ports; what comes out of it goes into a file, since a
# slow reader would hold up the guest.
port()
{
	qemu+=(-chardev "file,id=$1,path=$run/$1"
	       -device "virtserialport,chardev=$1,name=$1")
}

start_qemu()
{
	local qemu=(qemu-system-x86_64 -nodefaults -no-user-config -display none
		-no-reboot -m 2048)
	# what is no parameter of the kernel gets into init's environment
	local append="console=ttyS0 quiet tsc=reliable panic=-1 printk.devkmsg=on"
	# on a busy machine ticks may come too late for the kernel to believe in its timer
	append+=" no_timer_check"
	# a cache that is merged with others cannot tell what is in use in it
	[ -n "${CLOCK:-}" ] || append+=" slab_nomerge"

	# an emulated processor does less in a second: look at more of it
	[ "$KERNEL" != kcsan ] || append+=" kcsan.skip_watch=500"

	append+=" mode=$mode TERM=${TERM:-dumb} kunit.enable=1 ${APPEND:-}"

	case ${CLOCK:-}:$ACCEL in
	instructions:*)
		# (-cpu max copies strings in one instruction for each byte)
		qemu+=(-M pc -smp 1 -accel tcg -cpu qemu64 -icount "shift=0,sleep=off")
		append+=" mitigations=off"
		;;
	*:kvm)	qemu+=(-M q35 -smp 2 -accel kvm -cpu host) ;;
	*:tcg)	qemu+=(-M q35 -smp 2 -accel tcg -cpu max) ;;
	esac
	qemu+=(-kernel "$run/vmlinuz" -initrd "$run/initrd")
	qemu+=(-chardev "file,id=console,path=$log" -serial chardev:console)
	if [ "$mode" = shell ]; then
		append+=" $(stty size | sed 's/\(.*\) /rows=\1 cols=/')"
		qemu+=(-chardev "stdio,id=tty,mux=on,signal=off"
			-serial chardev:tty -mon chardev=tty)
	fi
	qemu+=(-append "$append")
	qemu+=(-device virtio-serial-pci)
	port out
	port err
	port status

	truncate -s 0 "$run/out" "$run/err" "$run/status"
	"${qemu[@]}" <&0 2>"$run/qemu" &
	pid=$!
}

stop_qemu()
{
	kill -KILL "$pid" 2>/dev/null || :
	wait "$pid" 2>/dev/null || :
	[ -z "$tty" ] || stty "$tty"
}

give_up()
{
	local status=$1

	shift
	say "$*; the kernel's log ends with:"
	tail -n 20 "$log" >&2
	cat "$run/qemu" >&2
	exit "$status"
}

# Wait for the guest's end; see to it that there is one.
watch_guest()
{
	local start=$SECONDS limit=$boot_limit alive='' nothing

	# a pipe out of which nothing comes: to wait without a process for each time
	exec {nothing}<> <(:)
	while kill -0 "$pid" 2>/dev/null; do
		if [ -z "$alive" ] && [ -s "$run/status" ]; then
			alive=yes limit=$LIMIT start=$SECONDS
			[ "$mode" != shell ] || limit=2000000000
		fi
		if ((SECONDS - start >= limit)); then
			stop_qemu
			[ -n "$alive" ] || give_up 125 "no sign of life from the guest in $limit s"
			give_up 124 "the command was still running after $limit s (LIMIT=$limit)"
		fi
		read -rt 0.1 -u "$nothing" || :
	done
	exec {nothing}<&-
}

# The status that the guest told last.
guest_status()
{
	local word='' value=

	read -r word value < <(tail -n1 "$run/status") || : # it may be empty
	case $word in
	exit)	return "$value" ;;
	module)	give_up 125 "the module could not be loaded" ;;
	*)	give_up 125 "the guest ended without telling a status" ;;
	esac
}

clean_up()
{
	[ -z "$pid" ] || stop_qemu
	rm -rf "$run"
}

run=$(mktemp -d "${TMPDIR:-/tmp}/ipcbox-vm.XXXXXX")
log=${LOG:-$run/console}
mode="command"
tty=
pid=
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

if [ -z "${CMD:-}" ]; then
	[ -t 0 ] || die "a shell needs a terminal; give a command with CMD='...'"
	mode=shell
	tty=$(stty -g)
fi

prepare
ACCEL=${ACCEL:-$(choose_accel)}
add_files
start_qemu
tail -c +1 -s 0.1 -f --pid="$pid" "$run/out" &
tail -c +1 -s 0.1 -f --pid="$pid" "$run/err" >&2 &
watch_guest
wait
guest_status
