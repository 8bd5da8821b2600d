package atlassian

import "strings"

// Bounds on what a table may grow to. Spans are set by the document; tables
// nest, so text that is repeated grows with every level.
const (
	maxColumns  = 40
	maxRepeated = 200 // bytes of a cell that is repeated below
)

// cell is one cell of a table.
type cell struct {
	blocks     []block
	header     bool
	cols, rows int // spans, 0 and 1 alike mean none
}

// table shows rows as a pipe table, or as a list of rows when a cell cannot
// stand in one without changing its letters: code, or a "|" as in "ps | grep".
func table(rows [][]cell) []block {
	rows = spread(rows)
	if len(rows) == 0 {
		return nil
	}
	var names []string
	if headerRow(rows[0]) {
		for _, c := range rows[0] {
			names = append(names, oneLine(joinBlocks(c.blocks)))
		}
		rows = rows[1:]
	}
	if fitsPipes(rows, names) {
		return pipeTable(names, rows)
	}
	return rowList(names, rows)
}

// spread gives every row the same cells: a colspan is followed by empty ones,
// a short cell with a rowspan is repeated below, since each row is read by
// itself.
func spread(rows [][]cell) [][]cell {
	below := map[int]cell{} // column → cell that reaches down
	var out [][]cell
	for _, row := range rows {
		var full []cell
		for _, c := range row {
			full = place(reachDown(full, below), c, below)
		}
		if full = reachDown(full, below); joinRow(full) != "" {
			out = append(out, full)
		}
	}
	return out
}

// reachDown adds the cells that reach into the next columns from above.
func reachDown(full []cell, below map[int]cell) []cell {
	for {
		c, ok := below[len(full)]
		if !ok {
			return full
		}
		delete(below, len(full))
		full = place(full, c, below)
	}
}

// place adds a cell with its columns and notes what reaches into the row below.
func place(full []cell, c cell, below map[int]cell) []cell {
	if c.rows > 1 && len(full) < maxColumns {
		down := cell{header: c.header, cols: c.cols, rows: c.rows - 1}
		if text := joinBlocks(c.blocks); len(text) <= maxRepeated && !strings.Contains(text, "```") {
			down.blocks = c.blocks
		}
		below[len(full)] = down
	}
	full = append(full, c)
	for i := 1; i < c.cols && len(full) < maxColumns; i++ {
		full = append(full, cell{header: c.header})
	}
	return full
}

func joinRow(row []cell) string {
	var b strings.Builder
	for _, c := range row {
		b.WriteString(joinBlocks(c.blocks))
	}
	return b.String()
}

func headerRow(row []cell) bool {
	for _, c := range row {
		if !c.header {
			return false
		}
	}
	return true
}

func fitsPipes(rows [][]cell, names []string) bool {
	if strings.Contains(strings.Join(names, ""), "|") {
		return false
	}
	for _, row := range rows {
		if len(row) > maxColumns || strings.Contains(joinRow(row), "|") {
			return false
		}
		for _, c := range row {
			for _, b := range c.blocks {
				if b.fence {
					return false
				}
			}
		}
	}
	return true
}

func pipeTable(names []string, rows [][]cell) []block {
	width := len(names)
	for _, row := range rows {
		width = max(width, len(row))
	}
	lines := []string{pipeRow(names, width), "|" + strings.Repeat("---|", width)}
	for _, row := range rows {
		texts := make([]string, 0, len(row))
		for _, c := range row {
			texts = append(texts, strings.ReplaceAll(joinBlocks(tightText(c.blocks)), "\n", "<br>"))
		}
		lines = append(lines, pipeRow(texts, width))
	}
	return []block{{text: strings.Join(lines, "\n")}}
}

func pipeRow(texts []string, width int) string {
	var b strings.Builder
	b.WriteString("|")
	for i := range width {
		text := ""
		if i < len(texts) {
			text = strings.TrimSpace(texts[i])
		}
		b.WriteString(" " + text + " |")
	}
	return b.String()
}

// rowList shows each row as a list item with "name: text" parts.
func rowList(names []string, rows [][]cell) []block {
	if len(rows) == 0 { // only a header, with a "|" in it
		return []block{{text: strings.Join(names, ", ")}}
	}
	var out []block
	for _, row := range rows {
		var parts []block
		for i, c := range row {
			if joinBlocks(c.blocks) == "" {
				continue
			}
			if i < len(names) && names[i] != "" {
				parts = append(parts, withLabel(names[i], c.blocks)...)
			} else {
				parts = append(parts, c.blocks...)
			}
		}
		out = append(out, listItem("- ", tightText(parts))...)
	}
	return out
}

// tightText lets the texts of a row stand on following lines; code stays code.
func tightText(blocks []block) []block {
	out := make([]block, len(blocks))
	for i, b := range blocks {
		out[i] = block{text: b.text, fence: b.fence, item: !b.fence}
	}
	return out
}
