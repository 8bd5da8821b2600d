package slack

import (
	"fmt"

	api "github.com/slack-go/slack"
)

// pages packs pieces into blocks and blocks into pages, each within Slack's
// limits. What does not fit into maxParts pages is counted in left.
func pages(pieces []piece) (out [][]api.Block, left int) {
	p := packer{}
	for _, one := range pieces {
		p.add(one)
	}
	p.endPage()
	if len(p.pages) <= maxParts {
		return p.pages, 0
	}
	for _, size := range p.sizes[maxParts:] {
		left += size
	}
	return p.pages[:maxParts], left
}

type packer struct {
	pages [][]api.Block
	sizes []int
	page  []api.Block
	block []api.RichTextElement
	size  int // characters of the page
	room  int // characters left in the block
}

func (p *packer) add(one piece) {
	if p.size+one.size > maxBody || len(p.page) >= bodyBlocks {
		p.endPage()
	}
	if one.heading || one.size > p.room {
		p.endBlock()
	}
	p.block = append(p.block, one.element)
	p.size += one.size
	p.room -= one.size
}

func (p *packer) endBlock() {
	if len(p.block) > 0 {
		p.page = append(p.page, api.NewRichTextBlock("", p.block...))
	}
	p.block, p.room = nil, maxSection
}

func (p *packer) endPage() {
	p.endBlock()
	if len(p.page) > 0 {
		p.pages, p.sizes = append(p.pages, p.page), append(p.sizes, p.size)
	}
	p.page, p.size = nil, 0
}

// cutNote is the last line of a message that leaves something out.
func cutNote(left int) api.Block {
	return api.NewRichTextBlock("", api.NewRichTextSection(elements(with(span{italic: true},
		fmt.Sprintf("%d characters more were left out: the review has them in Temporal.", left)))...))
}
