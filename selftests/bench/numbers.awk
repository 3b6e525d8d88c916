# SPDX-License-Identifier: GPL-2.0
#
# How numbers are written, for the other scripts of this folder.

# 1,234,567
function grouped(number,   text)
{
	text = sprintf("%.0f", number)
	while (match(text, /[0-9][0-9][0-9][0-9](,|$)/))
		text = substr(text, 1, RSTART) "," substr(text, RSTART + 1)
	return text
}

# Three digits: 12.3 k
function short(value)
{
	if (value >= 999500)
		return sprintf(value < 9995000 ? "%.2f M" : "%.1f M", value / 1000000)
	if (value >= 99950)
		return sprintf("%.0f k", value / 1000)
	if (value >= 999.5)
		return sprintf(value < 9995 ? "%.2f k" : "%.1f k", value / 1000)
	return sprintf("%.0f", value)
}

function length_of(bytes)
{
	return bytes >= 1024 && bytes % 1024 == 0 ? bytes / 1024 " KiB" : bytes " bytes"
}

# "depth-many-1000" is the case depth, of the sort depth-many, with 1000 of them.
function number_of(name)
{
	return match(name, /-[0-9]+$/) ? substr(name, RSTART + 1) : ""
}

function sort_of(name)
{
	sub(/-[0-9]+$/, "", name)
	return name
}

function case_of(name)
{
	sub(/-.*/, "", name)
	return name
}

# own: ipcbox; floor: carries no payload; peer: what a program could use instead
function kind_of(name)
{
	return name ~ /^ipcbox/ ? "own" : name ~ /^(eventfd|futex)$/ ? "floor" : "peer"
}
