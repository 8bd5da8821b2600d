package check

import (
	"regexp"
	"strings"
)

// opinion are words by which a line says that it is one, and speech that is
// addressed to the reader.
var opinion = regexp.MustCompile(`(?i)\b(?:likely|probabl[ey]|possibl[ey]|perhaps|maybe|may|might|could|suspect\w*|seems?|appears?|guess\w*|assum\w*|hypothes\w*|confidence|unclear|unknown|not known|looks like|if|whether|ruled out|opinion)\b`)

var judged = regexp.MustCompile(`happen|what we know|symptom|observ|summary|details|situation|impact|evidence|facts|timeline|history|cause|overview`)

// prose marks a sentence of what is said to be observed when three
// quarters of its words are in no evidence at all. What has figures and names is judged by these; this is for
// what has none.
func (p *pass) prose(line string) {
	bare := plain(line)
	if p.absence || p.foreign || !judged.MatchString(p.section) || p.section == "" || headingLine.MatchString(line) || opinion.MatchString(bare) {
		return
	}
	for _, a := range p.atoms(bare) {
		if figures[a.Kind] {
			return
		}
	}
	missing, all := 0, 0
	for _, w := range words(bare) {
		if w.stem == "" || ordinary[w.stem] {
			continue
		}
		all++
		if !p.x.stems[w.stem] && !p.x.saysWords(strings.ToLower(bare[w.start:w.end])) {
			missing++
		}
	}
	if missing >= 3 && 4*(all-missing) <= all {
		p.doubt(line, Quote, "nothing of this was read")
	}
}

// ordinary are words with which anything is told.
var ordinary = wordSet(`root ha incident servic problem issu alert user custom peopl call answer reach fail error work affect becom found sourc team
	high low new old first second third last long short minut hour second day week month tim level pattern similar happen question text order instruct messag field pag titl channel follow giv ask read writ wrote`)
