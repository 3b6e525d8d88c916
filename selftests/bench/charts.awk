# SPDX-License-Identifier: GPL-2.0
#
# awk -v dir=DIR -f charts.awk results.csv - a chart of each case, kernel and clock, as
# DIR/CASE-KERNEL-CLOCK.svg: bars, the shortest first, in a panel for each length of
# the messages, or for how much there is of what the case counts ("ports-1000").

BEGIN {
	FS = ","
	width = 840; columns = 2; row = 17; head = 28; gap = 14; top = 58; foot = 30
	labels = 138; values = 104
	titles["rtt"] = "A request and its reply between two processes"
	titles["stream"] = "A message from one process to another"
	titles["fanin"] = "A message from four processes to one"
	titles["work"] = "A message from one process to four"
	titles["ports"] = "A send and a receive among other ports"
	titles["depth"] = "A send and a receive while messages wait"
	titles["waiters"] = "A round trip while others are asleep for it"
	titles["memory"] = "What is kept in the kernel for each"
	things["ports"] = "other ports"
	things["depth"] = "messages of one priority"
	things["depth-many"] = "messages of many priorities"
	things["waiters"] = "asleep"
}

FNR == 1 { next }

{
	name = $3
	number = ""
	if (match(name, /-[0-9]+$/)) {
		number = substr(name, RSTART + 1)
		name = substr(name, 1, RSTART - 1)
	}
	family = name
	sub(/-.*/, "", family)
	chart = family "-" $1 "-" $2
	if (!(chart in panels)) {
		charts[++charts_count] = chart
		panels[chart] = 0
		family_of[chart] = family; kernel[chart] = $1; clock[chart] = $2; unit[chart] = $8
	}
	panel = chart SUBSEP (family in things ? $3 : family == "memory" ? "memory" : $5)
	if (!(panel in bars)) {
		panel_of[chart, ++panels[chart]] = panel
		bars[panel] = 0
		if (family in things)
			title_of[panel] = grouped(number) " " things[name]
		else if (family != "memory")
			title_of[panel] = length_of($5)
	}
	add_bar(panel, family == "memory" ? substr($3, 8) : $4 ($6 > 1 ? " ×" $6 : ""), $7, $9,
		$4 ~ /^ipcbox/ ? "own" : $4 ~ /^(eventfd|futex)$/ ? "floor" : "peer")
}

# Kept in order, the shortest first.
function add_bar(panel, label, value, spread, kind,   i)
{
	for (i = ++bars[panel]; i > 1 && bar_value[panel, i - 1] > value; i--) {
		bar_label[panel, i] = bar_label[panel, i - 1]
		bar_value[panel, i] = bar_value[panel, i - 1]
		bar_spread[panel, i] = bar_spread[panel, i - 1]
		bar_kind[panel, i] = bar_kind[panel, i - 1]
	}
	bar_label[panel, i] = label
	bar_value[panel, i] = value + 0
	bar_spread[panel, i] = spread
	bar_kind[panel, i] = kind
	if (value + 0 > longest[panel])
		longest[panel] = value + 0
}

function grouped(number,   text)
{
	text = sprintf("%d", number)
	while (match(text, /[0-9][0-9][0-9][0-9](,|$)/))
		text = substr(text, 1, RSTART) "," substr(text, RSTART + 1)
	return text
}

function length_of(bytes)
{
	return bytes >= 1024 && bytes % 1024 == 0 ? bytes / 1024 " KiB" : bytes " bytes"
}

# Three digits.
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

function put(text)
{
	print text >file
}

function text_at(x, y, class, text,   anchor)
{
	put(sprintf("<text x=\"%d\" y=\"%d\" class=\"%s\"%s>%s</text>", x, y, class,
		anchor ? " text-anchor=\"" anchor "\"" : "", text))
}

