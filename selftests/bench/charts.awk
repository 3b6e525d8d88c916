# SPDX-License-Identifier: GPL-2.0
#
# awk -v dir=DIR -f numbers.awk -f charts.awk results.csv - a chart of each case, kernel
# and clock, as DIR/CASE-KERNEL-CLOCK.svg: bars, the shortest first, in a panel for each
# length of the messages, or for how much there is of what the case counts.

BEGIN {
	FS = ","
	width = 840; row = 17; head = 28; gap = 14; top = 58; foot = 30
	labels = 138; values = 104
	titles["rtt"] = "A request and its reply between two processes"
	titles["stream"] = "A message from one process to another"
	titles["fanin"] = "A message from four processes to one"
	titles["work"] = "A message from one process to four"
	titles["ports"] = "A send and a receive among other ports"
	titles["depth"] = "A send and a receive while messages wait"
	titles["waiters"] = "A round trip while others are asleep for it"
	titles["memory"] = "What is kept in the kernel for each"
	titles["hostile"] = "Beside another that does its worst"
	titles["repair"] = "A process that writes is killed: until others go on"
	things["ports"] = "other ports"
	things["depth"] = "of one priority"
	things["depth-many"] = "of many priorities"
	things["waiters"] = "asleep"
	things["repair"] = "messages behind"
	things["hostile-receive"] = "watches"
	things["hostile-exit"] = "watches or sleepers: exit"
	things["hostile-wait"] = "sleepers: a wait of 10 ms"
	things["hostile-close"] = "calls in service: a close"
	words["own"] = "ipcbox"
	words["peer"] = "what else there is"
	words["floor"] = "carries no payload: the floor"
}

FNR == 1 || $4 ~ /-notrace$/ { next }

{
	family = case_of($3)
	chart = family "-" $1 "-" $2
	if (!(chart in panels)) {
		charts[++charts_count] = chart
		family_of[chart] = family; kernel[chart] = $1; clock[chart] = $2; unit[chart] = $8
	}
	panel = chart SUBSEP (number_of($3) != "" ? $3 : family == "memory" ? "" : $5)
	if (!(panel in bars)) {
		panel_of[chart, ++panels[chart]] = panel
		if (number_of($3) != "")
			title_of[panel] = grouped(number_of($3)) " " things[sort_of($3)]
		else if (family != "memory")
			title_of[panel] = length_of($5)
	}
	add_bar(panel, family == "memory" ? substr($3, 8) : $4 ($6 > 1 ? " ×" $6 : ""), $7, $9,
		kind_of($4))
}

# Kept in order, the shortest first.
function add_bar(panel, label, value, spread, kind,   i)
{
	for (i = ++bars[panel]; i > 1 && bar_value[panel, i - 1] > value + 0; i--) {
		bar_label[panel, i] = bar_label[panel, i - 1]
		bar_value[panel, i] = bar_value[panel, i - 1]
		bar_spread[panel, i] = bar_spread[panel, i - 1]
		bar_kind[panel, i] = bar_kind[panel, i - 1]
	}
	bar_label[panel, i] = label
	bar_value[panel, i] = value + 0
	bar_spread[panel, i] = spread + 0
	bar_kind[panel, i] = kind
	if (value + 0 > longest[panel])
		longest[panel] = value + 0
}

function put(text)
{
	print text >file
}

function put_text(x, y, class, text)
{
	put(sprintf("<text x=\"%d\" y=\"%d\" class=\"%s\">%s</text>", x, y, class, text))
}

function put_box(x, y, wide, class)
{
	put(sprintf("<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"11\" class=\"%s\"/>", x, y,
		wide, class))
}

# With a background of its own, so that it can be read wherever it is shown.
function put_head(high, title)
{
	put(sprintf("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" " \
		"viewBox=\"0 0 %d %d\" role=\"img\">", width, high, width, high))
	put("<title>" title "</title>")
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
	put(sprintf("<rect x=\"0.5\" y=\"0.5\" width=\"%d\" height=\"%d\" rx=\"6\" class=\"back\"/>",
		width - 1, high - 1))
}

function put_panel(panel, x, y, room, scale,   i, wide, at, spread)
{
	put_text(x + labels + 6, y + 13, "panel", title_of[panel])
	for (i = 1; i <= bars[panel]; i++) {
		at = y + head + (i - 1) * row
		wide = scale ? bar_value[panel, i] / scale * room : 0
		spread = bar_spread[panel, i]
		put_text(x + labels, at + 10, "label", bar_label[panel, i])
		put_box(x + labels + 6, at, wide < 1 ? 1 : wide, bar_kind[panel, i])
		put_text(x + labels + 11 + wide, at + 10, "note", short(bar_value[panel, i]) \
			(spread >= 1 ? sprintf(" (%.0f %%)", spread) : ""))
	}
}

function put_legend(y, kinds,   list, i, x, count)
{
	count = split("own peer floor", list, " ")
	x = labels + 16
	for (i = 1; i <= count; i++) {
		if (!(list[i] in kinds))
			continue
		put_box(x, y, 11, list[i])
		put_text(x + 17, y + 10, "note", words[list[i]])
		x += 40 + 7 * length(words[list[i]])
	}
}

# The highest panel of a row of them.
function rows_in(chart, first, across,   i, panel, most)
{
	for (i = first; i < first + across && i <= panels[chart]; i++) {
		panel = panel_of[chart, i]
		if (bars[panel] > most)
			most = bars[panel]
	}
	return most
}

function note_of(chart,   counted)
{
	counted = family_of[chart] == "memory" ? unit[chart] : \
		clock[chart] == "instructions" ? "instructions" : unit[chart] ", " clock[chart] " clock"
	return counted ", kernel " kernel[chart] "; less is better; in brackets how far the rounds lie apart"
}

# Where the panels count something they have one scale, where they are lengths one each.
function draw(chart,   i, j, n, y, across, scale, most, panel, kinds, at)
{
	n = panels[chart]
	across = n > 1 ? 2 : 1
	for (i = 1; i <= n; i++) {
		panel = panel_of[chart, i]
		if (longest[panel] > most)
			most = longest[panel]
		for (j = 1; j <= bars[panel]; j++)
			kinds[bar_kind[panel, j]] = 1
	}
	for (i = 1; i <= n; i += across) {
		at[i] = top + y
		y += head + rows_in(chart, i, across) * row + gap
	}
	file = dir "/" chart ".svg"
	put_head(top + y + foot, titles[family_of[chart]] ", kernel " kernel[chart])
	put_text(20, 27, "title", titles[family_of[chart]])
	put_text(20, 46, "note", note_of(chart))
	for (i = 1; i <= n; i++) {
		panel = panel_of[chart, i]
		scale = family_of[chart] in things ? most : longest[panel]
		j = (i - 1) % across
		put_panel(panel, j * width / across + 10, at[i - j],
			width / across - labels - values - 26, scale)
	}
	put_legend(top + y + 2, kinds)
	put("</svg>")
	close(file)
}

END {
	for (c = 1; c <= charts_count; c++)
		draw(charts[c])
}
