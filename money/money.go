// Package money counts what a review costs, in millionths of a US dollar, so
// that sums are exact and ceilings hold. It is a leaf without I/O, safe on both
// sides of the workflow line.
package money

import (
	"fmt"
	"math"
)

// USD is an amount of money. The zero value is exactly nothing. An amount that
// could not be computed because a price is not known is Unknown: Micro is then
// what ceilings count for it, and people are shown "unknown".
type USD struct {
	Micro   int64 `json:"micro"`             // millionths of a dollar
	Unknown bool  `json:"unknown,omitempty"` // some part of it has no known price
}

// Unknown is the cost of something whose price nobody wrote down.
var Unknown = USD{Unknown: true}

// Dollars turns a number of dollars into an amount, rounded up to the next
// millionth so that rounding never hides money. NaN and infinities are Unknown.
func Dollars(d float64) USD {
	if math.IsNaN(d) || math.IsInf(d, 0) {
		return Unknown
	}
	return USD{Micro: int64(math.Ceil(d*1e6 - 1e-6))}
}

// Add returns the sum; it is unknown when either part is.
func (a USD) Add(b USD) USD {
	return USD{Micro: a.Micro + b.Micro, Unknown: a.Unknown || b.Unknown}
}

// Float returns the amount in dollars, for metrics and display only.
func (a USD) Float() float64 { return float64(a.Micro) / 1e6 }

// String shows the amount to a person: "$0.65", "$0.0042", "unknown".
func (a USD) String() string {
	switch {
	case a.Unknown:
		return "unknown"
	case a.Micro != 0 && a.Micro < 10_000 && a.Micro > -10_000:
		return fmt.Sprintf("$%.4f", a.Float())
	default:
		return fmt.Sprintf("$%.2f", a.Float())
	}
}