# Of its own background, so that it can be read wherever it is shown.
function put_style()
{
	put("<style>")
	put("text { font: 12px system-ui, sans-serif; fill: #1f2328 }")
	put(".title { font-size: 15px; font-weight: 600 } .panel { font-weight: 600 }")
	put(".note { fill: #59636e } .label { text-anchor: end }")
	put(".back { fill: #ffffff; stroke: #d1d9e0 }")
	put(".own { fill: #0969da } .peer { fill: #9aa4ae }")
	put(".floor { fill: #ffffff; stroke: #6e7781; stroke-dasharray: 3 2 }")
	put("@media (prefers-color-scheme: dark) {")
	put("text { fill: #f0f6fc } .note { fill: #9198a1 }")
	put(".back { fill: #0d1117; stroke: #3d444d }")
	put(".own { fill: #4493f8 } .peer { fill: #656c76 }")
	put(".floor { fill: #0d1117; stroke: #9198a1 }")
	put("}")
	put("</style>")
}

function put_panel(panel, x, y, room, scale,   i, wide, at, spread)
{
	text_at(x + labels + 6, y + 13, "panel", title_of[panel])
	for (i = 1; i <= bars[panel]; i++) {
		at = y + head + (i - 1) * row
		wide = scale ? bar_value[panel, i] / scale * room : 0
		spread = bar_spread[panel, i] + 0
		text_at(x + labels, at + 10, "label", bar_label[panel, i])
		put(sprintf("<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"11\" class=\"%s\"/>",
			x + labels + 6, at, wide < 1 ? 1 : wide, bar_kind[panel, i]))
		text_at(x + labels + 11 + wide, at + 10, "note", short(bar_value[panel, i]) \
			(spread >= 0.5 ? sprintf(" ±%.0f %%", spread / 2) : ""))
	}
}

function put_legend(y, kinds,   words, list, i, x, count)
{
	words["own"] = "ipcbox"
	words["peer"] = "what else there is"
	words["floor"] = "carries no payload: the floor"
	count = split("own peer floor", list, " ")
	x = labels + 26
	for (i = 1; i <= count; i++) {
		if (!(list[i] in kinds))
			continue
		put(sprintf("<rect x=\"%d\" y=\"%d\" width=\"11\" height=\"11\" class=\"%s\"/>", x, y,
			list[i]))
		text_at(x + 17, y + 10, "note", words[list[i]])
		x += 40 + 7 * length(words[list[i]])
	}
}

# What is counted in one chart of several panels has one scale, lengths have one each.
function draw(chart,   i, j, n, y, high, across, room, scale, most, title, panel, kinds, at)
{
	n = panels[chart]
	across = n > 1 ? columns : 1
	room = width / across - labels - values - 26
	for (i = 1; i <= n; i++) {
		panel = panel_of[chart, i]
		if (longest[panel] > most)
			most = longest[panel]
		for (j = 1; j <= bars[panel]; j++)
			kinds[bar_kind[panel, j]] = 1
	}
	y = top
	for (i = 1; i <= n; i += across) {
		at[i] = y
		high = 0
		for (j = i; j < i + across && j <= n; j++)
			if (bars[panel_of[chart, j]] > high)
				high = bars[panel_of[chart, j]]
		y += head + high * row + gap
	}
	file = dir "/" chart ".svg"
	title = titles[family_of[chart]]
	put(sprintf("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" " \
		"viewBox=\"0 0 %d %d\" role=\"img\">", width, y + foot, width, y + foot))
	put("<title>" title ", kernel " kernel[chart] "</title>")
	put_style()
	put(sprintf("<rect x=\"0.5\" y=\"0.5\" width=\"%d\" height=\"%d\" rx=\"6\" class=\"back\"/>",
		width - 1, y + foot - 1))
	text_at(20, 27, "title", title)
	text_at(20, 46, "note", unit[chart] (family_of[chart] == "memory" ? "" : " (" clock[chart] \
		" clock, median and spread of the rounds)") ", kernel " kernel[chart] "; less is better")
	for (i = 1; i <= n; i += across)
		for (j = i; j < i + across && j <= n; j++) {
			panel = panel_of[chart, j]
			scale = family_of[chart] in things ? most : longest[panel]
			put_panel(panel, (j - i) * width / across + 10, at[i], room, scale)
		}
	put_legend(y + 2, kinds)
	put("</svg>")
	close(file)
}

END {
	for (c = 1; c <= charts_count; c++)
		draw(charts[c])
}
