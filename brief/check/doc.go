// Package check holds a brief against its evidence, in code: prompts that ask
// for honesty do not give it.
//
// Brief takes the text apart line by line into atoms (atom.go: links, ids,
// tickets, people, dates, times, durations, numbers, versions, paths, commands,
// quotations) and looks each up in an Index that the same extraction made from
// the evidence (index.go, typed.go). Membership is not enough:
//
//   - A figure must be one of the same thing (figure.go, contest.go): of the host or service
//     that the line names, with the line's words beside it in the evidence, and
//     not with those of another figure. It may be a range (range.go), the time
//     between two moments (apart.go), an amount whose unit another says (elided.go),
//     or one of a stretch of time (window.go).
//   - The status line is the incident's own (head.go). What is said of an earlier
//     incident is that incident's (past.go, dated.go, nested.go), of a ticket that ticket's
//     (ticket.go, rank.go), of a person what that person wrote, did or is on call for
//     (speech.go, person.go, oncall.go), of now what is now (state.go), of what ran out when it did
//     (expiry.go).
//   - Counts are the counts of lists that were read whole (says.go); "none" needs
//     somebody who looked and found none (denial.go, nothing.go); a rollback needs a change of
//     the paged service.
//   - A sentence without figures and names is doubted when three quarters of its
//     words are in no evidence (prose.go). Opinions that say so are not judged.
//
// What the evidence does not carry is repaired when it has exactly one right
// value, marked at the end of its line when it matters, and removed with its
// line when it names an identifier, a link or a person that does not exist.
//
// # What is equal
//
// Two ways of saying the same are equal, within these limits:
//
//	a link                its address, without a last slash or punctuation
//	a name, a word        whatever its case and accents: Ines is Inês; karl or @karl is Karl Brandt
//	a digit               of any script and width: ８.４％ is 8.4%
//	a number, a percent   exact; with fewer decimals, the real one rounded: 8% is 8.4%, not 0% or 9%
//	                      1,460 is 1460, 9.8k is 9750 to 9850, 0.114 of a ratio is 11.4%
//	a size                half of its last digit, at most 10 %, and 5 % from unit to unit, for 1000 against
//	                      1024: 1 GB is 1Gi and 1000 MB, 500Mi is not 512Mi
//	a duration            rounded or cut to its smallest unit: "12 min" is 11 min 30 s to 12 min 59 s
//	                      90 s is 1 min 30 s, "two minutes" is 2 min, half an hour is 25 min to 35 min;
//	                      lag_seconds: 312 is 312 s
//	"ago"                 against the clock of the facts, within one unit or 10 %
//	"in 58 minutes"       forwards to a time of day less than 12 hours away, within one unit
//	a range               the real value lies in it: 10 to 15 minutes is 12 min; not when it ends at more
//	                      than four times where it begins
//	how far apart         half of its unit, between times that the line says, alerts, changes and incidents:
//	                      11 minutes before the first alert
//	a time of day         one minute, in UTC: 15:00 CET, 14:00Z, 2 PM UTC and 19:30+05:30 are one;
//	                      a zone that nobody knows is none; a time that the evidence has on
//	                      another day needs that day's date in its line
//	a unit left out       that of the amount behind it: 7 and 5 minutes, between 1:46 and 1:53 PM;
//	                      a limit without one takes that of the amount before it
//	a date                the day, and its year when it is named: Feb 15th, 15 February, 2026-02-15, 2月15日;
//	                      a month alone: one of its days
//	a number in words     from five on, before what is counted, a unit or "percent": seven restarts
//	a count               in digits or words, ordinal or not, singular or plural: third, 3rd, three times
//	a status              whatever its case; open is any that is not done, closed and done are one
//	a quotation           its words; marks between them may differ
//	a command             letter by letter but for white space and case, with the placeholders of a
//	                      runbook filled in by words that the evidence has
//	a ticket's summary    half of its words are the ticket's, and all names in it
//	what somebody said    two of five of its words are theirs
//	an earlier incident   half of the words that are said of it, or all but one, are its
//	a sentence            without figures and names: a quarter of its words, or all but two, are in the evidence
//
// # Directions and owners
//
// Which way a thing went (course.go, moments.go, became.go) is judged where typed moments tell it
// (before or after an alert, since or until, today or yesterday, one instant in two
// zones), and where the evidence has the opposite word between the same words and never
// the word itself. Whose a thing is (whose.go) is judged with and without a verb, where
// every record of it that names somebody names others. An item below an earlier
// incident, in a list, is about that incident.
//
// # What is not judged
//
// A direction, a "not" or an owner of which the evidence says nothing. Parts in words
// ("four out of ten", "the other three"), a number in words without what it counts ("we
// are at seven"), months and weeks by halves, "a" and "one" before a unit but in "ago" and
// "apart". Who began a thread. One common word in the place of another ("the nightly
// backup"), and whether something is up or down. What follows from figures by reckoning
// ("nearly 400 a minute") is marked, since nobody has said it.
//
// # Other languages
//
// A brief in German, Spanish, French, Portuguese, Italian or Dutch (tongue.go) is read
// with its dates, figures and common words in English: 18. Juli 2024 is 2024-07-18,
// 1.460 is 1460 and 0,4 % is 0.4 %, "vor 6 Minuten" is 6 minutes ago, 14 Uhr MEZ is
// 14:00 CET. Its figures, days, names and commands are held against the evidence, of
// which one in the cited item is enough; what compares words with words is not asked.
// A claim is marked in it and never repaired. Of other languages the figures are
// looked up as they stand, with units in Japanese and Russian.
//
// Pure functions on values, on either side of the workflow line; the only clock
// is the one in the facts.
package check
