package slack

import (
	"fmt"
	"strings"

	api "github.com/slack-go/slack"
)

// frame is what stands around a body, in its first message.
type frame struct{ head, foot []api.Block }

// sheet is what one message holds of a body.
type sheet struct {
	blocks []api.Block
	titles []string // of the sections that begin in it
	size   int
}

// pages packs pieces into at most parts messages, each within Slack's limits, and
// the first one with room for the frame. The last one says what was left out.
func pages(pieces []piece, around frame, parts int) []sheet {
	p := packer{parts: parts, frame: around}
	for i, one := range pieces {
		if !p.add(one) {
			size, titles := 0, []string(nil)
			for _, left := range pieces[i:] {
				size += left.size
				titles = append(titles, left.heading)
			}
			p.endBlock()
			p.page.blocks = append(p.page.blocks, cutNote(size, titles...))
			break
		}
	}
	p.endPage()
	if len(p.pages) == 0 {
		p.pages = []sheet{{}}
	}
	first := &p.pages[0]
	first.blocks = append(append(append([]api.Block{}, around.head...), first.blocks...), around.foot...)
	return p.pages
}

type packer struct {
	parts int
	frame frame
	pages []sheet
	page  sheet
	block []api.RichTextElement
	room  int // left in the block
}

// add reports whether there was room.
func (p *packer) add(one piece) bool {
	if !p.fits(one) {
		if len(p.pages) == p.parts-1 {
			return false
		}
		p.endPage()
	}
	if one.heading != "" {
		p.page.titles = append(p.page.titles, one.heading)
	}
	if one.heading != "" || one.size > p.room {
		p.endBlock()
	}
	p.block = append(p.block, one.element)
	p.page.size += one.size
	p.room -= one.size
	return true
}

func (p *packer) fits(one piece) bool {
	room, blocks := maxBody, maxBlocks-3 // one for the block under way, one for the note, one for buttons
	if len(p.pages) == 0 {
		room = min(room, maxMessage-noteRoom-blocksWeight(p.frame.head)-blocksWeight(p.frame.foot))
		blocks -= len(p.frame.head) + len(p.frame.foot)
	}
	return p.page.size+one.size <= room && len(p.page.blocks) < blocks
}

func (p *packer) endBlock() {
	if len(p.block) > 0 {
		p.page.blocks = append(p.page.blocks, api.NewRichTextBlock("", p.block...))
	}
	p.block, p.room = nil, maxSection
}

func (p *packer) endPage() {
	p.endBlock()
	if len(p.page.blocks) > 0 {
		p.pages = append(p.pages, p.page)
	}
	p.page = sheet{}
}

// namedSections is how many sections the note of what was left out names.
const namedSections = 5

// cutNote is the last line of a message that leaves something out: how much, and
// which sections.
func cutNote(left int, sections ...string) api.Block {
	var names []string
	for _, s := range sections {
		if s = line(s, 60); s != "" && len(names) < namedSections {
			names = append(names, s)
		}
	}
	what := fmt.Sprintf("%d characters more were left out", left)
	if len(names) > 0 {
		what += " (" + strings.Join(names, ", ") + ")"
	}
	return api.NewRichTextBlock("", api.NewRichTextSection(elements(with(span{italic: true}, what+": the review has them in Temporal."))...))
}
